"""``python -m services.gateway.reconciler [--mend] [--log]``: compares bucket and table now, and
prints as JSON what one has and the other has not. It reads the sweeper's settings.
"""

import argparse
import asyncio
import json
import logging
import sys
from functools import partial
from typing import Any

from services.gateway.nightly import log_report
from services.gateway.reconciling import Difference, Report
from services.gateway.sweeper import SweeperSettings, office_of
from shared.process import run


def document_of(report: Report) -> dict[str, Any]:
    """A report for whoever asked for it: the counts, and where the first of each kind are."""
    return {
        **report.counts(),
        "examples": {
            "orphans": _paths(report.orphans),
            "incomplete": _paths(report.incomplete),
            "stale_uploads": _paths(report.stale_uploads),
        },
    }


def _paths(difference: Difference) -> list[str]:
    return [f"{user_id}/{image_id}" for user_id, image_id in difference.examples]


async def compare(settings: SweeperSettings, stop: asyncio.Event, *, mend: bool, log: bool) -> None:
    """Compare once and print or log the report; a stop ends it early, without one."""
    async with office_of(settings) as office:
        comparing = asyncio.create_task(office.reconciler(mend=mend).run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({comparing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not comparing.done():
            comparing.cancel()
            await asyncio.gather(comparing, return_exceptions=True)
            return
        if log:
            log_report(comparing.result())
            return
        # One line: where a task's output is its log, each line is an event of its own.
        sys.stdout.write(json.dumps(document_of(comparing.result())) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m services.gateway.reconciler")
    parser.add_argument("--mend", action="store_true", help="remove objects that have no record")
    parser.add_argument(
        "--log", action="store_true", help="one event as each night's, which names no user"
    )
    asked = parser.parse_args()
    if not asked.log:
        # The report alone goes to standard output.
        logging.disable(logging.INFO)
    run("reconciler", SweeperSettings, partial(compare, mend=asked.mend, log=asked.log))
