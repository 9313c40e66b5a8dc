"""What Amazon Rekognition sees in a photo. Labels are a bonus: whatever goes wrong here, the photo
goes on without them, and waits no longer than a limit.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from aiobotocore.config import AioConfig
from botocore.exceptions import ClientError
from pydantic import BaseModel, Field, TypeAdapter

from services.ingest.renditions import Rendition
from shared.aws import CONNECT_TIMEOUT_S, client_config, error_code
from shared.media import MediaType
from shared.records import Label, StageTime, timestamp
from shared.telemetry import tracer

if TYPE_CHECKING:
    from types_aiobotocore_rekognition import RekognitionClient

logger = logging.getLogger(__name__)

# Amazon Rekognition's developer guide, "Guidelines and quotas": images sent as bytes.
BYTES_MAX = 5 * 1024 * 1024
EDGE_MIN, EDGE_MAX = 80, 10_000  # pixels
_MEDIA_TYPES = frozenset({MediaType.JPEG, MediaType.PNG})
# The API's codes: asked for too often, and those of a picture that nobody could label.
_THROTTLED = frozenset({"ThrottlingException", "ProvisionedThroughputExceededException"})
_BLAME_THE_PHOTO = frozenset({"ImageTooLargeException", "InvalidImageFormatException"})
_RETRY_S = (0.2, 0.5)  # before the one retry of a throttled call
_CALLS_PER_PHOTO = 2


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """How Rekognition is asked. ``min_confidence`` is between 0 and 1."""

    limit: float = 3.0  # seconds that a photo may wait, retry included
    most: int = 15
    min_confidence: float = 0.7
    moderation: bool = False
    pause_after: int = 5  # failures in a row
    pause: float = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Seen:
    """``None`` where Rekognition was not asked or did not answer; empty where it saw nothing.

    ``moderation`` names what an operator may want to look at. ``time`` is that of the calls.
    """

    labels: tuple[Label, ...] | None = None
    moderation: tuple[str, ...] | None = None
    time: StageTime | None = None


class Pause:
    """Spares a service that keeps failing, and those who would wait for it.

    After ``after`` failures in a row it is asked once in ``length`` seconds, until it answers.
    """

    def __init__(
        self, *, after: int, length: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._after = after
        self._length = length
        self._clock = clock
        self._failures = 0
        self._until = 0.0

    def allows_call(self) -> bool:
        """Whether to ask now. The one who may ask in a pause prolongs it for all others."""
        if self._failures < self._after:
            return True
        if self._clock() < self._until:
            return False
        self._until = self._clock() + self._length
        return True

    def succeeded(self) -> None:
        """It answered."""
        self._failures = 0

    def failed(self) -> None:
        """It did not."""
        self._failures += 1
        if self._failures == self._after:
            self._until = self._clock() + self._length


class _Found(BaseModel):
    name: str = Field(alias="Name", min_length=1, max_length=100)
    confidence: float = Field(alias="Confidence", ge=0, le=100)  # per cent


_FOUND = TypeAdapter(list[_Found])


@dataclass(frozen=True, slots=True)
class _Question:
    """A call of the API: what it takes besides the picture, and where its answer is."""

    ask: Callable[..., Awaitable[Mapping[str, Any]]]
    arguments: Mapping[str, Any]
    answer: Literal["Labels", "ModerationLabels"]
    pause: Pause


class Rekognition:
    """Labels photos. One for the process, for its pauses to spare all photos."""

    def __init__(
        self,
        client: "RekognitionClient",
        options: LabelOptions = LabelOptions(),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = options.limit
        confidence = {"MinConfidence": options.min_confidence * 100}

        def pause() -> Pause:
            return Pause(after=options.pause_after, length=options.pause, clock=clock)

        most = {"MaxLabels": options.most}
        self._questions = [
            _Question(client.detect_labels, {**most, **confidence}, "Labels", pause())
        ]
        if options.moderation:
            moderation = client.detect_moderation_labels
            self._questions.append(_Question(moderation, confidence, "ModerationLabels", pause()))

    async def look(self, image: Rendition) -> Seen:
        """What is in ``image``. Never raises, and takes the limit's seconds at most."""
        unfit = _unfit(image)
        questions = [] if unfit else [each for each in self._questions if each.pause.allows_call()]
        if not questions:
            logger.info("not labelled", extra={"reason": unfit or "paused"})
            return Seen()
        started_at, began = timestamp(datetime.now(UTC)), time.monotonic()
        with tracer.start_as_current_span("detect labels"):
            answers = await asyncio.gather(*(self._answer(each, image.data) for each in questions))
        took = round((time.monotonic() - began) * 1000)
        found = {each.answer: answer for each, answer in zip(questions, answers, strict=True)}
        return Seen(
            labels=_labels(found.get("Labels")),
            moderation=_names(found.get("ModerationLabels")),
            time=StageTime(stage="labels", started_at=started_at, duration_ms=took),
        )

    async def _answer(self, question: _Question, data: bytes) -> list[_Found] | None:
        try:
            async with asyncio.timeout(self._limit):
                response = await _asked(question, data)
            found = _FOUND.validate_python(response[question.answer])
        except Exception as error:  # noqa: BLE001  whatever it is, the photo goes on without
            code = error_code(error) if isinstance(error, ClientError) else type(error).__name__
            if code not in _BLAME_THE_PHOTO:
                question.pause.failed()
            logger.warning("not labelled", extra={"reason": code, "asked": question.answer})
            return None
        question.pause.succeeded()
        return found


def rekognition_config(*, connections: int, limit: float) -> AioConfig:
    """The client's configuration, for ``connections`` photos at once. No call outlasts ``limit``
    seconds, and none is repeated behind our back.
    """
    return client_config(
        connections=connections * _CALLS_PER_PHOTO,
        connect_timeout_s=min(CONNECT_TIMEOUT_S, limit),
        read_timeout_s=limit,
        tries=1,
    )


async def _asked(question: _Question, data: bytes) -> Mapping[str, Any]:
    """The answer; a throttled call is made once more."""
    image = {"Bytes": data}
    try:
        return await question.ask(Image=image, **question.arguments)
    except ClientError as error:
        if error_code(error) not in _THROTTLED:
            raise
    await asyncio.sleep(random.uniform(*_RETRY_S))  # noqa: S311  not a secret
    return await question.ask(Image=image, **question.arguments)


def _unfit(image: Rendition) -> str | None:
    """Why Rekognition would refuse the picture, if it would."""
    if image.media_type not in _MEDIA_TYPES:
        return "format"
    if len(image.data) > BYTES_MAX:
        return "too_many_bytes"
    if min(image.width, image.height) < EDGE_MIN:
        return "too_small"
    return "too_large" if max(image.width, image.height) > EDGE_MAX else None


def _labels(found: list[_Found] | None) -> tuple[Label, ...] | None:
    if found is None:
        return None
    return tuple(
        Label(name=each.name, confidence=round(each.confidence / 100, 4), source="rekognition")
        for each in found
    )


def _names(found: list[_Found] | None) -> tuple[str, ...] | None:
    # A category and its parent may both be named; the order is Rekognition's.
    return None if found is None else tuple(dict.fromkeys(each.name for each in found))
