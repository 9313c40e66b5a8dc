"""``python -m benchmarks [NAME ...]``: measure all rows or the named, then remake the table."""

import argparse
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import machine, results, table
from benchmarks.row import Row
from benchmarks.rows import (
    captioner_throughput,
    gateway_request,
    growth_history,
    growth_photos,
    history_page,
    loop_stall,
    one_photo,
    page_clicks,
    photo_cpu,
    renditions,
    start_up,
    status_poll,
    telemetry_overhead,
    threads,
    thumbnail,
    worker_loop,
)

ROWS = (
    thumbnail.ROW,
    renditions.ROW,
    threads.ROW,
    gateway_request.ROW,
    worker_loop.ROW,
    history_page.ROW,
    status_poll.ROW,
    one_photo.ROW,
    photo_cpu.ROW,
    growth_photos.ROW,
    growth_history.ROW,
    captioner_throughput.ROW,
    loop_stall.ROW,
    page_clicks.ROW,
    telemetry_overhead.ROW,
    start_up.ROW,
)
README = machine.ROOT / "benchmarks/README.md"
_USAGE_ERROR = 2
_TERMINATED = 143  # as a shell reports SIGTERM


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark command and give its exit status: a limit missed is a result, no error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help="which rows; all if none is named")
    names: list[str] = parser.parse_args(arguments).name
    unknown = [name for name in names if name not in {row.name for row in ROWS}]
    if unknown:
        known = ", ".join(row.name for row in ROWS)
        print(f"no benchmark is called {', '.join(unknown)}: there are {known}", file=sys.stderr)
        return _USAGE_ERROR
    about = {"commit": machine.commit(), "machine": machine.machine()}
    earlier = {row.name: results.load(row.name) for row in ROWS}
    status, began = 0, time.monotonic()
    try:
        for row in ROWS:
            if not names or row.name in names:
                status = max(status, _run(row, about))
        print(f"all of it: {time.monotonic() - began:.0f} s")
    finally:
        measured = {row.name: results.load(row.name) for row in ROWS}
        print(_compared(earlier, measured))
        table.rebuild(README, ROWS, {name: each for name, each in measured.items() if each})
    return status


def _compared(
    before: Mapping[str, dict[str, Any] | None], after: Mapping[str, dict[str, Any] | None]
) -> str:
    turned = [
        f"{name} ({label})"
        for name, found in after.items()
        if found and (then := before[name])
        for label in table.turned(then["figures"], found["figures"])
    ]
    return f"verdicts the other way round than in the results before: {', '.join(turned) or 'none'}"


def _run(row: Row, about: Mapping[str, Any]) -> int:
    print(f"{row.name}: {row.title} ...", flush=True)
    before, began = machine.load(), time.monotonic()
    try:
        result = row.measure()
    except machine.NotPrepared as error:
        print(f"  not measured: {error}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - began
    load = {"before": before, "after": machine.load()}
    of_row = {"title": row.title, "reach": row.reach, "against": row.against}
    of_run = {**about, "load": load, "date": machine.now(), "seconds": seconds}
    results.save(row.name, result, {**of_row, **of_run})
    for figure in result.figures:
        print(f"  {figure.label}: {figure.value:.3f} {figure.unit}".rstrip())
    print(f"  {table.verdict(result.figures)}; {seconds:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    # As Ctrl-C does, so that no stack is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    sys.exit(main(sys.argv[1:]))
