"""A table, a bucket and queues of its own for each test, on one in-process AWS."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from shared.aws import aws_session, client_config, s3_config
from shared.contracts import CaptionOptions, ImageUploaded, Message
from shared.items import ACTIVE_INDEX
from shared.leases import Claim, Leases
from shared.object_store import ObjectStore
from shared.record_store import RecordStore
from shared.records import ImageRecord, Status
from shared.stages import StageRunner
from tests.integration.shared.consuming import Handler

Work = Callable[[Claim], Awaitable[None]]


@dataclass
class Clock:
    """Unix seconds that pass when the test says so."""

    now: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="session")
async def sqs(aws: str) -> AsyncIterator[Any]:
    config = client_config(connections=20, read_timeout_s=30)
    async with aws_session().client("sqs", config=config) as client:
        yield client


@pytest.fixture(scope="session")
async def dynamodb(aws: str) -> AsyncIterator[Any]:
    async with aws_session().client("dynamodb", config=client_config(connections=20)) as it:
        yield it


@pytest.fixture(scope="session")
async def s3(aws: str) -> AsyncIterator[Any]:
    async with aws_session().client("s3", config=s3_config(connections=20)) as client:
        yield client


@pytest.fixture
async def queue_url(sqs: Any) -> str:
    created = await sqs.create_queue(QueueName=f"test-{uuid.uuid4().hex}")
    return str(created["QueueUrl"])


@pytest.fixture
async def dead_letter_url(sqs: Any) -> str:
    created = await sqs.create_queue(QueueName=f"test-dlq-{uuid.uuid4().hex}")
    return str(created["QueueUrl"])


@pytest.fixture
async def table(dynamodb: Any) -> str:
    return await made_table(dynamodb)


async def made_table(dynamodb: Any) -> str:
    """A new table with the keys of ours."""
    name = f"test-{uuid.uuid4().hex}"
    await dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "PK", "KeyType": "HASH"},
            {"AttributeName": "SK", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "PK", "AttributeType": "S"},
            {"AttributeName": "SK", "AttributeType": "S"},
            {"AttributeName": "active_shard", "AttributeType": "S"},
            {"AttributeName": "check_at", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": ACTIVE_INDEX,
                "KeySchema": [
                    {"AttributeName": "active_shard", "KeyType": "HASH"},
                    {"AttributeName": "check_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    return name


@pytest.fixture
async def bucket(s3: Any) -> str:
    name = f"test-{uuid.uuid4().hex}"
    await s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    await s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def records(dynamodb: Any, table: str, clock: Clock) -> RecordStore:
    return RecordStore(dynamodb, table, clock=clock)


@pytest.fixture
def leases(records: RecordStore, clock: Clock) -> Leases:
    return Leases(records, lease=60, clock=clock)


@pytest.fixture
def objects(s3: Any, bucket: str) -> ObjectStore:
    return ObjectStore(s3, bucket)


@pytest.fixture
async def stored(records: RecordStore, clock: Clock) -> ImageRecord:
    """A record as the gateway leaves it."""
    record = ImageRecord(
        user_id="ana",
        image_id="0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        status=Status.QUEUED,
        job="j1",
        ttl=int(clock()) + 90 * 86400,
        timestamp="2026-11-22T12:00:00.000Z",
        updated_at="2026-11-22T12:00:00.000Z",
        hop_started_at="2026-11-22T12:00:00.000Z",
        upload_key="incoming/ana/0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        check_at=clock() + 30,
    )
    await records.create(record)
    return record


@pytest.fixture
def uploaded(stored: ImageRecord) -> ImageUploaded:
    """The message that goes with ``stored``."""
    return ImageUploaded(
        user_id=stored.user_id,
        image_id=stored.image_id,
        job=stored.job,
        epoch=0,
        upload_key=stored.upload_key,
        options=CaptionOptions(),
    )


@pytest.fixture
def handler() -> Handler:
    return Handler()


class Stage:
    """A stage runner whose work is set by the test, and what it called."""

    def __init__(self, leases: Leases, clock: Clock) -> None:
        self.work: Work | None = None
        self.removed: list[tuple[str, str]] = []
        self.may_remove = True
        self.resent: list[ImageRecord] = []
        self.runner = StageRunner(
            leases,
            Status.INGESTING,
            work=self._work,
            vanished=self._vanished,
            resend=self._resend,
            clock=clock,
        )

    async def _work(self, claim: Claim) -> None:
        assert self.work is not None
        await self.work(claim)

    async def _vanished(self, message: Message) -> bool:
        self.removed.append((message.user_id, message.image_id))
        return self.may_remove

    async def _resend(self, record: ImageRecord) -> None:
        self.resent.append(record)


@pytest.fixture
def stage(leases: Leases, clock: Clock) -> Stage:
    return Stage(leases, clock)


async def current(records: RecordStore, stored: ImageRecord) -> ImageRecord:
    record = await records.get(stored.user_id, stored.image_id)
    assert record is not None
    return record
