"""A process is found ready wherever it says that it answers, however early it says so."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from infra.local.journal import Journal
from infra.local.keeper import Keeper
from infra.local.layout import Layout
from infra.local.processes import Process
from tests.deadlines import until

SERVER = """
import http.server, json
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
ready = {"event": "ready", "level": "info", "health_port": server.server_port}
print(json.dumps(ready), flush=True)
server.serve_forever()
"""


async def test_a_process_that_speaks_before_anybody_listens_is_found_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(state=tmp_path, gateway_port=1, ui_port=2, aws_port=3)
    layout.run.mkdir()
    layout.log.mkdir()
    start = asyncio.create_subprocess_exec

    async def slowly(*argv, **options):
        child = await start(*argv, **options)
        # Under load this is what starting a process comes to: its first line is there already.
        line = await child.stdout.readline()
        child.stdout.feed_data(line)
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slowly)
    argv = (sys.executable, "-c", SERVER)
    process = Process("ingest", 1, argv, dict(os.environ), health_path="/readyz")
    with (layout.log / "supervisor-1.log").open("ab") as log:
        keeper = Keeper(process, layout, Journal(log, None, None))
        running = asyncio.create_task(keeper.run())
        try:
            await until(keeper.ready.is_set)
        finally:
            await keeper.stop(grace=5)
            await running
