"""What operators see of a pipeline that is at work: it changes with every look."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import sin
from typing import Any

from shared.admin_api import (
    DayUsageView,
    DeadLetterView,
    HourUsageView,
    ProviderHealthView,
    QueueName,
    QueueView,
)
from shared.records import timestamp

ENDS = {"bedrock": "2027-03-31", "huggingface": "2026-12-10"}
_PER_PROVIDER = {"bedrock": 0.7, "huggingface": 0.3}


def failures(count: int) -> dict[str, int]:
    """So many failures by their codes."""
    late = count // 2
    return {"undecodable_image": count - late, "timed_out": late}


def _letters() -> dict[str, list[DeadLetterView]]:
    now = datetime.now(UTC)
    reasons = ("received too often", "unknown kind <b>of</b> message", "record is gone")
    made = [
        DeadLetterView(
            message_id=f"00000000-0000-4000-8000-00000000000{number}",
            reason=reason,
            tries=5 - number,
            sent_at=timestamp(now - timedelta(minutes=7 * (number + 1))),
            kind="image.ingested",
            image_id=f"0193f0c4-0000-7000-8000-00000000000{number}",
            job="0a1b2c3d",
            user="9f86d081884c7d65",
            trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        )
        for number, reason in enumerate(reasons)
    ]
    return {"ingest": [], "caption": made}


@dataclass
class Operations:
    """Queues, letters and providers; ``looks`` makes the figures move."""

    letters: dict[str, list[DeadLetterView]] = field(default_factory=_letters)
    waiting: dict[str, int] = field(default_factory=lambda: {"ingest": 4, "caption": 31})
    off: set[str] = field(default_factory=set)
    looks: int = 0

    def queues(self) -> list[QueueView]:
        self.looks += 1
        return [self._queue("ingest"), self._queue("caption")]

    def _queue(self, name: QueueName) -> QueueView:
        visible = max(0, self.waiting[name] + (self.looks * 7) % 5 - 2)
        return QueueView(
            name=name,
            visible=visible,
            in_flight=min(visible, 4),
            delayed=0,
            oldest_age_s=12 * visible if name == "caption" else None,
            dead_letters=len(self.letters[name]),
        )

    def history(self, hours: int) -> list[dict[str, Any]]:
        """A point a minute of each queue, oldest first: a hump, and letters in the last hour."""
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        return [
            self._point(name, now - timedelta(minutes=ago), ago)
            for ago in reversed(range(hours * 60))
            for name in self.letters
        ]

    def _point(self, name: str, at: datetime, ago: int) -> dict[str, Any]:
        visible = max(0, round(self.waiting[name] * (1 + sin(ago / 40)) / 2))
        return {
            "at": timestamp(at),
            "queue": name,
            "visible": visible,
            "in_flight": min(visible, 4),
            "oldest_age_s": 12 * visible if visible else None,
            "dead_letters": len(self.letters[name]) if ago < 60 else 0,
        }

    def redrive(self, name: QueueName) -> int:
        """All letters go back to their queue."""
        moved = len(self.letters[name])
        self.waiting[name] += moved
        self.letters[name].clear()
        return moved

    def purge(self, name: str) -> None:
        if name.endswith("-dlq"):
            self.letters[name.removesuffix("-dlq")].clear()
        else:
            self.waiting[name] = 0

    def providers(self) -> list[ProviderHealthView]:
        now = datetime.now(UTC)
        views = [
            ProviderHealthView(
                name="bedrock",
                model="us.anthropic.claude-haiku-5-5",
                configured=True,
                circuit="half_open",
                p50_ms=1180,
                p95_ms=2900,
                success_rate=0.93,
                last_error="throttled",
                last_error_at=timestamp(now - timedelta(minutes=4)),
                cost_usd_24h=1.8412,
            ),
            ProviderHealthView(
                name="huggingface",
                model="Qwen/Qwen3-VL-8B-Instruct",
                configured=True,
                circuit="open",
                p50_ms=3100,
                p95_ms=8000,
                success_rate=0.41,
                last_error="timeout",
                last_error_at=timestamp(now - timedelta(seconds=40)),
                cost_usd_24h=0.2207,
            ),
            ProviderHealthView(
                name="local",
                model="fake",
                configured=True,
                circuit="closed",
                p50_ms=310,
                p95_ms=520,
                success_rate=1.0,
                cost_usd_24h=0,
            ),
            ProviderHealthView(name="sagemaker", configured=False, cost_usd_24h=0),
        ]
        return [view.model_copy(update={"enabled": view.name not in self.off}) for view in views]

    def hours(self) -> list[HourUsageView]:
        """The last two days, the newest first: people work by day."""
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        busy = {hours: max(0, round(9 * sin(hours / 3.8) + 5)) for hours in range(48)}
        return [
            HourUsageView(
                hour=timestamp(now - timedelta(hours=ago)), completed=count, failed=count // 6
            )
            for ago, count in busy.items()
        ]

    def usage(self, days: int) -> list[DayUsageView]:
        """Today first; today grows with every look."""
        self.looks += 1
        today = datetime.now(UTC).date()
        return [_day(today - timedelta(days=back), back, self.looks) for back in range(days)]


def _day(day: object, back: int, looks: int) -> DayUsageView:
    accepted = 60 + 37 * ((back * 5) % 7) + (looks if back == 0 else 0)
    failed = accepted // 40
    cost = round(accepted * 0.0011, 6)
    return DayUsageView(
        day=str(day),
        requests=accepted * 5,
        server_errors=back % 3,
        uploads_refused=accepted // 30,
        accepted=accepted,
        ingested=accepted - failed,
        completed=accepted - failed,
        failed=failed,
        fallbacks=accepted // 9,
        degraded=accepted // 14,
        cached=accepted // 12,
        p50_ms=2100 + 90 * (back % 4),
        p95_ms=5200 + 400 * (back % 3),
        cost_usd=cost,
        cost_usd_by_provider={n: round(cost * share, 6) for n, share in _PER_PROVIDER.items()},
    )
