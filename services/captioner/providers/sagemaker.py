"""Captions by a small model behind a SageMaker endpoint of one's own: see ``infra/sagemaker``.

Such a model writes one English sentence and takes no instructions: a style has no effect, and the
creative text and the alternative are composed from the sentence and the labels.
"""

import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import ClientError as HttpError
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ValidationError

from services.captioner import composed
from services.captioner.provider import (
    CaptionAnswer,
    CaptionRequest,
    InvalidOutput,
    Spent,
    Unsupported,
)
from services.captioner.providers.sagemaker_errors import (
    UNKNOWN_ENDPOINT,
    failure_of,
    is_of_container,
)
from shared.aws import aws_session, client_config

if TYPE_CHECKING:
    from types_aiobotocore_sagemaker_runtime import SageMakerRuntimeClient

logger = logging.getLogger(__name__)

NAME = "sagemaker"

# Bytes that a serverless endpoint takes; an instance takes more:
# https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
IMAGE_BYTES_LIMIT = 4 * 1024 * 1024
MODEL_NAME_LIMIT = 100  # characters of what users are shown


@dataclass(frozen=True, slots=True)
class SageMakerOptions:
    """``endpoint`` is its name. ``model`` is shown to users if the container names none.

    ``usd_per_second`` is the price of a serverless endpoint's time at its memory size; an
    instance costs the same however many captions it writes.
    """

    endpoint: str
    model: str
    usd_per_second: float | None = None
    read_timeout: float = 30.0  # seconds
    connections: int = 10


class SageMakerProvider:
    """Asks the endpoint for a sentence. ``clock`` measures, in seconds, what is paid for."""

    def __init__(
        self,
        client: "SageMakerRuntimeClient",
        options: SageMakerOptions,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._options = options
        self._clock = clock

    @property
    def name(self) -> str:
        """The contract's name."""
        return NAME

    @property
    def model(self) -> str:
        """The model that the endpoint is thought to serve."""
        return self._options.model

    def check(self, request: CaptionRequest) -> None:
        """Raise ``Unsupported`` for any language but English, and a photo too large to send.

        A style that can't be honoured is no reason: it is advice.
        """
        if request.language.split("-", maxsplit=1)[0].lower() != "en":
            raise Unsupported("language")
        if len(request.image) > IMAGE_BYTES_LIMIT:
            raise Unsupported("image_size")

    async def caption(self, request: CaptionRequest) -> CaptionAnswer:
        """Describe the photo with one call; raises ``ProviderError``."""
        self.check(request)
        body, spent = await self._invoke(request.image)
        said = _parsed(body, spent)
        texts = composed.compose(said.caption, request.labels)
        if texts is None:
            raise InvalidOutput("no_text", spent=spent)
        return CaptionAnswer(
            concise=texts.concise,
            creative=texts.creative,
            alt_text=texts.alt_text,
            language="en",
            model=said.model.strip()[:MODEL_NAME_LIMIT] or self.model,
            spent=spent,
        )

    async def _invoke(self, image: bytes) -> tuple[bytes, Spent]:
        began = self._clock()
        try:
            response = await self._client.invoke_endpoint(
                EndpointName=self._options.endpoint,
                ContentType="image/jpeg",
                Accept="application/json",
                Body=image,
            )
            async with response["Body"] as stream:
                return await stream.read(), self._spent(self._clock() - began)
        except (BotoCoreError, ClientError, HttpError, TimeoutError) as error:
            failure = failure_of(error)
            if is_of_container(error):
                failure.spent = self._spent(self._clock() - began)
            if failure.reason == UNKNOWN_ENDPOINT:
                # An alarm counts this line.
                logger.error("endpoint not found", extra={"provider": NAME})
            # Not chained: AWS's text quotes what the container said.
            raise failure from None

    def _spent(self, seconds: float) -> Spent:
        # By our clock, so a little above AWS's bill: the way there and back is in it.
        price = self._options.usd_per_second
        return Spent(cost_usd=None if price is None else price * seconds)


class _Said(BaseModel):
    """The contract with the container, but for the time it took, which is for its own logs."""

    caption: str
    model: str = ""


def _parsed(body: bytes, spent: Spent) -> _Said:
    try:
        document = json.loads(body)
    except ValueError:
        raise InvalidOutput("not_json", spent=spent) from None
    try:
        return _Said.model_validate(document, strict=True)
    except ValidationError:
        raise InvalidOutput("missing_fields", spent=spent) from None


@asynccontextmanager
async def open_sagemaker(options: SageMakerOptions) -> AsyncIterator[SageMakerProvider]:
    """The provider with a client of its own, closed at the end of the block."""
    # The chain tries again, and knows how much time is left.
    config = client_config(
        connections=options.connections, read_timeout_s=options.read_timeout, tries=1
    )
    async with aws_session().client("sagemaker-runtime", config=config) as client:
        yield SageMakerProvider(client, options)
