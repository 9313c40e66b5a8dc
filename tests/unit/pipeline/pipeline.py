"""The pipeline's own code, put together on the fakes: what each process does, and for whom."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args
from uuid import UUID

from services.gateway.deletions import Deletions
from services.gateway.edits import CaptionEdits, write_edits
from services.gateway.erasure import Eraser
from services.gateway.erasure_jobs import ErasureJobs
from services.gateway.hop_checks import HopChecks, Queue
from services.gateway.pending_uploads import PendingUploads
from services.gateway.problems import Problem
from services.gateway.restarts import Restarts
from services.gateway.sweeping import Sweeper
from services.gateway.upgrades import UpgradeBudget, Upgrades
from shared.consumer import Delivery
from shared.contracts import CaptionOptions, Message
from shared.control_items import ControlItems
from shared.controls import Controls
from shared.errors import DependencyUnavailable, Permanent, Transient
from shared.hops import message_of
from shared.item_store import ItemStore
from shared.items import from_item
from shared.leases import Claim, Leases
from shared.object_store import ObjectStore, image_object_key, upload_key
from shared.provider_health import ProcessReport, ProviderReport, write_report
from shared.purging import Purger
from shared.record_store import RecordStore
from shared.records import (
    LOST_HOP_S,
    CaptionResult,
    ImageRecord,
    IngestResult,
    Provider,
    Status,
    StoredImage,
    timestamp,
)
from shared.sent_marks import SentMarks
from shared.stages import StageRunner
from shared.tombstones import Tombstones
from tests.unit.pipeline.fake_aws import Attributes, FakeDynamo, FakeQueue, FakeS3
from tests.unit.pipeline.processes import CURRENT
from tests.unit.pipeline.rules import check_write

FIRST, LESSER = "bedrock", "local"
LEASE_S = 60.0
HOLD_S = 240.0  # the consumer gives up a job, and the gateway a request, before that
DAY_S = 86_400.0
NAMES = ("original.jpg", "thumbnail.jpg", "model.jpg")

Outcome = Literal["ok", "degraded", "permanent", "transient", "dependency", "stopped"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_FAILURES: dict[Outcome, Callable[[], BaseException]] = {
    "permanent": lambda: Permanent("internal_error", "No."),
    "transient": lambda: Transient("not now", code="providers_exhausted"),
    "dependency": lambda: DependencyUnavailable("s3"),
    "stopped": asyncio.CancelledError,
}


def _failure(outcome: Outcome) -> BaseException:
    return _FAILURES[outcome]()


@dataclass
class Clock:
    """Unix seconds that pass when the test says so."""

    now: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Pipeline:
    """Everything on one table, one bucket and two queues."""

    clock: Clock = field(default_factory=Clock)
    s3: FakeS3 = field(default_factory=FakeS3)
    ingest: FakeQueue = field(default_factory=FakeQueue)
    caption: FakeQueue = field(default_factory=FakeQueue)
    made: int = 0
    # By user, the epoch; and the images whose deletion was promised.
    epochs: dict[str, int] = field(default_factory=dict)
    buried: set[str] = field(default_factory=set)
    violations: list[AssertionError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dynamodb = FakeDynamo(self._written)
        dynamodb: Any = self.dynamodb
        s3: Any = self.s3
        items = ItemStore(dynamodb, "table")
        self.items = items
        self.control = ControlItems(items, b"key")
        self.records = RecordStore(dynamodb, "table", control=self.control, clock=self.clock)
        self.objects = ObjectStore(s3, "bucket")
        self.purger = Purger(items, self.records, self.objects, Tombstones(items, clock=self.clock))
        self.marks = SentMarks(items, self.records)
        self.leases = Leases(self.records, lease=LEASE_S, clock=self.clock)
        # Ids say which shard an item is in, and so what a sweeper comes upon first.
        self.jobs = ErasureJobs(
            self.control, lifetime=120 * DAY_S, clock=self.clock, new_id=self.new_id
        )
        self.eraser = Eraser(self.jobs, items, self.records, self.objects, clock=self.clock)
        publishers: Any = {
            Status.QUEUED: self.ingest,
            Status.CAPTIONING: self.caption,
        }
        self.restarts = Restarts(self.records, self.objects, publishers, self.clock)
        self.uploads = PendingUploads(
            items,
            self.records,
            self.objects,
            Controls(dynamodb, "table", hash_key=b"key", limit=60, window=3600, lifetime=DAY_S),
            90 * DAY_S,
            self.clock,
        )

    def _written(
        self, key: tuple[str, str], before: Attributes | None, after: Attributes | None
    ) -> None:
        partition, sort_key = key
        kind, _, image_id = sort_key.partition("#")
        if kind == "IMAGE":
            try:
                check_write(before, after, by=CURRENT.get(), now=self.clock())
            except AssertionError as error:
                self.violations.append(error)  # the sweeper survives whatever an act raises
                raise
        elif kind == "DELETED" and after is not None and "pending" in after:
            self.buried.add(image_id)
        elif kind == "CONTROL" and after is not None and "epoch" in after:
            self.epochs[partition] = int(after["epoch"]["N"])

    def epoch_of(self, user: str) -> int:
        """The user's epoch as it was last written."""
        return self.epochs.get(self.control.key(user)["PK"]["S"], 0)

    async def report_providers(self) -> None:
        """A captioner whose first provider is well, for as long as the test lasts."""
        providers = tuple(
            ProviderReport(name=name, model="m", circuit="closed", tries=0, answered=0, latency=())
            for name in (FIRST, LESSER)
        )
        await write_report(self.items, "p", ProcessReport(at=9e9, providers=providers))

    def images(self) -> list[ImageRecord]:
        """All records there are, hidden ones too, oldest first."""
        return [from_item(item) for item in self.image_items()]

    def image_items(self) -> list[Attributes]:
        found = self.dynamodb.items
        return [found[key] for key in sorted(found) if key[1].startswith("IMAGE#")]

    def waits_for_upgrade(self) -> bool:
        """Whether there are degraded captions that wait for better ones."""
        return any(
            item.get("active_shard", {}).get("S", "").startswith("upgrade")
            for item in self.image_items()
        )

    def new_id(self) -> str:
        """A UUIDv7 of this moment, the same in each replay."""
        self.made += 1
        millisecond = int(self.clock() * 1000)
        return str(UUID(int=millisecond << 80 | 0x7 << 76 | 0b10 << 62 | self.made))

    async def submit(self, user: str) -> None:
        """What the gateway does with a photo."""
        epoch = await self.records.epoch(user)
        image_id = self.new_id()
        await self._put(upload_key(user, image_id))
        now = timestamp(datetime.fromtimestamp(self.clock(), UTC))
        record = ImageRecord(
            user_id=user,
            image_id=image_id,
            status=Status.QUEUED,
            job=f"job-{self.made}",
            epoch=epoch,
            ttl=int(self.clock() + 90 * DAY_S),
            timestamp=now,
            updated_at=now,
            hop_started_at=now,
            upload_key=upload_key(user, image_id),
            check_at=self.clock() + LOST_HOP_S,
        )
        await self.records.create(record)
        await self._send(record)

    def worker(self, message: Message, outcome: Outcome) -> Coroutine[Any, Any, None]:
        """A delivery of ``message`` to a worker of its stage."""
        ingests = "uploaded" in message.kind  # type: ignore[attr-defined]
        work = self._ingest if ingests else self._caption

        async def run(claim: Claim) -> None:
            if outcome in _FAILURES:
                raise _failure(outcome)
            await work(claim, outcome)

        runner = StageRunner(
            self.leases,
            Status.INGESTING if ingests else Status.CAPTIONING,
            work=run,
            vanished=self.purger.vanished,
            resend=self._send if ingests else None,
            clock=self.clock,
        )
        return runner.run(Delivery(message, 1))  # type: ignore[arg-type]

    async def sweep(self) -> None:
        """One round of one sweeper, what it starts included."""
        queues: Any = {
            stage: Queue(queue, stage, queue, clock=self.clock)  # type: ignore[arg-type]
            for stage, queue in (("ingest", self.ingest), ("caption", self.caption))
        }
        hops = HopChecks(self.leases, self.purger, queues, clock=self.clock)
        sweeper = Sweeper(
            self.items,
            hops,
            self.purger,
            self.jobs,
            eraser=self.eraser,
            uploads=self.uploads,
            clock=self.clock,
        )
        await sweeper.sweep()
        await sweeper.finish_erasures()

    async def upgrade(self) -> None:
        """One step of one sweeper's upgrades."""
        budget = UpgradeBudget(self.items, limit=5, pause=5, clock=self.clock)
        await Upgrades(self.items, self.records, self.restarts, budget, self.clock).step()

    async def delete(self, record: ImageRecord) -> None:
        deletions = Deletions(self.purger, self.jobs, self.eraser)
        await deletions.delete_image(record.user_id, record.image_id)

    async def delete_all(self, user: str) -> None:
        await Deletions(self.purger, self.jobs, self.eraser).delete_all(user, patience=60)

    async def ask(self, what: str, record: ImageRecord) -> None:
        """What an owner may ask of a photo, as it was when the request came; refusals are fine."""
        owner = await self.records.standing(record.user_id)
        found = await self.records.get(record.user_id, record.image_id)
        if found is None:
            return
        try:
            if what == "edit":
                edits = CaptionEdits(concise="My words")
                if found.is_captioned:
                    await write_edits(self.records, found, edits, pinned=False)
                return
            begun = (
                await self.restarts.retry(found)
                if what == "retry"
                else await self.restarts.caption_again(found, CaptionOptions(), epoch=owner.epoch)
            )
            await self.restarts.send(begun)
        except Problem:
            return

    async def _ingest(self, claim: Claim, _: Outcome) -> None:
        record = claim.record
        keys = [image_object_key(record.user_id, record.image_id, name) for name in NAMES]
        for key in keys:
            await self._put(key)
        original, thumbnail, model_input = (
            StoredImage(key=key, content_type="image/jpeg", bytes=1, width=1, height=1)
            for key in keys
        )
        result = IngestResult(original=original, thumbnail=thumbnail, model_input=model_input)
        await self._send(await self.leases.finish_ingest(claim, result))
        await self.objects.delete_versions(record.upload_key)

    async def _caption(self, claim: Claim, outcome: Outcome) -> None:
        degraded = outcome == "degraded"
        name = LESSER if degraded else FIRST
        result = CaptionResult(
            concise=f"By {name}",
            creative="A cat sleeps.",
            alt_text="A cat",
            language="en",
            provider=Provider(name=name, model="m", degraded=degraded),
        )
        await self.leases.finish_caption(claim, result, upgradable=degraded)

    async def _send(self, record: ImageRecord) -> None:
        message = message_of(record)
        assert message is not None
        queue = self.caption if record.status is Status.CAPTIONING else self.ingest
        await queue.publish(message)
        self.marks.add(record)

    async def mark(self) -> None:
        """Mark whatever was sent and waits."""
        await self.marks.turn()
        await self.marks.turn()

    async def _put(self, key: str) -> None:
        await self.objects.put(key, b"x", content_type="image/jpeg")
