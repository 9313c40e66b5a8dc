"""``python -m benchmarks.simulate.plots``: those of docs/scaling.md, from the results and from
nothing else. In `.venv-bench`, as all that draws.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.drawing import BLUE, ORANGE, begun, save
from benchmarks.results import FOLDER

_BEFORE, _NOW = ORANGE, BLUE


def main() -> int:
    """Draw all four."""
    sweep = json.loads((FOLDER / "simulate_sweep.json").read_text())
    compared = json.loads((FOLDER / "simulate_comparison.json").read_text())
    _sweep(sweep["sweep"])
    _over_time(
        sweep["steady"], "scaling-steady.png", "Half of what ten captioners can do, steadily"
    )
    _over_time(sweep["burst"], "scaling-burst.png", "Ten times the load for twenty minutes")
    _validation(compared["runs"])
    return 0


def _sweep(rows: Sequence[Mapping[str, Any]]) -> None:
    rates = [row["rate"] for row in rows]
    figure, axes = begun().subplots(2, 2, figsize=(10, 6.4), sharex=True)
    for name, colour, label in (
        ("deployed", _BEFORE, "as deployed"),
        ("raised", _NOW, "tasks and quotas raised"),
    ):
        runs = [row[name] for row in rows]
        style = {"color": colour, "marker": "o", "markersize": 3, "label": label}
        axes[0, 0].plot(rates, [max(1, run["waiting_end"]) for run in runs], **style)
        axes[0, 1].plot(rates, [max(0.1, run["wait_p95"]) for run in runs], **style)
        axes[1, 0].plot(rates, [sum(run["tasks_most"].values()) for run in runs], **style)
        axes[1, 1].plot(rates, [run["dollars_an_hour"] for run in runs], **style)
    for axis, title in zip(
        axes.flat,
        (
            "photos in queues after two hours (1: none)",
            "p95 wait in queues, s (0.1: none)",
            "tasks of gateway, ingest and captioner",
            "US dollars an hour",
        ),
        strict=True,
    ):
        axis.set(title=title, xscale="log", yscale="log")
    for axis in axes[1]:
        axis.set_xlabel("photos a second that come")
    axes[0, 0].legend()
    save(figure, "scaling-sweep.png")


def _over_time(runs: Sequence[Mapping[str, Any]], file: str, title: str) -> None:
    figure, axes = begun().subplots(3, 2, figsize=(10, 7), sharex=True, sharey="row")
    for column, scale_in in enumerate(("proportional", "gradual")):
        for run in (each for each in runs if each["scale_in"] == scale_in):
            minutes = run["minutes"]
            colour = {"before": _BEFORE, "now": _NOW}[run["policy"]]
            label = {"before": "backlog only", "now": "backlog and busy"}[run["policy"]]
            waiting = [sum(each) for each in zip(*minutes["waiting"].values(), strict=True)]
            axes[0, column].plot(minutes["rate"], color=colour, label=label)
            axes[1, column].plot(waiting, color=colour)
            axes[2, column].plot(minutes["tasks"]["captioner"], color=colour)
        axes[0, column].set_title(f"scale-in {scale_in}")
        axes[2, column].set_xlabel("minutes")
    for axis, label in zip(
        axes[:, 0], ("photos a second", "photos in queues", "captioner tasks"), strict=True
    ):
        axis.set_ylabel(label)
    axes[0, 0].legend()
    figure.suptitle(title)
    save(figure, file)


def _validation(runs: Sequence[Mapping[str, Any]]) -> None:
    columns = max(1, len(runs))
    figure, axes = begun().subplots(
        1, columns, figsize=(3.3 * columns, 3.2), sharey=True, squeeze=False
    )
    for axis, run in zip(axes[0], runs, strict=True):
        for key, colour in (("measured", _BEFORE), ("simulated", _NOW)):
            done = sorted(run[f"{key}_done_s"])
            shares = [(number + 1) / len(done) for number in range(len(done))]
            axis.plot(done, shares, color=colour, label=key)
        axis.set(title=f"{run['photo']}, {run['rate']:g} a second", xlabel="s to captions")
    axes[0, 0].legend(loc="lower right")
    axes[0, 0].set_ylabel("share of photos")
    save(figure, "scaling-validation.png")


if __name__ == "__main__":
    sys.exit(main())
