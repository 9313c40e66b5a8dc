"""The plots of ``make load`` in docs/performance.md, from the results and from nothing else.

Runs in `.venv-bench`, which has matplotlib and none of our packages: only the standard library is
imported beside it.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

_ROOT = Path(__file__).resolve().parents[2]
_RESULTS = _ROOT / "benchmarks/results"
_FOLDER = _ROOT / "docs/images"
_DPI = 80
_MIB = 2**20
_SHADES = {"p50": "#1f6f8b", "p95": "#6b8e23", "p99": "#b3541e"}


def main() -> int:
    """Draw what there are results of."""
    plt.rcParams.update({"font.size": 9, "axes.grid": True, "grid.alpha": 0.3})
    _FOLDER.mkdir(exist_ok=True)
    for name, draw in (("load", _draw_load), ("load_long", _draw_long)):
        path = _RESULTS / f"{name}.json"
        if path.exists():
            draw(json.loads(path.read_text()))
    return 0


def _draw_load(told: Mapping[str, Any]) -> None:
    runs = told["runs"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
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
    _save(figure, "load.png")


def _draw_long(told: Mapping[str, Any]) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
    minutes = [use["at"] / 60 for use in told["uses"]]
    for name in sorted(told["uses"][0]["resident_bytes"]):
        resident = [use["resident_bytes"][name] / _MIB for use in told["uses"]]
        left.plot(minutes, resident, label=name, linewidth=1)
    left.set(title="resident memory, MiB", xlabel="minutes", ylim=(0, None))
    left.legend(fontsize=7, ncols=2)
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
    _save(figure, "load-long.png")


def _save(figure: Any, name: str) -> None:
    figure.tight_layout()
    figure.savefig(_FOLDER / name, dpi=_DPI)
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
