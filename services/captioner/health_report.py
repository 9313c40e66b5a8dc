"""How the providers of this process's chain do, told to the admin page every few seconds."""

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime

from botocore.exceptions import BotoCoreError, ClientError

from services.captioner.background import Background
from services.captioner.pacing import PACED
from services.captioner.retirement import Retirement
from services.captioner.trying import CIRCUIT_OPEN, NO_TIME_LEFT
from shared.errors import DependencyUnavailable
from shared.item_store import ItemStore
from shared.latency import BUCKETS, bucket_of
from shared.provider_health import (
    IDLE_REPORT_S,
    WINDOW_S,
    Circuit,
    ProcessReport,
    ProviderReport,
    write_report,
)
from shared.records import Attempt
from shared.usage import UsageCounter

logger = logging.getLogger(__name__)

REPORT_S = 10.0
# Outcomes that tell of the provider and not of the photo.
FAULTS = frozenset({"throttled", "timeout", "error"})
TRIES_KEPT = 2000  # of each provider; a process makes fewer in an hour of remote calls

# How many milliseconds a try took, when it ended (Unix seconds), and whether it brought an answer.
_Try = tuple[float, int, bool]


class _Provider:
    def __init__(self, model: str) -> None:
        self.model = model
        self.tries: deque[_Try] = deque(maxlen=TRIES_KEPT)
        self.last_error: tuple[str, float] | None = None
        self.last_fault_at: float | None = None


class HealthReport(Background):
    """Hears of every try and reports. Use as an asynchronous context manager.

    ``providers`` are the names and models of the chain in its order. By a provider's name,
    ``circuit`` tells the state of its breaker, ``held`` why it may not be asked, if so, and
    ``ends`` has the last day of its model, where that is known.
    """

    def __init__(
        self,
        items: ItemStore,
        *,
        providers: Sequence[tuple[str, str]],
        usage: UsageCounter,
        circuit: Callable[[str], Circuit],
        held: Callable[[str], str | None],
        ends: Mapping[str, date],
        interval: float = REPORT_S,  # seconds
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._items = items
        self._process = uuid.uuid4().hex
        self._providers = {name: _Provider(model) for name, model in providers}
        self._usage = usage
        self._circuit = circuit
        self._held = held
        self._retirement = Retirement(self._providers, ends)
        self._interval = interval
        self._clock = clock
        self._reported: tuple[ProviderReport, ...] | None = None
        self._reported_at = 0.0

    def tried(self, attempt: Attempt) -> None:
        """Take note of one try of one provider."""
        provider = self._providers.get(attempt.provider)
        if provider is None:
            return
        now = self._clock()
        if attempt.cost_usd:
            self._usage.add_cost(attempt.provider, attempt.cost_usd)
        answered = attempt.outcome == "ok"
        # A call that was never made says nothing about how the provider does.
        if attempt.outcome not in {"circuit_open", "unsupported"} and attempt.reason != PACED:
            provider.tries.append((now, attempt.duration_ms, answered))
        if not answered and not _is_passed_over(attempt):
            provider.last_error = (attempt.reason or attempt.outcome, now)
        if attempt.outcome in FAULTS and attempt.reason != PACED:
            provider.last_fault_at = now

    async def _run(self) -> None:
        while True:
            self._retirement.remind(datetime.fromtimestamp(self._clock(), UTC).date())
            try:
                await self._report()
            except (DependencyUnavailable, BotoCoreError, ClientError) as error:
                logger.warning("health not reported", extra={"error": type(error).__name__})
            await asyncio.sleep(self._interval)

    async def _report(self) -> None:
        now = self._clock()
        providers = tuple(self._of(name, now) for name in self._providers)
        if providers == self._reported and now < self._reported_at + IDLE_REPORT_S:
            return
        report = ProcessReport(at=now, providers=providers)
        await write_report(self._items, self._process, report)
        self._reported, self._reported_at = providers, now

    def _of(self, name: str, now: float) -> ProviderReport:
        provider = self._providers[name]
        recent = [each for each in provider.tries if each[0] > now - WINDOW_S]
        latency = [0] * BUCKETS
        for _, duration_ms, answered in recent:
            latency[bucket_of(duration_ms)] += answered
        error, error_at = provider.last_error or (None, None)
        return ProviderReport(
            name=name,
            model=provider.model,
            circuit=self._circuit(name),
            tries=len(recent),
            answered=sum(latency),
            latency=tuple(latency),
            last_error=error,
            last_error_at=error_at,
            last_fault_at=provider.last_fault_at,
            held=self._held(name),
            end_of_life=self._retirement.of(name),
        )


def _is_passed_over(attempt: Attempt) -> bool:
    """Whether it is no news: of an open circuit, the operator wants to know what opened it.

    A provider that was switched off or has spent its budget says so.
    """
    return attempt.outcome == "unsupported" or attempt.reason in {CIRCUIT_OPEN, NO_TIME_LEFT}
