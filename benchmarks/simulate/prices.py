"""Prices, read from docs/costs.md. Raises ValueError where it no longer says them in this form."""

import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import ROOT

COSTS = ROOT / "docs/costs.md"
HOURS_A_MONTH = 730


@dataclass(frozen=True)
class Prices:
    """US dollars."""

    vcpu_hour: float
    gb_hour: float
    photo: float
    fixed_hour: float  # of what runs whatever the load, tasks that scale not included

    def task_hour(self, *, cores: float, memory_gb: float) -> float:
        """One task for an hour."""
        return cores * self.vcpu_hour + memory_gb * self.gb_hour


def read(path: Path = COSTS) -> Prices:
    """The prices in the tables of ``path``."""
    text = path.read_text()
    hours = _found(r"\$([\d.]+) a vCPU-hour, \$([\d.]+) a GB-hour", text)
    photo = _found(r"(?s)for 1,000 photos \|.*?\| \*\*together\*\* \| \| \*\*([\d.]+)\*\*", text)
    fixed = _found(r"(?s)## Fixed.*?\| \*\*together\*\* \| \| \*\*([\d.]+)\*\*", text)
    tasks = _found(r"\| Tasks at their least \|[^|]*\| ([\d.]+) \|", text)
    return Prices(
        vcpu_hour=float(hours[1]),
        gb_hour=float(hours[2]),
        photo=float(photo[1]) / 1000,
        fixed_hour=(float(fixed[1]) - float(tasks[1])) / HOURS_A_MONTH,
    )


def _found(pattern: str, text: str) -> re.Match[str]:
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(f"docs/costs.md has nothing like {pattern}")
    return match
