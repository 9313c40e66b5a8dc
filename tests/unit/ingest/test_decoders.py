import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from services.ingest.budget import PixelBudget
from services.ingest.confined_decoder import ConfinedDecoder, Confinement, Crashed
from services.ingest.decode import Limits
from services.ingest.decoders import Decoders
from services.ingest.lanes import may_run_in_thread, weight
from services.ingest.renditions import Prepared, clean, prepare
from shared.errors import Permanent
from shared.media import MediaType
from tests import photos
from tests.deadlines import until

ROOT = Path(__file__).parents[3]
LIMITS = Limits()
UNHURRIED = Confinement()
DECODING_KB = 45_000  # of a process that has begun to decode twelve megapixels
SMALL_HEIC = photos.encoded(photos.corners(), "HEIF")


@asynccontextmanager
async def decoders(
    *,
    confinement: Confinement = UNHURRIED,
    overrun: Callable[[], None] = lambda: None,
    count: int = 1,
) -> AsyncIterator[Decoders]:
    made = Decoders(
        count,
        limits=LIMITS,
        confinement=confinement,
        budget=PixelBudget(100_000_000),
        overrun=overrun,
    )
    try:
        yield made
    finally:
        await made.aclose()


@asynccontextmanager
async def confined(confinement: Confinement = UNHURRIED) -> AsyncIterator[ConfinedDecoder]:
    decoder = await ConfinedDecoder.start(confinement, pixels=LIMITS.pixels)
    try:
        yield decoder
    finally:
        await decoder.kill()


_of_other_tests: set[int] = set()


@pytest.fixture(autouse=True)
def _apart_from_other_tests() -> None:
    """Workers that serve a whole run of tests may have decoders of their own in this process."""
    _of_other_tests.clear()
    _of_other_tests.update(children())


def children() -> list[int]:
    """The decoding processes of this one, but for those that were there before the test."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            command = folder.joinpath("cmdline").read_bytes()
        except OSError:
            continue
        if parent == os.getpid() and b"services.ingest.confined" in command:
            found.append(int(folder.name))
    return [child for child in found if child not in _of_other_tests]


def peak_kb(pid: int) -> int:
    """The most memory that the process ever had resident; 0 if it is gone."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


@pytest.mark.parametrize(
    ("picture", "alone"),
    [
        pytest.param(photos.encoded(photos.corners(), "JPEG"), False, id="baseline-jpeg"),
        pytest.param(photos.encoded(photos.corners(), "PNG"), False, id="png"),
        pytest.param(photos.encoded(photos.corners(), "WEBP"), False, id="webp"),
        pytest.param(photos.encoded(photos.corners(), "MPO"), False, id="mpo-cut-to-a-jpeg"),
        pytest.param(
            photos.encoded(photos.corners(), "JPEG", progressive=True), True, id="progressive-jpeg"
        ),
        pytest.param(photos.encoded(photos.corners(), "GIF"), True, id="gif"),
        pytest.param(photos.encoded(photos.corners(), "TIFF"), True, id="tiff"),
        pytest.param(photos.encoded(photos.corners(), "AVIF"), True, id="avif"),
        pytest.param(SMALL_HEIC, True, id="heic"),
        pytest.param(photos.encoded(Image.new("1", (6000, 4001)), "PNG"), True, id="large-png"),
    ],
)
async def test_each_picture_is_decoded_in_its_lane_and_comes_out_the_same(picture, alone):
    async with decoders() as lanes:
        prepared = await lanes.prepare(picture)

        assert bool(children()) is alone

    assert prepared == prepare(picture, limits=LIMITS)
    assert children() == []


def test_lane_of_a_jpeg_is_known_without_walking_its_data():
    data = photos.twelve_megapixel_jpeg()
    began = time.perf_counter()

    for _ in range(100):
        assert may_run_in_thread(data, MediaType.JPEG, 12_000_000)

    assert time.perf_counter() - began < 0.1


async def test_one_process_serves_many_pictures_even_after_one_it_refused():
    damaged = bytearray(photos.encoded(photos.real_picture(), "AVIF"))
    damaged[-2000:] = bytes(2000)

    async with decoders() as lanes:
        await lanes.prepare(SMALL_HEIC)
        first = children()
        with pytest.raises(Permanent) as refused:
            await lanes.prepare(photos.encoded(photos.corners(), "TIFF")[:-300])
        await lanes.prepare(SMALL_HEIC)

        assert children() == first
    assert refused.value.code == "undecodable_image"


