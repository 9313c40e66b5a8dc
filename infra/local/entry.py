"""The command line of the local stack."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from infra.local.layout import UsageError, is_on, layout_from, options_from

if TYPE_CHECKING:
    from infra.local.supervisor import Table

_USAGE_ERROR = 2
_INTERRUPTED = 130  # as a shell reports SIGINT


def main(arguments: Sequence[str], table: "Table | None" = None) -> int:
    """Run one command and give its exit status. ``table`` replaces what ``up`` runs."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "token"))
    command = parser.parse_args(arguments).command
    try:
        return _run(command, dict(os.environ), table)
    except UsageError as error:
        print(error, file=sys.stderr)
        return _USAGE_ERROR
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run(command: str, environ: Mapping[str, str], table: "Table | None") -> int:
    # Imported late: `down` has to work, and `token` to be quick, without the rest.
    if command == "down":
        from infra.local.preflight import down  # noqa: PLC0415

        return down(layout_from(environ))
    if command == "token":
        return _token(environ)
    from infra.local.commands import up  # noqa: PLC0415
    from infra.local.processes import services  # noqa: PLC0415

    return up(options_from(environ), environ, table or services)


def _token(environ: Mapping[str, str]) -> int:
    from infra.local.tokens import token_for  # noqa: PLC0415

    layout = layout_from(environ)
    print(token_for(layout, environ.get("NAME", ""), admin=is_on(environ.get("ADMIN"))))
    return 0
