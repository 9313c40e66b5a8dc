"""All who delete, sweep and work on photos, on an emulated AWS and a clock of their own."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from services.gateway.deletions import Deletions
from services.gateway.erasure import Eraser
from services.gateway.erasure_jobs import Erasure, ErasureJobs, Held
from services.gateway.hop_checks import HopChecks, Queue
from services.gateway.identifiers import ImageIds
from services.gateway.pending_uploads import PendingUploads
from services.gateway.sweeping import Sweeper
from shared.consumer import Delivery
from shared.contracts import parse_message
from shared.control_items import ControlItems
from shared.controls import Controls
from shared.hops import message_of
from shared.item_store import ItemStore
from shared.leases import Claim, Leases
from shared.object_store import ObjectStore, image_object_key, upload_key
from shared.publisher import Publisher
from shared.purging import Purger
from shared.record_store import RecordStore
from shared.records import ImageRecord, Status, timestamp
from shared.stages import StageRunner
from shared.tombstones import Tombstones
from tests.integration.shared.conftest import Clock, made_table

if TYPE_CHECKING:  # conftest imports this module
    from tests.integration.gateway.conftest import Aws

OBJECTS = ("original.jpg", "thumbnail.jpg", "model.jpg")
DAY_S = 86_400


@dataclass
class BackOffice:
    """One table, one bucket, two queues, and all who work on them."""

    aws: "Aws"
    table: str
    bucket: str
    ingest_url: str
    caption_url: str
    stack: AsyncExitStack
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.items = ItemStore(self.aws.dynamodb, self.table)
        self.control = ControlItems(self.items, b"key")
        self.records = RecordStore(
            self.aws.dynamodb, self.table, control=self.control, clock=self.clock
        )
        self.objects = ObjectStore(self.aws.s3, self.bucket)
        self.tombstones = Tombstones(self.items, clock=self.clock)
        self.purger = Purger(self.items, self.records, self.objects, self.tombstones)
        self.jobs = ErasureJobs(self.control, lifetime=120 * DAY_S, clock=self.clock)
        self.eraser = self.eraser_on(self.objects)
        self.deletions = Deletions(self.purger, self.jobs, self.eraser)
        self.controls = Controls(
            self.aws.dynamodb,
            self.table,
            hash_key=b"key",
            limit=60,
            window=3600,
            lifetime=120 * DAY_S,
            clock=self.clock,
        )
        self.uploads = PendingUploads(
            self.items, self.records, self.objects, self.controls, 90 * DAY_S, self.clock
        )
        self.leases = Leases(self.records, lease=60, clock=self.clock)
        self.ids = ImageIds(clock=self.clock)

    def eraser_on(self, objects: ObjectStore) -> Eraser:
        return Eraser(self.jobs, self.items, self.records, objects, clock=self.clock)

    async def sweeper(self, *, purger: Purger | None = None) -> Sweeper:
        """Another sweeper."""
        enter = self.stack.enter_async_context
        queues: Any = {
            stage: Queue(
                self.aws.sqs, url, await enter(Publisher(self.aws.sqs, url)), clock=self.clock
            )
            for stage, url in (("ingest", self.ingest_url), ("caption", self.caption_url))
        }
        hops = HopChecks(self.leases, self.purger, queues, clock=self.clock)
        return Sweeper(
            self.items,
            hops,
            purger or self.purger,
            self.jobs,
            eraser=self.eraser,
            uploads=self.uploads,
            clock=self.clock,
        )

    def new_record(self, user: str = "ana", *, epoch: int = 0, **changes: Any) -> ImageRecord:
        """A record as the gateway makes it."""
        image_id = self.ids.new()
        now = timestamp(datetime.fromtimestamp(self.clock(), UTC))
        values: dict[str, Any] = {
            "user_id": user,
            "image_id": image_id,
            "status": Status.QUEUED,
            "job": uuid.uuid4().hex,
            "epoch": epoch,
            "ttl": int(self.clock()) + 90 * DAY_S,
            "timestamp": now,
            "updated_at": now,
            "hop_started_at": now,
            "upload_key": upload_key(user, image_id),
            "check_at": self.clock() + 30,
        }
        return ImageRecord(**values | changes)

    async def photo(self, user: str = "ana", **changes: Any) -> ImageRecord:
        """A photo whose upload and three objects are stored: four keys, five versions."""
        record = self.new_record(user, **changes)
        await self.store_objects(record)
        await self.records.create(record)
        return record

    async def store_objects(self, record: ImageRecord) -> None:
        user, image_id = record.user_id, record.image_id
        await self.put(upload_key(user, image_id))
        for name in (*OBJECTS, OBJECTS[0]):
            await self.put(image_object_key(user, image_id, name))

    async def put(self, key: str) -> None:
        await self.objects.put(key, b"pixels", content_type="image/jpeg")

    async def versions(self, user: str = "ana") -> list[str]:
        """The keys of all versions and markers of a user."""
        keys = []
        for prefix in (f"images/{user}/", f"incoming/{user}/"):
            listing = await self.aws.s3.list_object_versions(Bucket=self.bucket, Prefix=prefix)
            found = [*listing.get("Versions", []), *listing.get("DeleteMarkers", [])]
            keys += [entry["Key"] for entry in found]
        return keys

    async def partition(self, user: str = "ana") -> list[str]:
        """The sort keys of a user's items."""
        response = await self.aws.dynamodb.query(
            TableName=self.table,
            KeyConditionExpression="PK = :user",
            ExpressionAttributeValues={":user": {"S": f"USER#{user}"}},
            ConsistentRead=True,
        )
        return [item["SK"]["S"] for item in response["Items"]]

    async def put_item(self, user: str, sort_key: str, **strings: str) -> None:
        """An item that the services keep beside the records."""
        item = {name: {"S": value} for name, value in strings.items()}
        await self.aws.dynamodb.put_item(
            TableName=self.table, Item={"PK": {"S": f"USER#{user}"}, "SK": {"S": sort_key}, **item}
        )

    async def messages(self, url: str) -> list[Any]:
        """What waits on a queue, each once; received messages stay hidden."""
        found: list[Any] = []
        while True:
            answer = await self.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return found
            found += [parse_message(message["Body"]) for message in answer["Messages"]]

    def worker(self, work: Callable[[Claim], Awaitable[None]]) -> StageRunner:
        """An ingest worker, its leases and clean-up the real ones."""
        return StageRunner(
            self.leases,
            Status.INGESTING,
            work=work,
            vanished=self.purger.vanished,
            clock=self.clock,
        )

    async def deliver(self, record: ImageRecord, work: Callable[[Claim], Awaitable[None]]) -> None:
        """Bring ``record``'s message to an ingest worker."""
        message = message_of(record)
        assert message is not None
        await self.worker(work).run(Delivery(message, 1))

    async def begin(self, user: str = "ana") -> Held:
        """Begin the deletion of everything."""
        held = await self.jobs.begin(user)
        assert isinstance(held, Held)
        return held


