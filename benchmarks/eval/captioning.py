"""Caption photos with one provider, as the captioner would: same input, same rules, same limits."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.eval.photos import Photo
from benchmarks.eval.scoring import Scored, score
from services.captioner.provider import (
    NOTHING_SPENT,
    CaptionAnswer,
    CaptionProvider,
    CaptionRequest,
    ProviderError,
    Spent,
)
from services.captioner.providers.opening import open_providers
from services.captioner.quality import cleaned
from services.captioner.settings import ProviderName, Settings
from services.ingest.decode import Limits
from services.ingest.renditions import prepare

Format = Literal["unchanged", "mended", "refused", "none"]
LIMITS = Limits(bytes=100 * 1024**2, pixels=200_000_000)


class NotConfigured(Exception):
    """The provider has no settings here."""


@dataclass(frozen=True, slots=True)
class Captioned:
    """One photo, what was said of it, and how long that took in seconds.

    ``form`` is what the quality rules made of it: ``refused`` is an answer that was thrown away,
    ``none`` none at all. ``reason`` says why there is no caption.
    """

    photo: Photo
    form: Format
    scored: Scored
    seconds: float
    spent: Spent = NOTHING_SPENT
    answer: CaptionAnswer | None = None
    reason: str | None = None


def settings_for(provider: ProviderName) -> Settings:
    """The captioner's settings for one provider, from the environment; no worker's are needed."""
    return Settings(
        providers=(provider,),
        images_bucket="unused",
        records_table="unused",
        queue_url="unused",
        dlq_url="unused",
        user_hash_key="unused" * 6,
    )


async def caption_all(
    provider_name: ProviderName, paths: Iterable[tuple[Photo, Path]], *, language: str
) -> AsyncIterator[Captioned]:
    """Caption one photo after the other. Raises ``NotConfigured``."""
    async with open_providers(settings_for(provider_name)) as opened:
        if not opened:
            raise NotConfigured(provider_name)
        ((provider, limit),) = opened
        for photo, path in paths:
            image = await asyncio.to_thread(_model_input, path)
            yield await _caption(provider, limit, photo, CaptionRequest(image, language=language))


def _model_input(path: Path) -> bytes:
    return prepare(path.read_bytes(), limits=LIMITS).model.data


async def _caption(
    provider: CaptionProvider, limit: float, photo: Photo, request: CaptionRequest
) -> Captioned:
    began = time.perf_counter()
    spent = NOTHING_SPENT
    form: Format = "none"
    try:
        provider.check(request)
        async with asyncio.timeout(limit):  # seconds
            raw = await provider.caption(request)
        seconds = time.perf_counter() - began
        form, spent = "refused", raw.spent
        clean = cleaned(raw, request, any_language=provider.name == "local")
    except (ProviderError, TimeoutError) as error:
        return Captioned(
            photo,
            form,
            Scored("no answer"),
            time.perf_counter() - began,
            spent=error.spent if isinstance(error, ProviderError) else spent,
            reason=error.reason if isinstance(error, ProviderError) else "timeout",
        )
    same = (raw.concise, raw.creative, raw.alt_text) == (
        clean.concise,
        clean.creative,
        clean.alt_text,
    )
    form = "unchanged" if same else "mended"
    return Captioned(photo, form, score(photo, clean), seconds, spent, clean)
