"""Stay below an account's tokens per minute, which all captioners share, by waiting before a call.

The shared budget is one number in DynamoDB, a GCRA's theoretical arrival time as in
``shared.controls``. A process takes a slice of it at a time, worth many photos where the limit is
high, and spends that without asking again. In no 60 seconds do all of them together admit more
than the limit, as far as their estimates are right; those are learned from the answers.
"""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from services.captioner.provider import Throttled
from shared.errors import DependencyUnavailable
from shared.item_store import ItemStore
from shared.items import Update

logger = logging.getLogger(__name__)

MICROSECOND = 1_000_000  # the item's time is in whole microseconds: DynamoDB compares them exactly
MINUTE = 60.0  # seconds
BURST = 5.0  # seconds' worth that an idle budget gives at once
SLICE = 2.0  # seconds' worth of the whole budget that a process takes at a time
HELD = 5.0  # seconds after which what is left of a slice is forgotten
# In the worst minute are spent: a minute's worth, the burst before it, and slices taken earlier.
PACED_MINUTE = MINUTE + BURST + HELD
STORE_PAUSE = 10.0  # seconds until it is asked again
ITEM_LIFETIME = 86_400  # seconds
WEIGHT_OF_NEW = 0.1  # in the moving average of tokens per call
LEAST_SHARE = 0.05
RECOVERY = 0.02  # of the budget, regained with each answer
RETRY_AFTER_LIMIT = 60.0  # seconds: a limit per minute is over after one
THROTTLE_PAUSE = 1.0  # seconds in which further throttles belong to the same event
RACES = 3
PACED = "paced"  # the reason of an attempt that never became a call


class Paced(Throttled):
    """We spared the provider ourselves: nothing was sent, and it is not to blame."""

    blames_provider = False
    was_asked = False

    def __init__(self, retry_after: float) -> None:
        super().__init__(PACED, retry_after=retry_after)


@dataclass(frozen=True, slots=True)
class PaceOptions:
    """``output_weight``: how many tokens of the limit one token of output takes."""

    tokens_per_minute: int
    max_wait: float  # seconds, for one call
    estimate: int = 3000  # tokens of a call, until answers tell
    output_weight: int = 1
    store_timeout: float = 3.0  # seconds for DynamoDB, until a process goes on alone
    alone_share: float = 0.1  # of the budget without DynamoDB: there may be ten of us


