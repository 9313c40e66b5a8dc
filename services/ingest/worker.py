"""What ingest does with one upload: three clean pictures from it, then on to the captioner."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from services.ingest.budget import PixelBudget
from services.ingest.capture import Capture, capture_in
from services.ingest.confined_decoder import Confinement
from services.ingest.decode import Limits, identify
from services.ingest.decoders import Decoders
from services.ingest.labels import Rekognition, Seen
from services.ingest.renditions import Prepared, Rendition
from shared.consumer import Delivery
from shared.contracts import ImageIngested, ImageUploaded
from shared.errors import DependencyUnavailable, Malformed, Permanent, StaleRecord
from shared.leases import Claim, Leases
from shared.object_store import image_object_key
from shared.publisher import Publisher
from shared.records import ImageRecord, IngestResult, Status, StoredImage
from shared.stages import StageRunner
from shared.telemetry import tracer
from shared.working import Tools

logger = logging.getLogger(__name__)

T = TypeVar("T")


@contextmanager
def _first_failure() -> Iterator[None]:
    """A task group's failure as itself, not as a group of one: others act on its class."""
    try:
        yield
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


def _told_by(data: bytes, record: ImageRecord) -> tuple[str, Capture]:
    """The upload's SHA-256, in hexadecimal, and what its owner wants kept of its EXIF."""
    capture = capture_in(data, identify(data)) if record.options.keep_exif else Capture()
    # The gateway has told what went through it; a form's upload nobody has read before.
    return record.upload_sha256 or hashlib.sha256(data).hexdigest(), capture


def _nobody_to_tell() -> None:
    """A thread was given up, and nobody starts this worker anew."""


class IngestWorker:
    """Handles ``image.uploaded.v1``. Hashing goes to ``executor``, a thread pool; decoding to
    ``at_once`` threads and up to as many processes, which `aclose` ends. ``overrun`` as `Decoders`.
    Without ``rekognition``, labels are left to the captioner.
    """

    def __init__(
        self,
        tools: Tools,
        *,
        publisher: Publisher,
        executor: Executor,
        budget: PixelBudget,
        limits: Limits,
        confinement: Confinement = Confinement(),  # noqa: B008  frozen
        at_once: int = 2,
        overrun: Callable[[], None] = _nobody_to_tell,
        rekognition: Rekognition | None = None,
    ) -> None:
        self._marks = tools.marks
        self._objects = tools.objects
        self._publisher = publisher
        self._executor = executor
        self._limits = limits
        self._rekognition = rekognition
        self._decoders = Decoders(
            at_once, limits=limits, confinement=confinement, budget=budget, overrun=overrun
        )
        # By job: the uploads of what failed for good in this worker's hands.
        self._hopeless: dict[str, str] = {}
        self._stage = StageRunner(
            tools.leases,
            Status.INGESTING,
            work=partial(self._ingest, tools.leases),
            vanished=tools.purger.vanished,
            resend=self._send_on,
            finished=self._tidy_up,
        )

    async def handle(self, delivery: Delivery) -> None:
        """Ingest the delivery's photo. Raises ``Malformed`` for a message of another queue."""
        if not isinstance(delivery.message, ImageUploaded):
            raise Malformed(f"{delivery.message.kind} does not belong on the ingest queue")
        job = delivery.message.job
        try:
            await self._stage.run(delivery)
            if job in self._hopeless:
                await self._remove_upload(self._hopeless[job])
        finally:
            self._hopeless.pop(job, None)

    async def aclose(self) -> None:
        """End the decoding processes."""
        await self._decoders.aclose()

    async def _ingest(self, leases: Leases, claim: Claim) -> None:
        try:
            await self._ingest_or_refuse(leases, claim)
        except Permanent:
            self._hopeless[claim.record.job] = claim.record.upload_key
            raise

    async def _remove_upload(self, key: str) -> None:
        """No retry will read it, and it holds the metadata that nobody is to see."""
        try:
            await self._objects.delete_versions(key)
        except DependencyUnavailable:
            logger.warning("upload left to the bucket's own rule")

    async def _tidy_up(self, record: ImageRecord) -> None:
        """Whoever finished this may have been killed before it could remove the upload."""
        is_hopeless = record.error is not None and not record.error.retryable
        if record.model_input is not None or is_hopeless:
            await self._remove_upload(record.upload_key)

    async def _ingest_or_refuse(self, leases: Leases, claim: Claim) -> None:
        record = claim.record
        data = await self._read_upload(record)
        prepared = await self._prepare(data)
        with _first_failure():
            async with asyncio.TaskGroup() as group:
                seen = group.create_task(self._look(record, prepared.model))
                told = group.create_task(self._in_thread(partial(_told_by, data, record)))
                stored = group.create_task(self._store(record, prepared))
        digest, capture = told.result()
        original, thumbnail, model_input = stored.result()
        result = IngestResult(
            original=original,
            thumbnail=thumbnail,
            model_input=model_input,
            upload_sha256=digest,
            labels=seen.result().labels,
            moderation=seen.result().moderation,
            labelling=seen.result().time,
            taken_at=capture.taken_at,
            camera=capture.camera,
        )
        moved = await leases.finish_ingest(claim, result)
        await self._send_on(moved)

    async def _look(self, record: ImageRecord, model: Rendition) -> Seen:
        if self._rekognition is None or not record.options.labels:
            return Seen()
        return await self._rekognition.look(model)

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
        with tracer.start_as_current_span("prepare"):
            return await self._decoders.prepare(data)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def _store(self, record: ImageRecord, prepared: Prepared) -> list[StoredImage]:
        """The original, the thumbnail and the model input, as stored."""
        original = f"original.{prepared.original.media_type.extension}"
        with tracer.start_as_current_span("store renditions"), _first_failure():
            async with asyncio.TaskGroup() as group:
                stored = [
                    group.create_task(self._put(record, name, rendition))
                    for name, rendition in (
                        (original, prepared.original),
                        ("thumbnail.jpg", prepared.thumbnail),
                        ("model.jpg", prepared.model),
                    )
                ]
        return [task.result() for task in stored]

    async def _put(self, record: ImageRecord, name: str, rendition: Rendition) -> StoredImage:
        key = image_object_key(record.user_id, record.image_id, name)
        content_type = rendition.media_type.content_type
        digest = await self._in_thread(lambda: hashlib.sha256(rendition.data).hexdigest())
        await self._objects.put(key, rendition.data, content_type=content_type, sha256=digest)
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
        self._marks.add(record)
        if record.upload_once and record.upload_version is not None:
            await self._objects.delete([(record.upload_key, record.upload_version)])
        else:
            await self._objects.delete_versions(record.upload_key)
