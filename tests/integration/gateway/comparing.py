"""Photos that are through, and a reconciler that compares bucket and table."""

from typing import Any

from services.gateway.reconciling import DAY_S, Reconciler, Report
from shared.object_store import image_object_key
from shared.records import ImageRecord, Status, StoredImage
from tests.integration.gateway.back_office import OBJECTS, BackOffice


def reconciler(office: BackOffice, *, mend: bool = False, **changes: Any) -> Reconciler:
    return Reconciler(
        office.items,
        office.records,
        changes.pop("objects", office.objects),
        office.purger,
        mend=mend,
        clock=office.clock,
        **changes,
    )


async def compared(office: BackOffice, *, days: float = 1.1, mend: bool = False) -> Report:
    """What is found when everything is that many days older."""
    office.clock.now += days * DAY_S
    return await reconciler(office, mend=mend).run()


async def completed(office: BackOffice, user: str = "ana", **changes: Any) -> ImageRecord:
    """A photo that is through, its three objects stored and its upload gone."""
    record = office.new_record(user)
    keys = {name: image_object_key(user, record.image_id, name) for name in OBJECTS}
    for key in keys.values():
        await office.put(key)
    original, thumbnail, model_input = (
        StoredImage(key=key, content_type="image/jpeg", bytes=6, width=4, height=3)
        for key in keys.values()
    )
    parts = {"original": original, "thumbnail": thumbnail, "model_input": model_input}
    values = {"status": Status.COMPLETED, "check_at": None, **parts, **changes}
    record = record.model_copy(update=values)
    await office.records.create(record)
    return record


def ids(found: list[tuple[str, str]]) -> list[str]:
    return [image_id for _, image_id in found]


def differences(report: Report) -> tuple[int, int, int, int]:
    return (
        report.orphans.count,
        report.incomplete.count,
        report.stale_uploads.count,
        report.strange_keys,
    )
