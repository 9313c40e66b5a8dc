"""What ingest does with one upload: three clean pictures from it, then on to the captioner."""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from services.ingest.budget import PixelBudget
from services.ingest.decode import Limits, pixels_of
from services.ingest.renditions import Prepared, Rendition, prepare
from shared.consumer import Delivery
from shared.contracts import ImageIngested, ImageUploaded
from shared.errors import Malformed, Permanent, StaleRecord
from shared.leases import Claim, Leases
from shared.object_store import image_object_key
from shared.publisher import Publisher
from shared.records import ImageRecord, IngestResult, Status, StoredImage
from shared.stages import StageRunner
from shared.telemetry import tracer
from shared.working import Tools

T = TypeVar("T")


class IngestWorker:
    """Handles ``image.uploaded.v1``. CPU work goes to ``executor``, a thread pool."""

    def __init__(
        self,
        tools: Tools,
        *,
        publisher: Publisher,
        executor: Executor,
        budget: PixelBudget,
        limits: Limits,
    ) -> None:
        self._records = tools.records
        self._objects = tools.objects
        self._publisher = publisher
        self._executor = executor
        self._budget = budget
        self._limits = limits
        self._stage = StageRunner(
            tools.leases,
            Status.INGESTING,
            work=partial(self._ingest, tools.leases),
            vanished=tools.purger.vanished,
            resend=self._send_on,
        )

    async def handle(self, delivery: Delivery) -> None:
        """Ingest the delivery's photo. Raises ``Malformed`` for a message of another queue."""
        if not isinstance(delivery.message, ImageUploaded):
            raise Malformed(f"{delivery.message.kind} does not belong on the ingest queue")
        await self._stage.run(delivery)

    async def _ingest(self, leases: Leases, claim: Claim) -> None:
        record = claim.record
        data = await self._read_upload(record)
        prepared = await self._prepare(data)
        digest = await self._in_thread(lambda: hashlib.sha256(data).hexdigest())
        result = await self._store(record, prepared, upload_sha256=digest)
        moved = await leases.finish_ingest(claim, result)
        await self._send_on(moved)

    async def _read_upload(self, record: ImageRecord) -> bytes:
        try:
            with tracer.start_as_current_span("read upload"):
                return await self._objects.read(
                    record.upload_key, limit=self._limits.bytes, version=record.upload_version
                )
        except StaleRecord as error:
            raise Permanent(
                "timed_out", "The upload was removed before we could read it. Please send it again."
            ) from error

    async def _prepare(self, data: bytes) -> Prepared:
        pixels = await self._in_thread(partial(pixels_of, data))
        async with self._budget.reserve(pixels):
            with tracer.start_as_current_span("prepare", attributes={"caption.pixels": pixels}):
                return await self._in_thread(partial(prepare, data, limits=self._limits))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def _store(
        self, record: ImageRecord, prepared: Prepared, *, upload_sha256: str
    ) -> IngestResult:
        original = f"original.{prepared.original.media_type.extension}"
        with tracer.start_as_current_span("store renditions"):
            async with asyncio.TaskGroup() as group:
                stored = [
                    group.create_task(self._put(record, name, rendition))
                    for name, rendition in (
                        (original, prepared.original),
                        ("thumbnail.jpg", prepared.thumbnail),
                        ("model.jpg", prepared.model),
                    )
                ]
        first, thumbnail, model_input = (task.result() for task in stored)
        return IngestResult(
            original=first,
            thumbnail=thumbnail,
            model_input=model_input,
            upload_sha256=upload_sha256,
        )

    async def _put(self, record: ImageRecord, name: str, rendition: Rendition) -> StoredImage:
        key = image_object_key(record.user_id, record.image_id, name)
        content_type = rendition.media_type.content_type
        digest = await self._in_thread(lambda: hashlib.sha256(rendition.data).hexdigest())
        await self._objects.put(key, rendition.data, content_type=content_type)
        return StoredImage(
            key=key,
            content_type=content_type,
            bytes=len(rendition.data),
            width=rendition.width,
            height=rendition.height,
            sha256=digest,
        )

    async def _send_on(self, record: ImageRecord) -> None:
        """Put the caption message on its queue; then the upload has served its purpose."""
        if record.model_input is None:
            raise Malformed("the record is captioning and has no model input")
        await self._publisher.publish(
            ImageIngested(
                user_id=record.user_id,
                image_id=record.image_id,
                job=record.job,
                epoch=record.epoch,
                model_key=record.model_input.key,
                labels=record.labels or (),
                options=record.options,
            )
        )
        await asyncio.gather(
            self._records.mark_sent(record), self._objects.delete_versions(record.upload_key)
        )
