"""Ask one provider after the other until one describes the photo, and keep the whole story.

Every try leaves an ``Attempt``: what a user sees is the caption, what an operator sees is why it
came from where it came.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.captioner.provider import CaptionAnswer, CaptionProvider, CaptionRequest
from shared.errors import Permanent, Transient
from shared.records import Attempt, Provider
from shared.telemetry import MODEL, OUTCOME, PROVIDER, tracer

logger = logging.getLogger(__name__)

# Approximate by design, wherever it stands in the chain.
ALWAYS_DEGRADED = "local"


@dataclass(frozen=True, slots=True)
class Link:
    """One provider of the chain and how long it may take, in seconds."""

    provider: CaptionProvider
    timeout: float


@dataclass(frozen=True, slots=True)
class Captioned:
    """The texts, and who wrote them after which attempts."""

    answer: CaptionAnswer
    provider: Provider


def _ignore(_: Attempt) -> None:
    """Nobody wants to know."""


class FallbackChain:
    """Providers in the order in which they are asked. ``tried`` hears of every attempt."""

    def __init__(
        self,
        links: Sequence[Link],
        *,
        tried: Callable[[Attempt], None] = _ignore,
        clock: Callable[[], float] = time.monotonic,  # seconds
    ) -> None:
        if not links:
            raise ValueError("a chain needs at least one provider")
        self._links = tuple(links)
        self._tried = tried
        self._clock = clock

    @property
    def first(self) -> CaptionProvider:
        """The provider that is asked first, unless a request prefers another."""
        return self._links[0].provider

    async def caption(self, request: CaptionRequest, *, preferred: str | None = None) -> Captioned:
        """Describe the photo. A ``preferred`` provider is asked before the others, if it is here.

        Raises ``Permanent`` if the photo is at fault, and ``Transient`` with the code
        ``providers_exhausted`` if no provider answered.
        """
        attempts: list[Attempt] = []
        failures: list[Exception] = []
        for link in self._order(preferred):
            began = self._clock()
            try:
                answer = await self._ask(link, request)
            except Permanent:
                raise
            except Exception as error:  # noqa: BLE001  whatever went wrong, ask the next one
                attempts.append(self._attempt(link, began, error))
                self._tried(attempts[-1])
                failures.append(error)
                logger.warning(
                    "falling back",
                    extra={"provider": link.provider.name, "error": type(error).__name__},
                )
            else:
                attempts.append(self._answered(link, began, answer))
                self._tried(attempts[-1])
                return Captioned(answer, self._provider(link, answer, attempts))
        raise Transient(
            "no provider could caption the photo", code="providers_exhausted"
        ) from ExceptionGroup("providers", failures)

    def _order(self, preferred: str | None) -> list[Link]:
        # Sorting is stable: among the others, the order of the settings stands.
        return sorted(self._links, key=lambda link: link.provider.name != preferred)

    async def _ask(self, link: Link, request: CaptionRequest) -> CaptionAnswer:
        attributes = {PROVIDER: link.provider.name, MODEL: link.provider.model}
        # A provider's error may quote what the model wrote, which is not for traces.
        with tracer.start_as_current_span(
            "caption", attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            async with asyncio.timeout(link.timeout):
                answer = await link.provider.caption(request)
            span.set_attribute(OUTCOME, "ok")
            return answer

    def _provider(self, link: Link, answer: CaptionAnswer, attempts: list[Attempt]) -> Provider:
        name = link.provider.name
        degraded = name == ALWAYS_DEGRADED or link is not self._links[0]
        return Provider(name=name, model=answer.model, degraded=degraded, attempts=tuple(attempts))

    def _answered(self, link: Link, began: float, answer: CaptionAnswer) -> Attempt:
        return Attempt(
            provider=link.provider.name,
            model=answer.model,
            outcome="ok",
            duration_ms=self._milliseconds_since(began),
            input_tokens=answer.input_tokens,
            output_tokens=answer.output_tokens,
            cost_usd=answer.cost_usd,
        )

    def _attempt(self, link: Link, began: float, error: Exception) -> Attempt:
        return Attempt(
            provider=link.provider.name,
            model=link.provider.model,
            outcome="timeout" if isinstance(error, TimeoutError) else "error",
            # The kind of failure only: a provider's message may quote the prompt or the answer.
            reason=type(error).__name__,
            duration_ms=self._milliseconds_since(began),
        )

    def _milliseconds_since(self, began: float) -> int:
        return round((self._clock() - began) * 1000)
