"""``python -m benchmarks.simulate [measure] [sweep]``: see docs/scaling.md.

``measure`` runs the stack here and takes ten minutes of a quiet machine. ``sweep`` compares the
model with what was measured, simulates, draws the plots and fills the tables of the page.
"""

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Sequence

from benchmarks import machine
from benchmarks.load.__main__ import photo_of
from benchmarks.simulate import deployment, page, scenarios, validating
from benchmarks.simulate.measuring import Rates

_PLOTTING = machine.ROOT / ".venv-bench/bin/python"
_TERMINATED = 143  # as a shell reports SIGTERM


def main(arguments: Sequence[str]) -> int:
    """Measure, sweep, or both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate", description=__doc__)
    parser.add_argument("what", nargs="+", choices=("measure", "sweep"))
    given = parser.parse_args(arguments)
    if "measure" in given.what:
        validating.measure(
            {
                "small": (photo_of("small"), Rates(alone=1.5, busy=4), validating.SHARES),
                "12mp": (photo_of("12mp"), Rates(alone=1.2, busy=2), validating.SHARES[1:2]),
            }
        )
    if "sweep" in given.what:
        compared = validating.compare()
        validating.save(compared)
        for run in compared["runs"]:
            print(
                run["photo"], run["rate"], run["off"], "within" if run["within"] else "NOT within"
            )
        scenarios.save(scenarios.everything(deployment.read(), scenarios.cpu_of()))
        drawing = [_PLOTTING, "-m", "benchmarks.simulate.plots"]
        subprocess.run(drawing, cwd=machine.ROOT, check=True)
        page.rebuild(
            *(json.loads(path.read_text()) for path in (scenarios.RESULT, validating.COMPARISON))
        )
    return 0


if __name__ == "__main__":
    # As Ctrl-C does, so that no stack is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    sys.exit(main(sys.argv[1:]))
