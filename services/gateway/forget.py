"""``python -m services.gateway.forget USER_ID``: deletes everything of a user who can't ask for it
and prints the receipt as JSON: ``DELETE /v1/me/data``, under the sweeper's settings.
"""

import argparse
import asyncio
import logging
import sys
from contextlib import suppress
from functools import partial

from services.gateway.deletion import receipt_of
from services.gateway.deletions import deletions_on
from services.gateway.sweeper import DAY_S, SweeperSettings, office_of
from shared.control_items import ControlItems
from shared.process import run

LOOK_S = 2.0


async def forget(settings: SweeperSettings, stop: asyncio.Event, *, user_id: str) -> None:
    """Delete all of ``user_id`` and print the receipt. At a stop the sweeper goes on with it, and
    the receipt says that it runs.
    """
    async with office_of(settings) as office:
        control = ControlItems(office.items, settings.user_hash_key.get_secret_value().encode())
        deletions = deletions_on(
            office.items,
            control,
            office.records,
            office.objects,
            retention=settings.retention_days * DAY_S,
        )
        try:
            erasure = await deletions.delete_all(user_id, patience=LOOK_S)
            while erasure.status == "running" and not stop.is_set():
                # Ours, or one that ran already: asking for it again might begin another.
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), timeout=LOOK_S)
                erasure = await deletions.latest(user_id) or erasure
        finally:
            await deletions.close()
        sys.stdout.write(receipt_of(erasure).model_dump_json(indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m services.gateway.forget")
    parser.add_argument("user_id", help="the token's sub, Cognito's name of the user")
    asked = parser.parse_args()
    # The receipt alone goes to standard output.
    logging.disable(logging.INFO)
    run("forget", SweeperSettings, partial(forget, user_id=asked.user_id))
