"""Photos with degraded captions, captioners that report, and sweepers that upgrade."""

import time
from typing import Any

from services.gateway.restarts import Restarts
from services.gateway.upgrades import UpgradeBudget, Upgrades
from shared.contracts import ImageIngested
from shared.hops import message_of
from shared.leases import Claim
from shared.provider_health import ProcessReport, ProviderReport, write_report
from shared.publisher import Publisher
from shared.records import CaptionResult, ImageRecord, Provider, Status, StoredImage
from tests.integration.gateway.back_office import BackOffice

MODEL_INPUT = StoredImage(key="m", content_type="image/jpeg", bytes=1, width=4, height=3)
PAUSE_S = 5.0


def provider_of(name: str = "bedrock", **changes: Any) -> ProviderReport:
    values = {"name": name, "model": "m", "circuit": "closed", "tries": 0, "answered": 0}
    return ProviderReport.model_validate(values | {"latency": ()} | changes)


async def report(office: BackOffice, process: str = "p", **changes: Any) -> None:
    providers = (provider_of(**changes), provider_of("local"))
    await write_report(office.items, process, ProcessReport(at=time.time(), providers=providers))


def captions(name: str = "local", *, degraded: bool = True) -> CaptionResult:
    return CaptionResult(
        concise=f"By {name}",
        creative=f"A cat, by {name}.",
        alt_text="A cat",
        language="en",
        provider=Provider(name=name, model="m", degraded=degraded),
    )


async def claimed(office: BackOffice, record: ImageRecord) -> Claim:
    message = message_of(record)
    assert isinstance(message, ImageIngested)
    claim = await office.leases.claim(message, Status.CAPTIONING)
    assert isinstance(claim, Claim)
    return claim


async def waiting(office: BackOffice, user: str = "ana", **changes: Any) -> ImageRecord:
    """A photo that a lesser provider captioned just now."""
    values: dict[str, Any] = {"status": Status.CAPTIONING, "model_input": MODEL_INPUT}
    record = office.new_record(user, **values | changes)
    await office.records.create(record)
    claim = await claimed(office, record)
    return await office.leases.finish_caption(claim, captions(), upgradable=True)


async def upgrades(office: BackOffice, *, limit: int = 100) -> Upgrades:
    enter = office.stack.enter_async_context
    publisher = await enter(Publisher(office.aws.sqs, office.caption_url))
    return Upgrades(
        office.items,
        office.records,
        Restarts(
            office.records, office.objects, {Status.CAPTIONING: publisher}, clock=office.clock
        ),
        UpgradeBudget(office.items, limit=limit, pause=PAUSE_S, clock=office.clock),
        clock=office.clock,
    )


async def upgrading(office: BackOffice, **changes: Any) -> ImageRecord:
    """A photo whose upgrade has just begun."""
    await waiting(office, **changes)
    await report(office)
    office.clock.now += 60
    begun = await (await upgrades(office)).step()
    assert begun is not None
    return begun
