"""The page as a server of its own on a free port, and the browser that looks at it."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from playwright.async_api import BrowserContext

ROOT = Path(__file__).parents[2]
# Debian's. The same engine without a browser's windows around it needs a third less CPU.
_CHROMIUMS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
CHROMIUM = next((path for path in _CHROMIUMS if path.exists()), _CHROMIUMS[-1])
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def serving(script: str = "page_without_sign_in.py", **variables: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = [f"--server.port={port}", "--server.address=127.0.0.1"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(Path(__file__).parent / script), *flags],
            # The page's own theme and settings are found by the working folder.
            cwd=ROOT / "services" / "ui",
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(20)
            # Shown by pytest if the test fails: the page itself tells users no details.
            log.seek(0)
            sys.stdout.write(log.read())


async def use_gateway(context: BrowserContext, url: str) -> None:
    """Tell the page that is opened in ``context`` which gateway is its own."""
    port = url.rsplit(":", 1)[1]
    await context.add_cookies([{"name": "gateway", "value": port, "url": "http://localhost"}])


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
