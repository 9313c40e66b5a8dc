"""One try of one provider: its time limit, its circuit, the rules for its texts, and what it tells.

Nothing is raised for a try that failed: it comes back as an ``Attempt`` with its failure, because
a failed try is what the next provider is there for.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.trace import Span, SpanKind, StatusCode

from services.captioner.breaker import Breaker
from services.captioner.provider import (
    NOTHING_SPENT,
    CaptionAnswer,
    CaptionProvider,
    CaptionRequest,
    ProviderError,
    Spent,
)
from services.captioner.quality import cleaned
from shared.errors import Permanent
from shared.provider_health import Circuit
from shared.records import Attempt, Outcome
from shared.telemetry import MODEL, OUTCOME, PROVIDER, tracer

logger = logging.getLogger(__name__)

# OpenTelemetry's word for what the providers do: texts from a picture.
OPERATION = "generate_content"
# Why a provider was passed over by the chain itself, and by nobody's word.
CIRCUIT_OPEN = "circuit_open"
NO_TIME_LEFT = "no_time_left"


class TimedOut(ProviderError):
    """No answer within the time that a try has."""

    outcome: Outcome = "timeout"


class CutShort(TimedOut):
    """No answer within what the others before it had left, which is not its fault."""

    blames_provider = False
    was_asked = False


class Unexpected(ProviderError):
    """A failure of our own code on the way to or from the provider."""

    blames_provider = False
    was_asked = False


class PassedOver(ProviderError):
    """It was not asked, to spare it or somebody's purse."""

    outcome: Outcome = "circuit_open"
    blames_provider = False


@dataclass(frozen=True, slots=True)
class Link:
    """One provider of the chain.

    ``timeout`` is how long a try may take, in seconds. Without a ``breaker`` it is asked whatever
    happened before: the local one, which no outage can reach.
    """

    provider: CaptionProvider
    timeout: float
    breaker: Breaker | None = None


def circuit_of(links: Sequence[Link], name: str) -> Circuit:
    """The state of a provider's circuit; closed for one that has none."""
    for link in links:
        if link.provider.name == name and link.breaker is not None:
            return link.breaker.state
    return "closed"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try: an answer, or the failure that stands in its place."""

    attempt: Attempt
    answer: CaptionAnswer | None = None
    failure: ProviderError | None = None


async def try_once(
    link: Link,
    request: CaptionRequest,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,  # seconds
) -> Tried:
    """Ask ``link`` for at most ``seconds``. Raises ``Permanent`` if the stored photo is broken."""
    began = clock()
    try:
        answer = await _ask(link, request, seconds)
    except ProviderError as failure:
        return Tried(_failed(link, failure, clock() - began), failure=failure)
    attempt = _attempt(link, "ok", clock() - began, model=answer.model, spent=answer.spent)
    return Tried(attempt, answer=answer)


def passed_over(link: Link, reason: str) -> Tried:
    """``link`` was not asked, because of ``reason``."""
    failure = PassedOver(reason)
    return Tried(_failed(link, failure, 0.0), failure=failure)


async def _ask(link: Link, request: CaptionRequest, seconds: float) -> CaptionAnswer:
    with _guarded(link):
        link.provider.check(request)
    if link.breaker is None:
        return await _answer(link, request, seconds)
    ticket = link.breaker.admit()
    if ticket is None:
        raise PassedOver(CIRCUIT_OPEN)
    heard_of_it = link.breaker.let_go
    try:
        answer = await _answer(link, request, seconds)
    except ProviderError as failure:
        if failure.blames_provider:
            heard_of_it = link.breaker.failed
        elif failure.was_asked:
            heard_of_it = link.breaker.succeeded  # it answered; the photo was at fault
        raise
    else:
        heard_of_it = link.breaker.succeeded
        return answer
    finally:
        heard_of_it(ticket)


async def _answer(link: Link, request: CaptionRequest, seconds: float) -> CaptionAnswer:
    attributes = {
        "gen_ai.operation.name": OPERATION,
        PROVIDER: link.provider.name,
        MODEL: link.provider.model,
    }
    # A provider's error may quote what the model wrote, which is not for traces.
    with tracer.start_as_current_span(
        f"{OPERATION} {link.provider.model}",
        kind=SpanKind.CLIENT,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            raw = await _within(link, request, seconds)
            with _guarded(link, spent=raw.spent):
                # The last one writes English whatever was asked for: better than nothing, and
                # said so.
                answer = cleaned(raw, request, any_language=link.breaker is None)
        except ProviderError as failure:
            span.set_attribute(OUTCOME, failure.outcome)
            span.set_status(StatusCode.ERROR)
            _tell_tokens(span, failure.spent)
            raise
        span.set_attribute(OUTCOME, "ok")
        _tell_tokens(span, answer.spent)
        return answer


def _tell_tokens(span: Span, spent: Spent) -> None:
    for kind, count in (("input", spent.input_tokens), ("output", spent.output_tokens)):
        if count is not None:
            span.set_attribute(f"gen_ai.usage.{kind}_tokens", count)


async def _within(link: Link, request: CaptionRequest, seconds: float) -> CaptionAnswer:
    with _guarded(link):
        try:
            async with asyncio.timeout(seconds):
                return await link.provider.caption(request)
        except TimeoutError as error:
            kind = TimedOut if seconds >= link.timeout else CutShort
            raise kind("timeout") from error


@contextmanager
def _guarded(link: Link, *, spent: Spent = NOTHING_SPENT) -> Iterator[None]:
    """What nobody expected is our own mistake, or a library's: the photo shall not pay for it."""
    try:
        yield
    except (Permanent, ProviderError):
        raise
    except Exception as error:
        logger.error(
            "provider misbehaved",
            extra={"provider": link.provider.name, "error": type(error).__name__},
        )
        raise Unexpected(type(error).__name__, spent=spent) from error


def _failed(link: Link, failure: ProviderError, seconds: float) -> Attempt:
    return _attempt(
        link,
        failure.outcome,
        seconds,
        model=link.provider.model,
        reason=failure.reason,
        spent=failure.spent,
    )


def _attempt(
    link: Link,
    outcome: Outcome,
    seconds: float,
    *,
    model: str,
    reason: str | None = None,
    spent: Spent = NOTHING_SPENT,
) -> Attempt:
    return Attempt(
        provider=link.provider.name,
        model=model,
        outcome=outcome,
        reason=reason,
        duration_ms=round(seconds * 1000),
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        cost_usd=spent.cost_usd,
    )
