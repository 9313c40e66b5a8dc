"""One poller wakes who has news, ends who has none, and asks once for all."""

import asyncio
from dataclasses import dataclass, field

from services.gateway.waiting import Key, Poller
from shared.errors import DependencyUnavailable
from shared.records import ImageRecord, Status
from tests.deadlines import until

QUICK = (0.01, 0.02, 0.04, 0.08, 0.2, 0.4, 0.8)  # seconds


def record(image_id: str, *, version: int = 1, status: Status = Status.QUEUED) -> ImageRecord:
    return ImageRecord(
        user_id="ana",
        image_id=image_id,
        status=status,
        version=version,
        job="j",
        ttl=4_000_000_000,
        timestamp="t",
        updated_at="t",
        hop_started_at="t",
        upload_key="k",
    )


@dataclass
class FakeRecords:
    """Records in memory, and every call made for them."""

    stored: dict[Key, ImageRecord] = field(default_factory=dict)
    calls: list[list[Key]] = field(default_factory=list)
    failures: int = 0

    def put(self, *records: ImageRecord) -> None:
        for each in records:
            self.stored[each.user_id, each.image_id] = each

    async def get_many(self, ids: list[Key]) -> dict[Key, ImageRecord]:
        self.calls.append(ids)
        if self.failures:
            self.failures -= 1
            raise DependencyUnavailable("dynamodb")
        return {key: self.stored[key] for key in ids if key in self.stored}


async def test_newer_version_ends_the_wait() -> None:
    records = FakeRecords()
    async with Poller(records, schedule=QUICK) as poller:
        waiting = asyncio.create_task(poller.wait(record("a"), known=1, limit=5))
        await until(lambda: records.calls)

        records.put(record("a", version=2))

        assert await waiting == record("a", version=2)


async def test_without_a_known_version_only_the_end_counts() -> None:
    records = FakeRecords()
    records.put(record("a", version=2, status=Status.INGESTING))
    async with Poller(records, schedule=QUICK) as poller:
        waiting = asyncio.create_task(poller.wait(record("a"), known=None, limit=5))
        await until(lambda: len(records.calls) > 1)
        assert not waiting.done()

        done = record("a", version=4, status=Status.COMPLETED)
        records.put(done)

        assert await waiting == done


async def test_news_at_hand_are_not_waited_for() -> None:
    records = FakeRecords()
    async with Poller(records, schedule=QUICK) as poller:
        done = record("a", status=Status.FAILED)

        assert await poller.wait(done, known=None, limit=5) is done
        assert records.calls == []


async def test_wait_without_news_ends_with_a_last_look() -> None:
    records = FakeRecords()
    records.put(record("a"))
    async with Poller(records, schedule=(0.01,)) as poller:
        assert await poller.wait(record("a"), known=1, limit=0.05) == record("a")

    assert len(records.calls) == 2


async def test_wait_for_what_is_gone_or_not_to_be_read_ends_with_nothing() -> None:
    gone, unread = FakeRecords(), FakeRecords(failures=9)
    unread.put(record("a"))
    for records in (gone, unread):
        async with Poller(records, schedule=()) as poller:
            assert await poller.wait(record("a"), known=1, limit=0.05) is None


async def test_two_hundred_and_fifty_waits_are_looked_at_a_hundred_at_a_time() -> None:
    records = FakeRecords()
    waited = [record(str(number)) for number in range(250)]
    async with Poller(records, schedule=()) as poller:
        waits = [poller.wait(each, known=1, limit=0.3) for each in waited]
        records.put(*(record(str(number), version=2) for number in range(250)))

        news = await asyncio.gather(*waits)

    assert [each.version for each in news if each is not None] == [2] * 250
    # Three calls, or one more where the machine stood still between two of the waits.
    sizes = list(map(len, records.calls))
    assert (sum(sizes), max(sizes)) == (250, 100)
    assert len(sizes) < 6


async def test_clients_of_one_image_share_a_look() -> None:
    records = FakeRecords()
    async with Poller(records, schedule=()) as poller:
        await asyncio.gather(*(poller.wait(record("a"), known=1, limit=0.1) for _ in range(5)))

    assert records.calls == [[("ana", "a")]]


async def test_failed_look_is_tried_again() -> None:
    records = FakeRecords(failures=2)
    records.put(record("a", version=2))
    async with Poller(records, schedule=QUICK) as poller:
        assert await poller.wait(record("a"), known=1, limit=5) == record("a", version=2)

    assert len(records.calls) == 3


async def test_release_ends_all_waits_and_those_to_come() -> None:
    records = FakeRecords()
    async with Poller(records) as poller:
        waiting = asyncio.create_task(poller.wait(record("a"), known=1, limit=20))
        await asyncio.sleep(0)

        poller.release()

        assert await asyncio.wait_for(waiting, 1) is None
        assert await asyncio.wait_for(poller.wait(record("b"), known=1, limit=20), 1) is None


async def test_cancelled_wait_is_forgotten() -> None:
    records = FakeRecords()
    async with Poller(records, schedule=QUICK) as poller:
        waiting = asyncio.create_task(poller.wait(record("a"), known=1, limit=20))
        await until(lambda: records.calls)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        before = len(records.calls)

        await poller.wait(record("b"), known=1, limit=0.1)

    assert all(call == [("ana", "b")] for call in records.calls[before:])
