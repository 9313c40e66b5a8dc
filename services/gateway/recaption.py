"""``POST /v1/images/{id}/captions`` and ``/retry``: work begun again on an image that is there."""

from http import HTTPStatus

from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict

from services.gateway.auth import IDENTITY
from services.gateway.identifiers import parse_image_id
from services.gateway.images import image_response
from services.gateway.keys import ITEMS, RECORDS, RESTARTS
from services.gateway.options import Language, Style, invalid_options
from services.gateway.parsing import read_json
from services.gateway.problems import not_found
from services.gateway.providers import KNOWN, configured_providers
from services.gateway.quota import give_back, spend
from services.gateway.restarts import can_be_captioned, not_ready
from shared.api import FieldFault
from shared.contracts import CaptionOptions, ProviderName
from shared.records import ImageRecord


class CaptionRequest(BaseModel):
    """How to caption again. Language and style stay as they were unless given; ``provider`` is
    asked first, this once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    language: Language | None = None
    style: Style | None = None
    provider: ProviderName | None = None

    def options(self, before: CaptionOptions) -> CaptionOptions:
        """``before`` with what was asked for."""
        return CaptionOptions(
            labels=before.labels,
            language=self.language or before.language,
            style=before.style if self.style is None else self.style or None,
            provider=self.provider,
            keep_exif=before.keep_exif,
        )


async def caption_again(request: web.Request) -> web.Response:
    """Have the stored image captioned once more, for a unit of quota; 202 once that is durable.

    Raises ``Problem``: 409 ``not_ready``, 422 ``invalid_option``, 429 ``quota_exceeded``.
    """
    asked = await read_json(request, CaptionRequest) if request.can_read_body else CaptionRequest()
    record = await _record_of(request)
    if not can_be_captioned(record):
        raise not_ready(record)
    if asked.provider is not None:
        await _refuse_unconfigured(request, asked.provider)
    restarts = request.app[RESTARTS]
    spent = await spend(request)
    try:
        options = asked.options(record.options)
        begun = await restarts.caption_again(record, options, epoch=spent.epoch)
    except BaseException:
        await give_back(request)
        raise
    await restarts.send(begun)
    return await _accepted(request, begun)


async def retry_image(request: web.Request) -> web.Response:
    """Try a failed image again, for nothing; 202 once that is durable.

    Raises ``Problem`` 409: ``not_failed``, ``not_retryable``.
    """
    restarts = request.app[RESTARTS]
    begun = await restarts.retry(await _record_of(request))
    await restarts.send(begun)
    return await _accepted(request, begun)


async def _refuse_unconfigured(request: web.Request, provider: str) -> None:
    """Nobody would ask it, and the captions would come from another without a word."""
    configured = await configured_providers(request.app[ITEMS])
    # While no captioner runs there is no telling.
    if configured and provider not in configured:
        asked = ", ".join(name for name in KNOWN if name in configured)
        raise invalid_options([FieldFault(pointer="/provider", message=f"not one of {asked}")])


async def _record_of(request: web.Request) -> ImageRecord:
    image_id = parse_image_id(request.match_info["image_id"])
    user_id = request[IDENTITY].user_id
    record = await request.app[RECORDS].get(user_id, image_id) if image_id else None
    if record is None:
        raise not_found()
    return record


async def _accepted(request: web.Request, record: ImageRecord) -> web.Response:
    response = await image_response(request, record, status=HTTPStatus.ACCEPTED)
    response.headers[hdrs.LOCATION] = f"/v1/images/{record.image_id}"
    return response
