"""The queues' past: sampled once a minute by whoever is first, read back a point a minute."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse
from botocore.exceptions import EndpointConnectionError

from services.gateway.queue_history import Sampler, queue_points
from services.gateway.queues import Queue, Queues
from shared.admin_api import QueueName, QueuePointView
from shared.errors import DependencyUnavailable
from shared.item_store import ItemStore
from tests.integration.gateway.conftest import Aws, Gateway, Serve, clients
from tests.integration.shared.conftest import made_table

NOON = datetime(2026, 11, 22, 12, 0, 20, tzinfo=UTC)


class CloudWatch:
    """Knows the ages that a test says; without any it is not there."""

    def __init__(self, ages: dict[str, float] | None = None) -> None:
        self.ages = ages

    async def get_metric_data(self, **_: Any) -> dict[str, Any]:
        if self.ages is None:
            raise EndpointConnectionError(endpoint_url="none")
        return {"MetricDataResults": [{"Id": i, "Values": [v]} for i, v in self.ages.items()]}


class Silent:
    """An SQS that does not answer."""

    async def get_queue_attributes(self, **_: Any) -> None:
        raise TimeoutError


class Watch:
    """Two queues and a table of the emulator, and sweepers that sample at a time of their own."""

    def __init__(self, aws: Aws, table: str, urls: dict[str, str]) -> None:
        self.aws = aws
        self.items = ItemStore(aws.dynamodb, table)
        self.urls = urls
        self.now = NOON

    def sampler(self, ages: dict[str, float] | None = None, *, sqs: Any = None) -> Sampler:
        names: tuple[QueueName, ...] = ("ingest", "caption")
        queues = {name: Queue(name, self.urls[name], self.urls[f"{name}-dlq"]) for name in names}
        watched = Queues(sqs or self.aws.sqs, CloudWatch(ages), queues)
        return Sampler(self.items, watched, clock=self.now.timestamp)

    async def send(self, name: str, count: int = 1) -> None:
        for _ in range(count):
            await self.aws.sqs.send_message(QueueUrl=self.urls[name], MessageBody="x")

    async def points(self, hours: int = 6) -> list[QueuePointView]:
        return await queue_points(self.items, now=self.now, hours=hours)


@pytest.fixture
async def watch(aws: str, ministack: str) -> Any:
    async with clients(ministack) as made_of:
        urls = {}
        for name in ("ingest", "ingest-dlq", "caption", "caption-dlq"):
            made = await made_of.sqs.create_queue(QueueName=f"{name}-{uuid.uuid4().hex}")
            urls[name] = made["QueueUrl"]
        yield Watch(made_of, await made_table(made_of.dynamodb), urls)


async def test_a_sample_tells_both_queues_and_their_dead_letters(watch: Watch) -> None:
    await watch.send("caption", 3)
    await watch.aws.sqs.receive_message(QueueUrl=watch.urls["caption"])
    await watch.send("caption-dlq", 2)

    await watch.sampler({"caption": 41.6}).sample()

    minute = "2026-11-22T12:00:00.000Z"
    none = {"visible": 0, "in_flight": 0, "dead_letters": 0, "oldest_age_s": None}
    some = {"visible": 2, "in_flight": 1, "dead_letters": 2, "oldest_age_s": 42}
    assert [point.model_dump() for point in await watch.points()] == [
        {"at": minute, "queue": "ingest", **none},
        {"at": minute, "queue": "caption", **some},
    ]


async def test_of_several_sweepers_the_first_has_the_minute(watch: Watch) -> None:
    await watch.send("ingest")
    await watch.sampler().sample()
    await watch.send("ingest")

    await asyncio.gather(*(watch.sampler().sample() for _ in range(3)))
    watch.now += timedelta(minutes=1)
    await watch.sampler().sample()

    points = [point for point in await watch.points() if point.queue == "ingest"]
    assert [(point.at[11:16], point.visible) for point in points] == [("12:00", 1), ("12:01", 2)]


async def test_the_past_goes_back_over_midnight_and_no_further_than_asked(watch: Watch) -> None:
    for back in (6, 30, 100, 169):
        watch.now = NOON - timedelta(hours=back)
        await watch.sampler().sample()
    watch.now = NOON

    found = [len(await watch.points(hours)) // 2 for hours in (1, 6, 7, 48, 168)]

    assert found == [0, 0, 1, 2, 3]


async def test_a_week_has_no_more_points_than_a_chart_can_show(watch: Watch) -> None:
    update: dict[str, Any] = {f":{m}": {"L": [{"N": str(m)}] * 4} for m in range(60)}
    expression = "SET " + ", ".join(f"m{m:02d} = :{m}" for m in range(60))

    async def fill(at: datetime) -> None:
        for queue in ("ingest", "caption"):
            await watch.aws.dynamodb.update_item(
                TableName=watch.items.table,
                Key={"PK": {"S": f"QUEUES#{at.date()}"}, "SK": {"S": f"{at.hour:02d}#{queue}"}},
                UpdateExpression=expression,
                ExpressionAttributeValues=update,
            )

    for start in range(0, 168, 24):
        hours = (NOON - timedelta(hours=back) for back in range(start, start + 24))
        await asyncio.gather(*map(fill, hours))

    points = await watch.points(168)

    assert 2 * 350 <= len(points) <= 2 * 361
    assert max(point.visible for point in points) == 59
    assert [point.at for point in points] == sorted(point.at for point in points)


async def test_items_end_after_eight_days(watch: Watch) -> None:
    await watch.sampler().sample()

    found = await watch.aws.dynamodb.scan(TableName=watch.items.table)

    ends = {int(item["ttl"]["N"]) for item in found["Items"]}
    assert ends == {int((NOON + timedelta(days=8)).timestamp())}


async def test_a_queue_that_does_not_answer_is_a_gap(watch: Watch) -> None:
    with pytest.raises(DependencyUnavailable):
        await watch.sampler(sqs=Silent()).sample()

    assert await watch.points() == []


def read(gateway: Gateway, query: str = "") -> Any:
    token = gateway.token(**{"cognito:groups": ["admins"]})
    return gateway.http.get(
        f"/v1/admin/queues/history{query}", headers={"Authorization": f"Bearer {token}"}
    )


async def test_operators_read_the_past_and_nobody_else(serve: Serve) -> None:
    gateway = await serve()
    now = datetime.now(UTC)
    items = ItemStore(gateway.aws.dynamodb, gateway.settings.records_table)
    names: tuple[QueueName, ...] = ("ingest", "caption")
    url = {
        "ingest": gateway.settings.ingest_queue_url,
        "caption": gateway.settings.caption_queue_url,
    }
    queues = {name: Queue(name, url[name], url[name]) for name in names}
    watched = Queues(gateway.aws.sqs, CloudWatch(), queues)
    await Sampler(items, watched, clock=now.timestamp).sample()

    answer: ClientResponse = await read(gateway)
    refused = await gateway.http.get("/v1/admin/queues/history", headers=gateway.auth())

    points = (await answer.json())["points"]
    assert (answer.status, refused.status) == (200, 403)
    assert [point["queue"] for point in points] == ["ingest", "caption"]
    assert points[0]["at"] == now.strftime("%Y-%m-%dT%H:%M:00.000Z")
    assert set(points[0]) == set(QueuePointView.model_fields)


@pytest.mark.parametrize("hours", ["0", "169", "x", "-1", ""])
async def test_hours_out_of_range_are_refused(gateway: Gateway, hours: str) -> None:
    answer: ClientResponse = await read(gateway, f"?hours={hours}")

    assert answer.status == 400
    assert (await answer.json())["errors"][0]["pointer"] == "hours"