class SharedBudget:
    """The tokens that one model may take, as the item ``PACE``/``{provider}#{model}``."""

    def __init__(
        self,
        items: ItemStore,
        name: str,
        *,
        tokens_per_second: float,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._items = items
        self._key = {"PK": {"S": "PACE"}, "SK": {"S": name}}
        self._rate = tokens_per_second
        self._clock = clock

    async def take(self, tokens: float) -> float:
        """0 if ``tokens`` are taken now; else the seconds until they may be there.

        Of an idle budget a slice is always taken, however large. Raises ``DependencyUnavailable``.
        """
        length = math.ceil(tokens / self._rate * MICROSECOND)
        room = max(0, round(BURST * MICROSECOND) - length)
        for _ in range(RACES):
            now = round(self._clock() * MICROSECOND)
            ttl = math.ceil(self._clock()) + ITEM_LIFETIME
            for update in (_busy(now, length, room, ttl), _idle(now, length, ttl)):
                if await self._items.write(self._key, update) is not None:
                    return 0.0
            item = await self._items.read(self._key)
            wait = int(item["tat"]["N"]) - room - now if "tat" in item else 0
            if wait > 0:
                return wait / MICROSECOND
        return length / MICROSECOND


def _busy(now: int, length: int, room: int, ttl: int) -> Update:
    return (
        Update()
        .add("tat", length)
        .set(ttl=ttl)
        .when("{tat} >= :now", now=now)
        .when("{tat} <= :latest", latest=now + room)
    )


def _idle(now: int, length: int, ttl: int) -> Update:
    return (
        Update()
        .set(tat=now + length, ttl=ttl)
        .when("attribute_not_exists({tat}) OR {tat} < :now", now=now)
    )


class Pacer:
    """The gate before the calls of one process to one model.

    After a throttle it asks for more tokens per call than it needs, twice as many each time, and
    comes back step by step with the answers: what the account really gives may be less than the
    setting says.
    """

    def __init__(
        self,
        items: ItemStore,
        name: str,
        options: PaceOptions,
        *,
        clock: Callable[[], float] = time.time,  # Unix seconds
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._options = options
        self._clock = clock
        self._sleep = sleep
        self._rate = options.tokens_per_minute / PACED_MINUTE
        self._shared = SharedBudget(items, name, tokens_per_second=self._rate, clock=clock)
        self._estimate = float(options.estimate)
        self._share = 1.0
        self._tokens = 0.0
        self._taken_at = 0.0
        self._closed_until = 0.0
        self._throttled_at = 0.0
        self._store_from = 0.0
        self._alone_from = 0.0
        self._lock = asyncio.Lock()

    @property
    def estimate(self) -> float:
        """Tokens that a call is thought to take, output weighted."""
        return self._estimate

    @property
    def share(self) -> float:
        """Of the budget, what throttles have left."""
        return self._share

    async def admit(self) -> float:
        """Wait until a call may be made; the tokens reserved for it.

        Raises ``Paced`` as soon as the wait would be longer than ``max_wait``.
        """
        deadline = self._clock() + self._options.max_wait
        while True:
            async with self._lock:
                reserved = self._estimate / self._share
                wait = await self._take(reserved)
            if wait <= 0:
                return reserved
            if self._clock() + wait > deadline:
                raise Paced(wait)
            await self._sleep(wait)

    def answered(
        self, reserved: float, input_tokens: int | None, output_tokens: int | None
    ) -> None:
        """A call that ``reserved`` so much was answered; ``None`` where nobody counted."""
        self._share = min(1.0, self._share + RECOVERY)
        if input_tokens is None or output_tokens is None:
            return
        used = input_tokens + self._options.output_weight * output_tokens
        self._estimate += WEIGHT_OF_NEW * (used - self._estimate)
        # The next slice pays for an overrun; what is left over is kept as a margin.
        self._tokens -= max(0.0, used - reserved)

    def throttled(self, retry_after: float | None) -> None:
        """A call was throttled. ``retry_after`` is in seconds, if the provider said."""
        now = self._clock()
        if retry_after is not None:
            pause = min(retry_after, RETRY_AFTER_LIMIT)
            self._closed_until = max(self._closed_until, now + pause)
        if now - self._throttled_at < THROTTLE_PAUSE:
            return
        self._throttled_at = now
        self._share = max(LEAST_SHARE, self._share / 2)

    async def _take(self, tokens: float) -> float:
        """0 if ``tokens`` are there now, and taken; else the seconds to wait."""
        now = self._clock()
        if now < self._closed_until:
            return self._closed_until - now
        if now - self._taken_at > HELD:
            self._tokens = min(0.0, self._tokens)
        if self._tokens < tokens:
            wait = await self._refill(tokens - self._tokens)
            if wait > 0:
                # Nobody else need ask before that.
                self._closed_until = self._clock() + wait
                return wait
        self._tokens -= tokens
        return 0.0

    async def _refill(self, missing: float) -> float:
        """0 if at least ``missing`` tokens have been added; else the seconds to wait."""
        if self._clock() < self._store_from:
            return self._alone(missing)
        wanted = max(missing, SLICE * self._rate)
        try:
            async with asyncio.timeout(self._options.store_timeout):
                wait = await self._shared.take(wanted)
        except (DependencyUnavailable, BotoCoreError, ClientError, TimeoutError) as error:
            self._store_from = self._clock() + STORE_PAUSE
            logger.warning("pacing alone", extra={"error": type(error).__name__})
            return self._alone(missing)
        if wait <= 0:
            self._add(wanted)
        return wait

    def _alone(self, missing: float) -> float:
        """As ``_refill``, from this process's part of the budget and never more than is missing."""
        now = self._clock()
        if now < self._alone_from:
            return self._alone_from - now
        self._alone_from = now + missing / (self._rate * self._options.alone_share)
        self._add(missing)
        return 0.0

    def _add(self, tokens: float) -> None:
        self._tokens += tokens
        self._taken_at = self._clock()
