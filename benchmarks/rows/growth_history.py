"""What a page and an upload cost the gateway, by how many photos their user's history holds.

One gateway on the stub of AWS, users with histories of four sizes, asked in turn within every
round, so that all sizes share whatever else the machine does. Pages of twenty are compared with
those of a hundred photos, because ten don't fill one; with ten photos, pages of ten. An upload
makes its history longer: where that would tell, each round has a user of its own.
"""

import asyncio
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import ClientSession

from benchmarks.figures import Figure, Result, median_of, ratios
from benchmarks.gateways import Gateway, Stub, gateway_on, stub
from benchmarks.histories import history
from benchmarks.pictures import small_jpeg
from benchmarks.reading import Asked, cpu_of
from benchmarks.row import Row
from benchmarks.uploading import Uploader

_HASH_KEY = "the benchmark's key for users' ids"
_SIZES = (10, 100, 1_000, 2_000)
_FEWEST, _MOST = _SIZES[0], _SIZES[-1]
_LONG = 1_000  # from here on a few uploads make no difference
_PAGE = 20
_MOST_A_PAGE = 100
_ROUNDS = 16
_PAGES, _UPLOADS = 16, 12  # of each kind, a round and size
_AT_ONCE = 4
_FLAT = 1.10

# By what is asked: CPU of one request by size and round, ms.
Cpu = dict[str, dict[int, list[float]]]


def measure() -> Result:
    """Rounds of pages, then rounds of uploads."""
    with (
        TemporaryDirectory() as folder,
        stub(core=0) as aws,
        gateway_on(aws, Path(folder, "log"), core=1, GATEWAY_USER_HASH_KEY=_HASH_KEY) as gateway,
    ):
        return _result(asyncio.run(_measure(aws, gateway)))


async def _measure(aws: Stub, gateway: Gateway) -> Cpu:
    cpu = await _pages(aws, gateway)
    return {**cpu, "upload": await _uploads(aws, gateway)}


async def _pages(aws: Stub, gateway: Gateway) -> Cpu:
    asked: dict[str, dict[int, Asked]] = {}
    for size in _SIZES:
        signed_in = {"Authorization": f"Bearer {_joined(aws, f'reader-{size}', size)}"}
        async with ClientSession(gateway.url, headers=signed_in) as http:
            for name, limit, begins in _kinds(size):
                path = f"/v1/images?limit={limit}{await _cursor(http, begins)}"
                asked.setdefault(name, {})[size] = Asked(
                    gateway.url + path, gateway.pid, 200, signed_in, limit
                )
    # Sizes of one kind next to each other: what they are compared by is what lies between them.
    flat = {f"{name} {size}": each for name, sizes in asked.items() for size, each in sizes.items()}
    taken = await cpu_of(flat, rounds=_ROUNDS, requests=_PAGES, at_once=_AT_ONCE)
    return {
        name: {size: taken[f"{name} {size}"] for size in sizes} for name, sizes in asked.items()
    }


def _kinds(size: int) -> list[tuple[str, int, int]]:
    """The pages that a history has: name, how many photos, how many newer ones there are."""
    kinds = [(f"first page of {_FEWEST}", _FEWEST, 0)]
    if size >= _PAGE:
        kinds += [
            (f"first page of {_PAGE}", _PAGE, 0),
            (f"middle page of {_PAGE}", _PAGE, size // 2),
            (f"last page of {_PAGE}", _PAGE, size - _PAGE),
        ]
    return kinds


async def _cursor(http: ClientSession, begins: int) -> str:
    """What to ask with for the photos behind so many: the way there is walked once."""
    cursor = ""
    while begins:
        limit = min(begins, _MOST_A_PAGE)
        async with http.get(f"/v1/images?limit={limit}{cursor}", raise_for_status=True) as answer:
            cursor = f"&cursor={(await answer.json())['next_cursor']}"
        begins -= limit
    return cursor


async def _uploads(aws: Stub, gateway: Gateway) -> dict[int, list[float]]:
    photo = small_jpeg()
    tokens = {size: _joined(aws, f"sender-{size}", size) for size in _SIZES if size >= _LONG}
    cpu: dict[int, list[float]] = {size: [] for size in _SIZES}
    for number in range(-1, _ROUNDS):
        fresh = {
            size: _joined(aws, f"sender-{size}-{number}", size) for size in _SIZES if size < _LONG
        }
        for size in _SIZES if number % 2 else _SIZES[::-1]:
            uploader = Uploader(gateway.url, photo, token={**tokens, **fresh}[size])
            before = gateway.cpu_s
            await uploader.burst(_UPLOADS, at_once=_AT_ONCE)
            spent = (gateway.cpu_s - before) / _UPLOADS * 1000
            await uploader.close()
            if number >= 0:
                cpu[size].append(spent)
    return cpu


def _joined(aws: Stub, user: str, photos: int) -> str:
    """The token of a new user with so many photos."""
    _, items = history(user, photos, hash_key=_HASH_KEY)
    aws.load(items)
    return aws.token(user)


def _result(cpu: Cpu) -> Result:
    return Result(
        (
            *(_grown(name, taken, _MOST, at_most=_FLAT) for name, taken in cpu.items()),
            *(_grown(name, taken, _LONG) for name, taken in cpu.items()),
            *(
                median_of(f"{name}, {size:,} photos", each, "ms")
                for name, taken in cpu.items()
                for size, each in taken.items()
            ),
        ),
        {name: version(name) for name in ("aiohttp", "aioboto3", "pydantic")},
        {"cpu_ms": cpu},
    )


def _grown(
    name: str, taken: Mapping[int, list[float]], size: int, *, at_most: float | None = None
) -> Figure:
    """Round by round, a size against the smallest of which there is such a page."""
    least = min(taken)
    grown = ratios(taken[size], taken[least])
    return median_of(f"{name}, {size:,} / {least}", grown, "times", at_most=at_most)


ROW = Row(
    name="growth_history",
    title="Pages and uploads of a user with 10 to 2,000 photos",
    reach="≤ 1.10 CPU",
    against="itself with the fewest photos (pages of 20: with 100)",
    measure=measure,
)
