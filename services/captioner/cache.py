"""Captions made before, for the same user, bytes and options: what is asked for twice is paid once.

Only what the first provider wrote is kept, never a fallback's answer and never an edit. An item
names the image that it was made for, and is deleted with it.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from services.captioner.chain import Captioned
from services.captioner.prompts import PROMPT_VERSION
from services.captioner.provider import CaptionProvider
from shared.aws import calls_to, error_code
from shared.errors import DependencyUnavailable
from shared.item_store import ItemStore
from shared.items import Update, image_key, plain, to_attribute, user_key
from shared.records import CaptionResult, ImageRecord, Label, Part, Provider

logger = logging.getLogger(__name__)

NAME = "cache"
# Captions of one image that are kept: with other options each time, there is no end to them.
KEPT_PER_IMAGE = 8


class CachedCaptions(Part):
    """The item ``USER#{user_id}``/``CAPTION#{key}``. ``ttl`` is in Unix seconds."""

    image_id: str
    ttl: int
    concise: str
    creative: str
    alt_text: str
    language: str
    model: str
    degraded: bool
    labels: tuple[Label, ...] | None = None

    def result(self) -> CaptionResult:
        """As what a chain would have answered."""
        return CaptionResult(
            concise=self.concise,
            creative=self.creative,
            alt_text=self.alt_text,
            language=self.language,
            provider=Provider(name=NAME, model=self.model, degraded=self.degraded),
            labels=self.labels,
        )


@dataclass(frozen=True, slots=True)
class CaptionCache:
    """The cached captions of one table, for a chain that asks ``first`` first."""

    items: ItemStore
    first: CaptionProvider
    clock: Callable[[], float] = field(default=time.time)  # Unix seconds

    def key(self, record: ImageRecord) -> str | None:
        """Under which captions of ``record`` are kept; ``None`` if they are not to be."""
        if record.upload_sha256 is None or record.options.provider not in {None, self.first.name}:
            return None
        options = record.options
        parts = (
            record.upload_sha256,
            record.epoch,
            options.style,
            options.language,
            options.labels,
            _given_labels(record),
            PROMPT_VERSION,
            self.first.name,
            self.first.model,
        )
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def keys_with(self, record: ImageRecord, captioned: Captioned) -> tuple[str, ...] | None:
        """What ``record`` is to name once it has these captions; ``None`` if they aren't kept."""
        key = self.key(record)
        if key is None or captioned.provider.name != self.first.name:
            return None
        others = [other for other in record.cache_keys if other != key]
        return (*others[1 - KEPT_PER_IMAGE :], key)

    def needs(self, record: ImageRecord) -> dict[str, dict[str, str]] | None:
        """Where captions for ``record`` may be, unless its owner has asked for new ones."""
        key = self.key(record)
        return None if key is None or record.concise_caption is not None else _at(record, key)

    def found(self, item: Mapping[str, Any]) -> CaptionResult | None:
        """The captions in what was there, if they are any good."""
        try:
            cached = CachedCaptions.model_validate(plain(item)) if item else None
        except ValidationError:
            return None  # of other code than this
        return cached.result() if cached is not None and cached.ttl > self.clock() else None

    async def keep(self, record: ImageRecord, result: CaptionResult) -> None:
        """Keep what ``record``, as it was before, was completed with.

        Only while the record is there and names the key: then its deletion finds the item, so that
        none is ever left behind. Failing to keep is not an error.
        """
        if result.cache_keys is None:
            return
        cached = CachedCaptions(
            image_id=record.image_id,
            ttl=record.ttl,
            concise=result.concise,
            creative=result.creative,
            alt_text=result.alt_text,
            language=result.language,
            model=result.provider.model,
            degraded=result.provider.degraded,
            labels=result.labels,
        )
        try:
            await self._put(record, result.cache_keys[-1], cached)
            for key in set(record.cache_keys) - set(result.cache_keys):
                own = Update().when("{image_id} = :image", image=record.image_id)
                await self.items.delete(_at(record, key), own)
        except DependencyUnavailable as error:
            logger.warning("not cached", extra={"dependency": error.dependency})

    async def _put(self, record: ImageRecord, key: str, cached: CachedCaptions) -> None:
        item: dict[str, Any] = {
            name: to_attribute(value)
            for name, value in cached.model_dump(exclude_none=True).items()
        }
        named: Any = {
            "TableName": self.items.table,
            "Key": image_key(record.user_id, record.image_id),
            "ConditionExpression": "#job = :job AND contains(#keys, :key)",
            "ExpressionAttributeNames": {"#job": "job", "#keys": "cache_keys"},
            "ExpressionAttributeValues": {":job": {"S": record.job}, ":key": {"S": key}},
        }
        put: Any = {"TableName": self.items.table, "Item": {**item, **_at(record, key)}}
        try:
            with calls_to("dynamodb"):
                await self.items.dynamodb.transact_write_items(
                    TransactItems=[{"ConditionCheck": named}, {"Put": put}]
                )
        except ClientError as error:
            if error_code(error) != "TransactionCanceledException":
                raise
            logger.info("not cached", extra={"reason": "the record has moved on"})


def _at(record: ImageRecord, key: str) -> dict[str, dict[str, str]]:
    return user_key(record.user_id, f"CAPTION#{key}")


def _given_labels(record: ImageRecord) -> tuple[str, ...] | None:
    """The labels that a provider was told; those that it found itself are part of an answer."""
    details = record.label_details or ()
    return None if any(label.source == "local" for label in details) else record.labels
