"""The program of a decoding process: one picture after another on stdin, renditions on stdout.

``python -m services.ingest.confined MEGABYTES PIXELS``. It is started with an empty environment and
no files but its pipes, limits its own memory, and ends itself when a picture takes too long even if
the worker that should have ended it is gone.
"""

import gc
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from services.ingest.decode import Limits
from services.ingest.renditions import Prepared, render
from shared.errors import Permanent
from shared.media import MediaType

READY = b"ready\n"
# The kernel kills the process then, whatever it is doing. The worker is to be first.
_GRACE_S = 5.0


def main(memory_mb: int, pixels: int) -> None:
    """Serve until stdin is closed."""
    # Decoders print; what they print must not get between the renditions.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _confine(memory_mb)
    replies.write(READY)
    replies.flush()
    while line := sys.stdin.buffer.readline():
        _serve_one(json.loads(line), sys.stdin.buffer, replies, Limits(pixels=pixels))
        # A picture of 50 megapixels must not lie about until the next one is there.
        gc.collect()


def _confine(memory_mb: int) -> None:
    # What is written to, not what is reserved: each thread's allocator reserves 64 MiB.
    _limit(resource.RLIMIT_DATA, memory_mb * 1024**2)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    # Where the whole task runs out of memory, this process is the one to go. Linux only.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _limit(what: int, most: int) -> None:
    _, already = resource.getrlimit(what)
    most = most if already == resource.RLIM_INFINITY else min(most, already)
    resource.setrlimit(what, (most, most))


def _serve_one(
    request: dict[str, str | int | float], pictures: BinaryIO, replies: BinaryIO, limits: Limits
) -> None:
    signal.setitimer(signal.ITIMER_REAL, float(request["limit_s"]) + _GRACE_S)
    data = pictures.read(int(request["bytes"]))
    try:
        prepared = render(data, MediaType[str(request["type"])], limits=limits)
    except Permanent as refused:
        _send(replies, {"code": refused.code, "detail": refused.detail})
    else:
        _send_renditions(replies, prepared, data)
    signal.setitimer(signal.ITIMER_REAL, 0)


def _send_renditions(replies: BinaryIO, prepared: Prepared, data: bytes) -> None:
    original = prepared.original
    # The worker has it already, but for a TIFF, which is made anew.
    unchanged = original.data is data
    renditions = (original, prepared.thumbnail, prepared.model)
    bodies = [b"" if unchanged else original.data, prepared.thumbnail.data, prepared.model.data]
    sizes = [
        {"bytes": len(body), "width": rendition.width, "height": rendition.height}
        for rendition, body in zip(renditions, bodies, strict=True)
    ]
    _send(replies, {"renditions": sizes}, *bodies)


def _send(replies: BinaryIO, head: dict[str, object], *bodies: bytes) -> None:
    replies.write(json.dumps(head).encode() + b"\n")
    replies.writelines(bodies)
    replies.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
