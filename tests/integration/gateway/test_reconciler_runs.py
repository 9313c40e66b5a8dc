"""The comparison as it is run: by one sweeper a night, by hand or as a task, and what it logs."""

import asyncio
import json
import os
import sys
from typing import Any

import pytest

from services.gateway.nightly import LEASE_S, NightShift, log_report, run_nightly
from services.gateway.reconciling import DAY_S, EXAMPLES, Report
from shared.errors import StaleRecord
from shared.object_store import ObjectStore, image_object_key
from tests.deadlines import until
from tests.integration.gateway.back_office import OBJECTS, BackOffice
from tests.integration.gateway.comparing import completed, reconciler

# The bucket has the machine's clock.
pytestmark = pytest.mark.usefixtures("machine_clock")


async def test_of_many_sweepers_one_compares_in_a_night(office: BackOffice) -> None:
    ran: list[int] = []
    stop = asyncio.Event()

    async def sweeper(number: int) -> None:
        shift = NightShift(office.items, clock=office.clock)

        async def compare() -> Report:
            ran.append(number)
            return await reconciler(office, went_on=shift.extend).run()

        await run_nightly(shift, compare, stop, at="03:00", look=0.01)

    office.clock.now -= office.clock.now % DAY_S - 3 * 3600 - 60  # 03:01 of a night
    sweepers = [asyncio.create_task(sweeper(number)) for number in range(5)]
    await until(lambda: len(ran) == 1)
    office.clock.now += DAY_S
    await until(lambda: len(ran) == 2)
    office.clock.now += 12 * 3600
    await asyncio.sleep(0.1)
    stop.set()
    await asyncio.gather(*sweepers)

    assert len(ran) == 2


async def test_a_comparison_keeps_its_night_while_it_looks_for_what_many_records_lack(
    office: BackOffice,
) -> None:
    records = [await completed(office) for _ in range(4)]
    for record in records[:-1]:
        await office.objects.remove_image("ana", record.image_id)
    shift, other = (NightShift(office.items, clock=office.clock) for _ in range(2))
    taken = []

    class Slow(ObjectStore):
        async def newest(self, key: str) -> str | None:
            office.clock.now += LEASE_S - 10
            taken.append(await other.take("2026-11-23"))
            return await ObjectStore.newest(self, key)

    assert await shift.take("2026-11-23")
    slow = Slow(office.aws.s3, office.bucket)
    report = await reconciler(office, objects=slow, went_on=shift.extend).run()

    assert report.incomplete.count == 3
    assert taken == [False] * 3


async def test_a_comparison_whose_sweeper_died_is_taken_over_and_the_slow_one_stops(
    office: BackOffice,
) -> None:
    dead, other = (NightShift(office.items, clock=office.clock) for _ in range(2))
    assert await dead.take("2026-11-23")
    assert not await other.take("2026-11-23")
    office.clock.now += LEASE_S - 1
    await dead.extend()
    office.clock.now += LEASE_S - 1
    assert not await other.take("2026-11-23")
    # Nor is one that takes more than a day cut off, and never done.
    assert not await other.take("2026-11-24")
    office.clock.now += 2

    assert await other.take("2026-11-23")

    office.clock.now += 61
    with pytest.raises(StaleRecord):
        await dead.extend()
    await other.finish()
    office.clock.now += 10 * LEASE_S
    assert not await dead.take("2026-11-23")
    assert await dead.take("2026-11-24")


async def test_the_log_has_counts_and_few_ids_and_no_user(
    office: BackOffice, caplog: pytest.LogCaptureFixture
) -> None:
    report = Report()
    for number in range(1000):
        report.orphans.add("ana@example.org", f"id-{number}")

    with caplog.at_level("INFO"):
        log_report(report)

    [line] = caplog.records
    said = vars(line)
    assert (line.message, said["orphans"]) == ("reconciled", 1000)
    assert len(said["orphan_ids"]) == EXAMPLES
    assert "example.org" not in str(said)


async def printed_by_hand(office: BackOffice, endpoint: str, *options: str) -> list[dict[str, Any]]:
    """Each line that the command prints, as JSON."""
    environment = {
        "AWS_ENDPOINT_URL": endpoint,
        "GATEWAY_IMAGES_BUCKET": office.bucket,
        "GATEWAY_RECORDS_TABLE": office.table,
        "GATEWAY_INGEST_QUEUE_URL": office.ingest_url,
        "GATEWAY_CAPTION_QUEUE_URL": office.caption_url,
        "GATEWAY_USER_HASH_KEY": "h" * 32,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.gateway.reconciler", *options),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return [json.loads(line) for line in printed.splitlines()]


async def test_by_hand_it_prints_its_report_and_mends_nothing_that_is_young(
    office: BackOffice, ministack: str
) -> None:
    orphan = office.new_record()
    await office.put(image_object_key("ana", orphan.image_id, "original.jpg"))

    [report] = await printed_by_hand(office, ministack, "--mend")

    assert (report["images"], report["orphans"], report["removed"]) == (1, 0, 0)
    assert len(await office.versions()) == 1


async def test_as_a_task_it_logs_one_event_that_names_no_user(
    office: BackOffice, ministack: str
) -> None:
    user = "ana@example.org"
    record = await completed(office, user)
    await office.objects.delete_versions(image_object_key(user, record.image_id, OBJECTS[0]))

    lines = await printed_by_hand(office, ministack, "--log")

    [event] = [line for line in lines if line["event"] == "reconciled"]
    assert (event["service"], event["incomplete_ids"]) == ("reconciler", [record.image_id])
    assert "example.org" not in str(lines)
