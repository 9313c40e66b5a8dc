"""``python -m tests.standins --port N``: the stand-ins as a process; port 0 takes a free one.

Its only line of output is the services' own: ready, and where.
"""

import argparse
import asyncio
import json
import signal
from datetime import UTC, datetime

from tests.standins.running import serving


async def main(host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    async with serving(host, port) as chosen:
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        ready = {"time": time, "level": "INFO", "event": "ready", "service": "standin"}
        print(json.dumps({**ready, "health_port": chosen}), flush=True)  # noqa: T201 - its purpose
        await stop.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.standins", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(main(given.host, given.port))