@asynccontextmanager
async def back_office(aws: "Aws") -> AsyncIterator[BackOffice]:
    """One with a table, a bucket and queues of its own."""
    name = f"back-{uuid.uuid4().hex}"
    table = await made_table(aws.dynamodb)
    await aws.s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    await aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    make = partial(aws.sqs.create_queue, Attributes={"VisibilityTimeout": "600"})
    ingest, caption = [
        (await make(QueueName=f"{name}-{stage}"))["QueueUrl"] for stage in ("ingest", "caption")
    ]
    async with AsyncExitStack() as stack:
        yield BackOffice(aws, table, name, ingest, caption, stack)


async def current(office: BackOffice, record: ImageRecord) -> ImageRecord:
    found = await office.records.get(record.user_id, record.image_id)
    assert found is not None
    return found


async def sweep(office: BackOffice, after: float, times: int = 1) -> None:
    """Let time pass, then have that many sweepers at once go through everything."""
    office.clock.now += after
    sweepers = [await office.sweeper() for _ in range(times)]
    await asyncio.gather(*(sweeper.sweep() for sweeper in sweepers))
    for sweeper in sweepers:
        await sweeper.finish_erasures()


async def erased(office: BackOffice, user: str = "ana") -> Erasure:
    """The receipt of a deletion of everything, done at once."""
    await office.eraser.run(await office.begin(user))
    latest = await office.jobs.latest(user)
    assert latest is not None
    return latest


def counts(erasure: Erasure) -> tuple[int, int, int]:
    return erasure.records, erasure.objects, erasure.object_versions
