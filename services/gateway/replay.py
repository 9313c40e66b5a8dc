"""``python -m services.gateway.replay --ledger TABLE [--apply]``: brings the deletions that TABLE
knows over to the restored table of the settings, and prints as JSON what was missing there.

It reads the sweeper's settings, and needs an operator's credentials: docs/runbook/restoring.md.
"""

import argparse
import asyncio
import json
import logging
import sys
from functools import partial

from services.gateway.erasure_ledger import Replay
from services.gateway.sweeper import SweeperSettings, office_of
from shared.control_items import ControlItems
from shared.errors import BadSetting
from shared.item_store import ItemStore
from shared.process import run


async def replay(
    settings: SweeperSettings, stop: asyncio.Event, *, ledger: str, apply: bool
) -> None:
    """Replay once and print the counts; a stop ends it early, without them, to be repeated."""
    if ledger == settings.records_table:
        raise BadSetting("GATEWAY_RECORDS_TABLE", "is the ledger itself, not the restored table")
    async with office_of(settings) as office:
        hash_key = settings.user_hash_key.get_secret_value().encode()
        last, restored = [
            ControlItems(ItemStore(office.items.dynamodb, table), hash_key)
            for table in (ledger, settings.records_table)
        ]
        replaying = asyncio.create_task(Replay(last, restored, office.purger, apply=apply).run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({replaying, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not replaying.done():
            replaying.cancel()
            await asyncio.gather(replaying, return_exceptions=True)
            return
        json.dump(replaying.result().counts() | {"applied": apply}, sys.stdout, indent=2)
        sys.stdout.write("\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m services.gateway.replay")
    parser.add_argument("--ledger", required=True, help="the table as it was last")
    parser.add_argument("--apply", action="store_true", help="write; without it, only count")
    asked = parser.parse_args()
    # The report alone goes to standard output.
    logging.disable(logging.INFO)
    run("replay", SweeperSettings, partial(replay, ledger=asked.ledger, apply=asked.apply))
