"""An ingest worker on an emulated AWS, and one user's way through it."""

from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from typing import Any

from services.ingest.budget import PixelBudget
from services.ingest.decode import Limits
from services.ingest.labels import Rekognition
from services.ingest.settings import Settings
from services.ingest.worker import IngestWorker
from shared.consumer import Delivery
from shared.contracts import ImageUploaded
from shared.hops import message_of
from shared.object_store import upload_key
from shared.publisher import Publisher
from shared.records import ImageRecord, Status
from shared.working import Tools, worker_tools
from tests.integration.gateway.conftest import clients, provision

NOW = "2026-11-22T12:00:00.000Z"
USER = "ana"


class Ingest:
    """A worker and its tools."""

    def __init__(
        self,
        tools: Tools,
        publisher: Publisher,
        executor: ThreadPoolExecutor,
        rekognition: Rekognition | None = None,
        *,
        caption_queue_url: str = "",
    ) -> None:
        self.tools = tools
        self.caption_queue_url = caption_queue_url
        self.publisher = publisher
        self.executor = executor
        self.worker = IngestWorker(
            tools,
            publisher=publisher,
            executor=executor,
            budget=PixelBudget(100_000_000),
            limits=Limits(),
            rekognition=rekognition,
        )

    def with_rekognition(self, rekognition: Rekognition) -> "Ingest":
        """Another worker with the same tools, that labels."""
        return Ingest(
            self.tools,
            self.publisher,
            self.executor,
            rekognition,
            caption_queue_url=self.caption_queue_url,
        )

    async def upload(self, image_id: str, data: bytes) -> str:
        """Put ``data`` where the image's upload belongs; the version."""
        put = await self.tools.objects.s3.put_object(
            Bucket=self.tools.objects.bucket, Key=upload_key(USER, image_id), Body=data
        )
        return str(put["VersionId"])

    async def queued(self, image_id: str, **changes: Any) -> ImageUploaded:
        """The message about an upload that is there, its record made."""
        record = ImageRecord.model_validate(
            {
                "user_id": USER,
                "image_id": image_id,
                "status": Status.QUEUED,
                "job": "j",
                "ttl": 4_000_000_000,
                "timestamp": NOW,
                "updated_at": NOW,
                "hop_started_at": NOW,
                "upload_key": upload_key(USER, image_id),
            }
            | changes
        )
        await self.tools.records.create(record)
        message = message_of(record)
        assert isinstance(message, ImageUploaded)
        return message

    async def ingested(self, image_id: str, **changes: Any) -> ImageRecord:
        """The record of an upload that is there, after ingest."""
        message = await self.queued(image_id, **changes)
        await self.worker.handle(Delivery(message, 1))
        after = await self.tools.records.get(USER, image_id)
        assert after is not None
        return after

    async def is_there(self, image_id: str) -> bool:
        """Whether the upload is."""
        return await self.tools.objects.newest(upload_key(USER, image_id)) is not None


def settings_for(resources: Mapping[str, str], **changes: Any) -> Settings:
    """A worker's settings, with the least of them set."""
    values: dict[str, Any] = {
        "images_bucket": resources["images_bucket"],
        "records_table": resources["records_table"],
        "queue_url": resources["ingest_queue_url"],
        "dlq_url": "unused",
        "caption_queue_url": resources["caption_queue_url"],
        "user_hash_key": "h" * 32,
    }
    return Settings(**(values | changes))


@asynccontextmanager
async def ingesting(aws: str) -> AsyncIterator[Ingest]:
    """A worker with a bucket, a table and queues of its own."""
    async with clients(aws) as made:
        resources = await provision(made)
    settings = settings_for(resources)
    with ThreadPoolExecutor(2) as executor:
        async with (
            worker_tools(settings, service="ingest") as tools,
            Publisher(tools.sqs, settings.caption_queue_url) as publisher,
        ):
            url = settings.caption_queue_url
            ingest = Ingest(tools, publisher, executor, caption_queue_url=url)
            async with aclosing(ingest.worker):
                yield ingest
