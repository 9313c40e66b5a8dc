import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.photos import twelve_megapixel_jpeg

ROOT = Path(__file__).parents[3]
# What glibc gives back by chance in some processes, it gives back with these for certain.
GIVEN_BACK = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
WORKER = """
import asyncio, resource, sys
from services.ingest.budget import PixelBudget
from services.ingest.confined_decoder import Confinement
from services.ingest.decode import Limits
from services.ingest.decoders import Decoders
from services.ingest.memory import keep_freed_memory

async def prepare_one_after_the_other(photo):
    decoders = Decoders(
        2,
        limits=Limits(),
        confinement=Confinement(limit_s=30, memory_mb=1024),
        budget=PixelBudget(100_000_000),
        overrun=sys.exit,
    )
    for _ in range(12):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        await decoders.prepare(photo)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        print((after - before) * resource.getpagesize())

keep_freed_memory()
asyncio.run(prepare_one_after_the_other(sys.stdin.buffer.read()))
"""


def fresh_memory() -> list[int]:
    """Bytes that came anew from the system for each of twelve photos of 12 MP, in turn."""
    done = subprocess.run(
        [sys.executable, "-c", WORKER],
        cwd=ROOT,
        env={**os.environ, **GIVEN_BACK},
        input=twelve_megapixel_jpeg(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    return [int(line) for line in done.stdout.splitlines()]


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_photo_is_decoded_in_the_memory_of_those_before_it():
    assert statistics.median(fresh_memory()[1:]) < 1_000_000
