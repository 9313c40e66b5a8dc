"""``up``: in the foreground, or in the background until everything works."""

import asyncio
from collections.abc import Mapping

from infra.local.background import start_in_background, wait_for_running
from infra.local.environment import use_emulator
from infra.local.journal import REPORT_FD, Journal, open_journal
from infra.local.layout import Layout, Options, UsageError
from infra.local.models import check_keys
from infra.local.preflight import check_ports, locked, stop_leftovers
from infra.local.supervisor import StartFailed, Supervisor, Table, registered


def up(options: Options, parent: Mapping[str, str], table: Table) -> int:
    """Run the stack until Ctrl-C; with ``detach`` return once it works. Gives the exit status.

    Raises ``UsageError`` if a port is taken, the folder is in use or a key is missing.
    """
    layout = options.layout
    if options.models == "aws":
        check_keys(parent)
    in_background = REPORT_FD in parent
    with locked(layout) as held:
        if held:
            # Before going to the background too: the reason then reaches the terminal at once.
            _prepare(layout)
            if in_background or not options.detach:
                return _run(options, parent, table)
    if held:
        return start_in_background(layout, parent)
    if options.detach and not in_background:
        return wait_for_running(layout)
    raise UsageError(
        f"a stack is running in {layout.state} already: `{layout.command('down')}` stops it; "
        "another PORT_BASE and STATE_DIR start a second one beside it"
    )


def _prepare(layout: Layout) -> None:
    leftovers = stop_leftovers(layout)
    if leftovers:
        print(f"Stopped what a killed stack had left: {', '.join(leftovers)}")
    check_ports(layout)


def _run(options: Options, parent: Mapping[str, str], table: Table) -> int:
    layout = options.layout
    use_emulator(layout.aws_url)
    journal = open_journal(layout, parent)
    with registered(layout):
        try:
            asyncio.run(Supervisor(options, journal, parent, table).run())
        except (StartFailed, UsageError) as error:
            return _failed(journal, error)
    journal.say("Stopped")
    return 0


def _failed(journal: Journal, error: Exception) -> int:
    # Last of all: whoever waits for it may count on everything being stopped.
    journal.failed(f"The stack could not start: {error}")
    return 1
