"""Ask a process on this machine over HTTP whether it is well."""

import asyncio

from infra.local.layout import LOOPBACK

_TIMEOUT = 3.0  # seconds; a readiness check calls three AWS services
_OK = b" 200 "


async def is_well(port: int, path: str) -> bool:
    """Whether ``GET path`` answers 200. Whatever goes wrong is a no."""
    try:
        async with asyncio.timeout(_TIMEOUT):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                head = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\n"
                writer.write(f"{head}Connection: close\r\n\r\n".encode())
                status_line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return False
    return _OK in status_line
