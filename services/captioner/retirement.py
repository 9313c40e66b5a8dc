"""When the models of providers come to their end, and a reminder in good time."""

import logging
from collections.abc import Iterable, Mapping
from datetime import date

logger = logging.getLogger(__name__)

NOTICE_DAYS = 60  # vendors announce an end months before; changing a model takes weeks of tests


class Retirement:
    """The last days of the models of ``providers``, as far as ``ends`` knows them."""

    def __init__(self, providers: Iterable[str], ends: Mapping[str, date]) -> None:
        self._ends = {name: ends[name] for name in providers if name in ends}
        self._reminded_on: date | None = None

    def of(self, provider: str) -> str | None:
        """The day as YYYY-MM-DD, if it is known."""
        end = self._ends.get(provider)
        return end.isoformat() if end is not None else None

    def remind(self, today: date) -> None:
        """Log, once a day, each end that is less than 60 days away, or past."""
        if today == self._reminded_on:
            return
        self._reminded_on = today
        for name, end in self._ends.items():
            left = (end - today).days
            if left < NOTICE_DAYS:
                logger.warning(
                    "model near its end",
                    extra={"provider": name, "end_of_life": end.isoformat(), "days_left": left},
                )
