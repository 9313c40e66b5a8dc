"""``python -m benchmarks.load.plots``: those of ``make load`` in docs/performance.md, from the
results and from nothing else. In `.venv-bench`, as all that draws.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks.drawing import BLUE, GREEN, ORANGE, begun, save
from benchmarks.results import FOLDER

_MIB = 2**20
# The emulator keeps every photo in memory, gigabytes of them in half an hour.
_NOT_OURS = {"aws-1", "standin-1", "supervisor-1"}
_SHADES = {"p50": BLUE, "p95": GREEN, "p99": ORANGE}


def main() -> int:
    """Draw what there are results of."""
    for name, draw in (("load", _draw_load), ("load_long", _draw_long)):
        path = FOLDER / f"{name}.json"
        if path.exists():
            draw(json.loads(path.read_text()))
    return 0


def _draw_load(told: Mapping[str, Any]) -> None:
    runs = told["runs"]
    figure, (left, right) = begun().subplots(1, 2, figsize=(10, 3.6))
    for name, colour in _SHADES.items():
        rates = [run["rate"] for run in runs]
        left.plot(
            rates, [run["captions_s"][name] for run in runs], marker="o", color=colour, label=name
        )
    left.axvline(told["knee"], color="grey", linestyle="--", linewidth=1)
    left.set(title="from upload to captions, s", xlabel="photos a second", ylim=(0, None))
    left.legend()
    labels = [f"{run['share']} %" for run in runs]
    bottom = [0.0] * len(runs)
    for name in sorted(runs[-1]["cpu_ms_a_photo"]):
        heights = [run["cpu_ms_a_photo"][name] for run in runs]
        if max(heights) < 1:
            continue
        right.bar(labels, heights, bottom=bottom, width=0.6, label=name)
        bottom = [below + height for below, height in zip(bottom, heights, strict=True)]
    right.set(title="CPU for a photo, ms, by process", xlabel="of the knee")
    right.legend(fontsize=7)
    save(figure, "load.png")


def _draw_long(told: Mapping[str, Any]) -> None:
    figure, (left, middle, right) = begun().subplots(1, 3, figsize=(13, 3.6))
    minutes = [use["at"] / 60 for use in told["uses"]]
    for name in sorted(told["uses"][0]["resident_bytes"].keys() - _NOT_OURS):
        resident = [use["resident_bytes"][name] / _MIB for use in told["uses"]]
        left.plot(minutes, resident, label=name, linewidth=1)
    left.set(title="resident memory of our processes, MiB", xlabel="minutes", ylim=(0, None))
    left.legend(fontsize=7, ncols=2)
    for name in sorted(told["cpu_ms_a_photo"][0]):
        spent = [each[name] for each in told["cpu_ms_a_photo"]]
        if max(spent) >= 1:
            middle.plot(range(len(spent)), spent, label=name, linewidth=1)
    middle.set(title="CPU for a photo, ms", xlabel="minutes", ylim=(0, None))
    middle.legend(fontsize=7, ncols=2)
    for name, colour in _SHADES.items():
        right.plot(
            [each["minute"] for each in told["minutes"]],
            [each[name] for each in told["minutes"]],
            color=colour,
            label=name,
            linewidth=1,
        )
    right.set(title="from upload to captions, s", xlabel="minutes", ylim=(0, None))
    right.legend()
    save(figure, "load-long.png")


if __name__ == "__main__":
    sys.exit(main())
