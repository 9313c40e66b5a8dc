"""A captioner on an emulated AWS, with providers that say how often they were asked."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from services.captioner.chain import FallbackChain
from services.captioner.provider import CaptionAnswer, CaptionRequest, FoundLabel
from services.captioner.trying import Link
from services.captioner.worker import CaptionWorker
from services.gateway.identifiers import ImageIds
from shared.consumer import Delivery
from shared.contracts import ImageIngested
from shared.controls import Controls
from shared.hops import message_of
from shared.items import user_key
from shared.records import ImageRecord, Status, StoredImage
from shared.working import Tools

NOW = "2026-11-22T12:00:00.000Z"
HASH_KEY = "h" * 32
LIMIT = 10
_ids = ImageIds()


@dataclass
class FakeProvider:
    """Says how often it was asked."""

    name: str = "local"
    model: str = "m1"
    asked: list[CaptionRequest] = field(default_factory=list)
    broken: bool = False

    def check(self, request: CaptionRequest) -> None:
        """Everything is welcome."""

    async def caption(self, request: CaptionRequest) -> CaptionAnswer:
        self.asked.append(request)
        if self.broken:
            raise ConnectionError
        text = f"{self.name.capitalize()} {len(self.asked)}"
        return CaptionAnswer(
            concise=text,
            creative=f"{text}!",
            alt_text=text,
            language="en",
            model=self.model,
            labels=(FoundLabel("Cat", 0.9),),
        )


@dataclass
class Captioner:
    """A worker on an emulated AWS, and one user's way through it."""

    tools: Tools
    controls: Controls
    providers: tuple[FakeProvider, ...]
    user: str
    chain: FallbackChain | None = None
    photo: bytes = b"jpg"
    upgrades: bool = False

    def __post_init__(self) -> None:
        chain = self.chain or FallbackChain([Link(provider, 5) for provider in self.providers])
        self.worker = CaptionWorker(self.tools, chain, self.controls, upgrades=self.upgrades)

    async def record(self, **changes: Any) -> ImageRecord:
        """A stored image that waits for its captions, its unit spent."""
        image_id = _ids.new()
        spent = await self.controls.spend(self.user)
        key = f"images/{self.user}/{image_id}/model.jpg"
        await self.tools.objects.put(key, self.photo, content_type="image/jpeg")
        values: dict[str, Any] = {
            "user_id": self.user,
            "image_id": image_id,
            "status": Status.CAPTIONING,
            "job": uuid.uuid4().hex,
            "epoch": spent.epoch,
            "ttl": 4_000_000_000,
            "timestamp": NOW,
            "updated_at": NOW,
            "hop_started_at": NOW,
            "upload_key": "k",
            "upload_sha256": "s" * 64,
            "model_input": StoredImage(
                key=key, content_type="image/jpeg", bytes=len(self.photo), width=4, height=3
            ),
        }
        record = ImageRecord.model_validate(values | changes)
        await self.tools.records.create(record)
        return record

    async def handle(self, record: ImageRecord) -> ImageRecord:
        """Deliver the record's message; the record afterwards."""
        message = message_of(record)
        assert isinstance(message, ImageIngested)
        await self.worker.handle(Delivery(message, 1))
        after = await self.tools.records.get(self.user, record.image_id)
        assert after is not None
        return after

    async def captioned(self, **changes: Any) -> ImageRecord:
        """A new image, captioned."""
        return await self.handle(await self.record(**changes))

    async def cached(self, record: ImageRecord) -> dict[str, Any]:
        """The cache's item of ``record``."""
        return await self.tools.items.read(user_key(self.user, f"CAPTION#{record.cache_keys[-1]}"))

    async def spent(self) -> int:
        """How many units of quota are gone."""
        return LIMIT - (await self.controls.bucket(self.user)).remaining


def made(
    tools: Tools, *providers: FakeProvider, user: str | None = None, **changes: Any
) -> Captioner:
    controls = Controls(
        tools.items.dynamodb,
        tools.items.table,
        hash_key=HASH_KEY.encode(),
        limit=LIMIT,
        window=1e6,
        lifetime=1e6,
    )
    return Captioner(tools, controls, providers, user or f"user-{uuid.uuid4().hex}", **changes)
