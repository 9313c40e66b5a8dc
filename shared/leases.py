"""Who works on a job: claims, leases and the writes that only a lease's holder may make.

Each write conditions on the job and on the lease, so that of two deliveries of one message, or a
worker thought dead and the one that took over, exactly one has its way.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from shared.contracts import Message
from shared.errors import StaleRecord
from shared.item_store import Item, ItemKey
from shared.items import Update
from shared.outage import persist
from shared.record_store import ConditionFailed, RecordStore
from shared.records import (
    CLAIMABLE,
    LOST_HOP_S,
    MAX_ATTEMPTS,
    CaptionResult,
    Failure,
    ImageRecord,
    IngestResult,
    Refusal,
    Stage,
    Status,
    refusal_of,
    sources_of,
    timestamp,
)
from shared.upgrades import UPGRADE_TRIES, upgrade_shard

PERSIST_S = 120.0  # below the consumer's hold, which ends a job that hangs


Needs = Callable[[ImageRecord], ItemKey | None]


@dataclass(frozen=True, slots=True)
class Claim:
    """A job held by this delivery, its record as of the claim, and the item it needs if any."""

    record: ImageRecord
    lease_id: str
    needed: Item = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """A job that this delivery may not have, and the record that said so, if there is one."""

    refusal: Refusal
    record: ImageRecord | None


class Leases:
    """Claims on image records, each for ``lease`` seconds at a time.

    What ends a job is written again for ``persist`` seconds while DynamoDB is down: the work is
    done by then, and a caption may be paid for.

    ``moved`` hears of every record that finished a stage here, or failed.
    """

    def __init__(
        self,
        records: RecordStore,
        *,
        lease: float,  # seconds
        persist: float = PERSIST_S,
        moved: Callable[[ImageRecord], None] = lambda _: None,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._records = records
        self._lease = lease
        self._persist = persist
        self._moved = moved
        self._clock = clock

    async def claim(
        self, message: Message, stage: Stage, *, needs: Needs | None = None
    ) -> Claim | Refused:
        """Take up ``message``'s job for ``stage``, counting an attempt, or say why not.

        A job of an epoch older than its owner's is refused as gone, its record with it. ``needs``
        names an item to be read along. Raises ``DependencyUnavailable``.
        """
        claim = await self._claim(message, stage)
        key = needs(claim.record) if needs and isinstance(claim, Claim) else None
        try:
            owner, needed = await self._records.standing_beside(message.user_id, key)
        except BaseException:
            if isinstance(claim, Claim):
                await self.release(claim)
            raise
        if message.epoch < owner.epoch:
            return Refused(Refusal.GONE, None)
        return replace(claim, needed=needed) if isinstance(claim, Claim) else claim

    async def _claim(self, message: Message, stage: Stage) -> Claim | Refused:
        now = self._clock()
        lease_id = uuid.uuid4().hex
        update = (
            Update()
            .set(status=stage, lease_id=lease_id, lease_until=now + self._lease)
            .set(claimed_at=self._timestamp(), updated_at=self._timestamp())
            .add("attempts_made", 1)
            .add("version", 1)
            .when("{job} = :job", job=message.job)
            .when_in("status", CLAIMABLE[stage])
            .when("attribute_not_exists({lease_until}) OR {lease_until} <= :now", now=now)
            .when("{attempts_made} < :limit", limit=MAX_ATTEMPTS)
        )
        try:
            record = await self._records.update(message.user_id, message.image_id, update)
        except ConditionFailed as failed:
            refusal = refusal_of(failed.record, job=message.job, stage=stage, now=now)
            # The condition and `refusal_of` say the same; should a lease have run out between
            # two clocks, "leased" merely brings the message back.
            return Refused(refusal or Refusal.LEASED, failed.record)
        return Claim(record, lease_id)

    async def extend(self, claim: Claim) -> None:
        """Keep the lease for another full term. Raises ``StaleRecord`` if it was lost."""
        update = self._held(claim).set(lease_until=self._clock() + self._lease)
        await self._write_held(claim, update)

    async def release(self, claim: Claim, *, patient: bool = False) -> None:
        """Give the job back unharmed: the attempt does not count. A lost lease is not an error.

        ``patient``: written again while DynamoDB is down, like what ends a job.
        """
        update = self._held(claim).set(lease_id=None, lease_until=None).add("attempts_made", -1)
        write = self._write_end if patient else self._write_held
        try:
            await write(claim, update)
        except StaleRecord:
            return

    async def give_up_attempt(self, claim: Claim) -> None:
        """End the lease after a failed attempt, which counts. A lost lease is not an error."""
        try:
            await self._write_held(claim, self._held(claim).set(lease_id=None, lease_until=None))
        except StaleRecord:
            return

    async def finish_ingest(self, claim: Claim, result: IngestResult) -> ImageRecord:
        """Store what ingest made and move on to captioning, its message still unsent.

        Raises ``StaleRecord`` if the lease was lost or the record is gone.
        """
        now = self._timestamp()
        labelling = () if result.labelling is None else (result.labelling,)
        update = (
            self._held(claim)
            .set(
                status=Status.CAPTIONING,
                original=result.original,
                thumbnail=result.thumbnail,
                model_input=result.model_input,
                upload_sha256=result.upload_sha256,
                moderation=result.moderation,
                taken_at=result.taken_at,
                camera=result.camera,
                timeline=(*claim.record.stage_times("ingest", now), *labelling),
                hop_started_at=now,
                updated_at=now,
                sent=False,
                attempts_made=0,
                lease_id=None,
                lease_until=None,
                check_at=self._clock() + LOST_HOP_S,
            )
            .add("version", 1)
        )
        if result.labels is not None:
            update.set(labels=[label.name for label in result.labels], label_details=result.labels)
        return self._told(await self._write_end(claim, update))

    async def finish_caption(
        self, claim: Claim, result: CaptionResult, *, upgradable: bool = False
    ) -> ImageRecord:
        """Store the captions and complete the record. Raises ``StaleRecord`` like the above.

        ``upgradable`` ones wait in the index for better ones. An upgrade that came out degraded
        leaves the captions that there are.
        """
        record = claim.record
        if record.is_upgrading and result.provider.degraded:
            return await self._write_end(claim, self._unchanged(self._held(claim), record))
        now = self._timestamp()
        update = self._end(
            self._held(claim), Status.COMPLETED, now, waiting=record if upgradable else None
        ).set(
            concise_caption=result.concise,
            creative_caption=result.creative,
            alt_text=result.alt_text,
            caption_language=result.language,
            provider=result.provider,
            timeline=claim.record.stage_times("caption", now),
            error=None,
        )
        if result.cache_keys is not None:
            update.set(cache_keys=result.cache_keys)
        if result.labels is not None:
            update.set(labels=[label.name for label in result.labels], label_details=result.labels)
        return self._told(await self._write_end(claim, update))

    async def fail(self, claim: Claim, failure: Failure) -> ImageRecord:
        """Fail the record for good, until its owner retries. Raises ``StaleRecord``.

        This and the two below end an upgrade with the captions that there were.
        """
        update = self._failed(self._held(claim), claim.record, failure)
        return self._told_failed(claim.record, await self._write_end(claim, update))

    async def fail_exhausted(self, record: ImageRecord, failure: Failure) -> None:
        """Fail a record whose attempts are used up and whose last lease has run out."""
        update = (
            self._failed(Update(), record, failure)
            .when("{job} = :job", job=record.job)
            .when_in("status", sources_of(Status.FAILED))
            .when("{attempts_made} >= :limit", limit=MAX_ATTEMPTS)
            .when("attribute_not_exists({lease_until}) OR {lease_until} <= :now", now=self._clock())
        )
        try:
            ended = await self._records.update(record.user_id, record.image_id, update)
        except ConditionFailed:
            return  # it moved meanwhile, which is what we wanted
        self._told_failed(record, ended)

    async def fail_overdue(self, record: ImageRecord, failure: Failure) -> bool:
        """Fail a record that nobody works on, as it was read; whether that is what happened."""
        update = (
            self._failed(Update(), record, failure)
            .when("{job} = :job", job=record.job)
            .when("{version} = :version", version=record.version)
            .when_in("status", sources_of(Status.FAILED))
            .when("attribute_not_exists({lease_until}) OR {lease_until} <= :now", now=self._clock())
        )
        try:
            ended = await self._records.update(record.user_id, record.image_id, update)
        except ConditionFailed:
            return False
        self._told_failed(record, ended)
        return True

    def _told(self, record: ImageRecord) -> ImageRecord:
        self._moved(record)
        return record

    def _told_failed(self, before: ImageRecord, after: ImageRecord) -> ImageRecord:
        # Nothing has moved where an upgrade failed: the captions are those of an earlier job.
        return after if before.is_upgrading else self._told(after)

    def _held(self, claim: Claim) -> Update:
        return (
            Update()
            .when("{job} = :job", job=claim.record.job)
            .when("{status} = :status", status=claim.record.status)
            .when("{lease_id} = :lease", lease=claim.lease_id)
        )

    def _failed(self, update: Update, record: ImageRecord, failure: Failure) -> Update:
        if record.is_upgrading:
            return self._unchanged(update, record)
        return self._end(update, Status.FAILED, self._timestamp()).set(error=failure)

    def _unchanged(self, update: Update, record: ImageRecord) -> Update:
        again = record if record.upgrade_tries < UPGRADE_TRIES else None
        return self._end(update, Status.COMPLETED, self._timestamp(), waiting=again)

    def _end(
        self, update: Update, status: Status, now: str, *, waiting: ImageRecord | None = None
    ) -> Update:
        """End the job; ``waiting`` is the record if it waits for better captions from now on."""
        # Without `active_shard` the item leaves the sparse index: nothing is left to do.
        return update.set(
            status=status,
            updated_at=now,
            lease_id=None,
            lease_until=None,
            check_at=self._clock() if waiting is not None else None,
            active_shard=upgrade_shard(waiting.image_id) if waiting is not None else None,
            upgrade_job=None,
        ).add("version", 1)

    async def _write_end(self, claim: Claim, update: Update) -> ImageRecord:
        return await persist(lambda: self._write_held(claim, update), limit=self._persist)

    async def _write_held(self, claim: Claim, update: Update) -> ImageRecord:
        """Write as the holder of ``claim``. Raises ``StaleRecord`` if the lease was lost."""
        return await self._records.update(claim.record.user_id, claim.record.image_id, update)

    def _timestamp(self) -> str:
        return timestamp(datetime.fromtimestamp(self._clock(), UTC))
