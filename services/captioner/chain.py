"""Ask one provider after the other until one describes the photo, and keep the whole story.

Every try leaves an ``Attempt``, and so does every provider that was passed over: what a user sees
is the caption, what an operator sees is why it came from where it came.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.captioner.provider import (
    CaptionAnswer,
    CaptionProvider,
    CaptionRequest,
    ProviderError,
    Throttled,
    Unavailable,
)
from services.captioner.trying import NO_TIME_LEFT, Link, Tried, passed_over, try_once
from shared.errors import Transient
from shared.records import Attempt, Outcome, Provider
from shared.upgrades import LOCAL_PROVIDER

logger = logging.getLogger(__name__)

TRIES = 2  # of one provider, if the first try failed for a passing reason
PAUSE_S = 0.3  # before the second try, on average
PAUSE_MAX_S = 2.0  # a provider that asks for more patience is left for the next one
EXHAUSTED_S = 30.0  # until a photo comes back that nobody could caption: outages last longer
LEAST_S = 1.0  # a try that has less time than this is not begun

# What the first provider may be well again from: then the photo is worth another try some day.
_PASSING: frozenset[Outcome] = frozenset({"throttled", "timeout", "error", "circuit_open"})


@dataclass(frozen=True, slots=True)
class Captioned:
    """The texts, and who wrote them after which attempts.

    ``is_upgradable``: the first provider would have been asked for better ones, was in no state to
    answer, and may be later.
    """

    answer: CaptionAnswer
    provider: Provider
    is_upgradable: bool = False


def _ignore(_: Attempt) -> None:
    """Nobody wants to know."""


def _nothing_held(_: str) -> str | None:
    """Every provider may be asked."""
    return None


class FallbackChain:
    """Providers in the order in which they are asked.

    All remote ones together take at most ``deadline``, which must end well before the lease.
    ``held`` says why the provider of a name may not be asked just now, if so; ``tried`` hears of
    every attempt.
    """

    def __init__(
        self,
        links: Sequence[Link],
        *,
        deadline: float = 100.0,  # seconds
        held: Callable[[str], str | None] = _nothing_held,
        tried: Callable[[Attempt], None] = _ignore,
        clock: Callable[[], float] = time.monotonic,  # seconds
    ) -> None:
        if not links:
            raise ValueError("a chain needs at least one provider")
        self._links = tuple(links)
        self._deadline = deadline
        self._held = held
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
        deadline = self._clock() + self._deadline
        story: list[Attempt] = []
        for link in self._order(preferred):
            answer = await self._ask(link, request, deadline, story)
            if answer is not None:
                return self._captioned(link, answer, story)
            logger.warning(
                "falling back",
                extra={"provider": link.provider.name, "reason": story[-1].reason},
            )
        raise Transient(
            "no provider could caption the photo",
            code="providers_exhausted",
            retry_after=EXHAUSTED_S,
        )

    def _order(self, preferred: str | None) -> list[Link]:
        # Sorting is stable: among the others, the order of the settings stands.
        return sorted(self._links, key=lambda link: link.provider.name != preferred)

    async def _ask(
        self, link: Link, request: CaptionRequest, deadline: float, story: list[Attempt]
    ) -> CaptionAnswer | None:
        for tries_left in reversed(range(TRIES)):
            tried = await self._try(link, request, deadline)
            story.append(tried.attempt)
            self._tried(tried.attempt)
            if tried.answer is not None:
                return tried.answer
            pause = self._pause(link, tried.failure, deadline) if tries_left else None
            if pause is None:
                return None
            await asyncio.sleep(pause)
        return None

    async def _try(self, link: Link, request: CaptionRequest, deadline: float) -> Tried:
        reason = self._held(link.provider.name)
        if reason is not None:
            return passed_over(link, reason)
        if link.breaker is None:
            # Asked after all the others, whatever time they took.
            return await try_once(link, request, seconds=link.timeout, clock=self._clock)
        left = deadline - self._clock()
        if left < LEAST_S:
            return passed_over(link, NO_TIME_LEFT)
        seconds = min(link.timeout, left)
        return await try_once(link, request, seconds=seconds, clock=self._clock)

    def _pause(self, link: Link, failure: ProviderError | None, deadline: float) -> float | None:
        """How long to wait before the same provider is asked again; ``None``: not at all."""
        if failure is None or not failure.is_passing:
            return None
        if link.breaker is not None and link.breaker.state != "closed":
            return None
        pause = random.uniform(0.5, 1.5) * PAUSE_S  # noqa: S311  jitter is no secret
        if isinstance(failure, Throttled | Unavailable) and failure.retry_after is not None:
            pause = max(pause, failure.retry_after)
        if pause > PAUSE_MAX_S or self._clock() + pause + LEAST_S > deadline:
            return None
        return pause

    def _captioned(self, link: Link, answer: CaptionAnswer, story: list[Attempt]) -> Captioned:
        name, first = link.provider.name, self.first.name
        provider = Provider(
            name=name,
            model=answer.model,
            degraded=name == LOCAL_PROVIDER or name != first,
            attempts=tuple(story),
        )
        of_first = [attempt.outcome for attempt in story if attempt.provider == first]
        upgradable = name != first and bool(of_first) and of_first[-1] in _PASSING
        return Captioned(answer, provider, is_upgradable=upgradable)