async def test_process_has_no_credentials_no_environment_and_no_socket_of_the_worker(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        os.set_inheritable(server.fileno(), True)
        ours = Path(f"/proc/self/fd/{server.fileno()}").readlink()

        async with confined() as decoder:
            process = Path(f"/proc/{decoder.pid}")
            variables = process.joinpath("environ").read_bytes().split(b"\0")
            files = {int(fd.name): fd.readlink() for fd in process.joinpath("fd").iterdir()}

    names = {variable.split(b"=")[0] for variable in variables if variable}
    assert names == {b"PYTHONPATH", b"LANG", b"MALLOC_ARENA_MAX"}
    # Its three streams, and the copy of stdout.
    assert len(files) == 4
    assert ours not in files.values()


async def test_decode_past_its_time_fails_and_its_process_is_replaced():
    slow = photos.twelve_megapixel_jpeg(progressive=True)

    async with decoders(confinement=Confinement(limit_s=0.1)) as lanes:
        began = time.monotonic()
        with pytest.raises(Permanent, match="takes too long") as refused:
            await lanes.prepare(slow)
        took = time.monotonic() - began

        assert children() == []
    assert refused.value.code == "undecodable_image"
    assert took < 5


async def test_others_are_served_while_one_hangs_and_after_it():
    async with decoders(confinement=Confinement(limit_s=3), count=2) as lanes:
        await lanes.prepare(SMALL_HEIC)
        (stuck,) = children()
        os.kill(stuck, signal.SIGSTOP)
        hanging = asyncio.create_task(lanes.prepare(SMALL_HEIC))
        await asyncio.sleep(0)

        others = await asyncio.gather(
            lanes.prepare(photos.real_photo()), lanes.prepare(photos.real_photo("coffee"))
        )

        assert not hanging.done()
        assert all(isinstance(other, Prepared) for other in others)
        with pytest.raises(Permanent, match="takes too long"):
            await hanging
        assert stuck not in children()
        assert (await lanes.prepare(SMALL_HEIC)).model.data


@pytest.mark.parametrize("signum", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
async def test_crash_fails_its_picture_alone(signum):
    async with decoders() as lanes:
        doomed = asyncio.create_task(lanes.prepare(photos.twelve_megapixel_jpeg(progressive=True)))
        killed = set()
        while not doomed.done():
            for child in children():
                if child not in killed and peak_kb(child) > DECODING_KB:
                    os.kill(child, signum)
                    killed.add(child)
            await asyncio.sleep(0.005)

        with pytest.raises(Permanent, match="gave up on it") as refused:
            await doomed

        assert refused.value.code == "undecodable_image"
        assert len(killed) == 2
        assert (await lanes.prepare(SMALL_HEIC)).model.data


async def test_process_that_died_between_pictures_is_no_fault_of_the_next():
    async with decoders() as lanes:
        await lanes.prepare(SMALL_HEIC)
        (child,) = children()
        os.kill(child, signal.SIGKILL)

        assert (await lanes.prepare(SMALL_HEIC)).model.data


async def test_process_killed_at_work_by_somebody_else_does_not_fail_the_picture():
    async with decoders() as lanes:
        await lanes.prepare(SMALL_HEIC)
        (child,) = children()
        os.kill(child, signal.SIGSTOP)
        picture = asyncio.create_task(lanes.prepare(SMALL_HEIC))
        await lanes.prepare(photos.real_photo())
        os.kill(child, signal.SIGKILL)

        assert (await picture).model.data


async def test_picture_that_needs_more_memory_than_it_may_fails():
    large = photos.encoded(Image.new("RGB", (7000, 7000), "teal"), "WEBP", method=0, quality=1)

    async with decoders(confinement=Confinement(memory_mb=200)) as lanes:
        with pytest.raises(Permanent) as refused:
            await lanes.prepare(large)

        assert (await lanes.prepare(SMALL_HEIC)).model.data
    assert refused.value.code == "undecodable_image"


def lying(picture: bytes, width: int, height: int) -> bytes:
    """An AVIF whose boxes state a smaller picture than its bitstream holds."""
    data = bytearray(picture)
    place = data.index(b"ispe") + 8
    data[place : place + 8] = width.to_bytes(4) + height.to_bytes(4)
    return bytes(data)


async def test_avif_that_lies_about_its_size_is_bound_by_the_memory_of_its_process():
    honest = photos.encoded(Image.new("RGB", (7000, 7000), "teal"), "AVIF", speed=10, quality=20)

    async with confined(Confinement(memory_mb=80)) as decoder:
        with pytest.raises((Permanent, Crashed)):
            await decoder.render(clean(lying(honest, 40, 30), limits=LIMITS))
        peak = peak_kb(decoder.pid)

    assert peak < 110 * 1024


async def test_cancelled_decode_leaves_no_process():
    async with decoders() as lanes:
        task = asyncio.create_task(lanes.prepare(photos.twelve_megapixel_jpeg(progressive=True)))
        await until(children)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert children() == []


def test_large_webp_takes_the_whole_budget_and_a_photo_from_a_phone_a_tenth():
    assert weight(MediaType.WEBP, 48_000_000) > 100_000_000
    assert weight(MediaType.JPEG, 12_000_000) <= 10_000_000


ORPHANING = """
import asyncio
from services.ingest.confined_decoder import ConfinedDecoder, Confinement

async def main():
    decoder = await ConfinedDecoder.start(Confinement(), pixels=1000)
    print(decoder.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_process_ends_with_a_worker_that_was_killed():
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ORPHANING, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    child = Path(f"/proc/{int(await worker.stdout.readline())}")
    assert child.exists()

    worker.kill()
    await worker.communicate()

    await until(
        lambda: not child.exists() or b"confined" not in child.joinpath("cmdline").read_bytes()
    )
