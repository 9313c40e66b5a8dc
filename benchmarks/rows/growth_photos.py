"""What a photo costs our services while 10, 100, 1,000 or 10,000 photos lie behind the stack.

Two stacks run side by side. One keeps ten photos all the time; the other one grows, and in every
round both are sent the same batch at the same time: in turn, one would meet a faster machine than
the other. What is told is the growing one's CPU over that of the other one in the same round, and
over what that was when both had ten: so neither a machine that gets slower nor a difference between
two processes is taken for growth. What a batch has added is taken out again before the next one.

The photos behind are of users with twenty each, as complete as our code writes them, but for their
objects: those are found by their keys and never listed on a photo's way, so that only the emulator
could tell how many there are. What the emulator needs is not counted; it does more for a larger
table. What many photos leave behind in the services themselves is told by the half hour of
``make load``.
"""

import asyncio
import statistics
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from importlib.metadata import version

from benchmarks.behind import Item, Original, Store
from benchmarks.figures import Figure, Result, median_of, ratios
from benchmarks.load.generator import made_different
from benchmarks.photo_load import SERVICES, cpu_of_services
from benchmarks.row import Row
from benchmarks.sending import User
from benchmarks.stack import Stack, running_stack
from tests.photos import encoded, real_picture

_UNBOUNDED = "1000000"
_VARIABLES = {
    "MODELS": "standin",
    "GATEWAY_REQUESTS_PER_MINUTE": _UNBOUNDED,
    "GATEWAY_ADDRESS_REQUESTS_PER_MINUTE": _UNBOUNDED,
    "GATEWAY_UPLOADS_PER_USER": "1000",
}
# Photos behind the stack, and rounds with so many.
_ROUNDS = {10: 10, 100: 3, 1_000: 3, 10_000: 10}
_LEAST, _MOST = min(_ROUNDS), max(_ROUNDS)
_A_USER = 20
_EACH = 20  # photos of a batch
_AT_ONCE = 6
_SETTLES_S = 0.3  # after the captions: messages are deleted, captions kept
_FLAT = 1.10

Cpu = Mapping[str, float]  # ms a photo, by service


class Site:
    """A stack, its store, and the user who sends to it."""

    def __init__(self, stack: Stack, user: User) -> None:
        self._stack = stack
        self._user = user
        self._store = Store(stack)
        self._original: Original | None = None
        self._behind = 0

    async def begin(self, photo: bytes) -> None:
        """Send what pays for connections and first uses; one of it stays behind the stack."""
        sent = await self._sent(photo)
        self._original = self._store.original(self._user.id, sent[0])
        self._store.remove(self._user.id, sent[1:])
        self._behind = 1

    def grow(self, size: int) -> None:
        """Have so many photos behind the stack."""
        items: list[Item] = []
        while self._original is not None and self._behind < size:
            count = min(_A_USER, size - self._behind)
            items += self._original.copies(str(uuid.uuid4()), count)
            self._behind += count
        self._store.put(items)

    async def batch(self, photo: bytes) -> dict[str, float]:
        """Send one, until all is settled, and take it out again. CPU of a photo by service, ms."""
        before = cpu_of_services(self._stack)
        sent = await self._sent(photo)
        after = cpu_of_services(self._stack)
        self._store.remove(self._user.id, sent)
        return {name: (after[name] - before[name]) / _EACH * 1000 for name in SERVICES}

    async def _sent(self, photo: bytes) -> list[str]:
        photos = [made_different(photo, number) for number in range(_EACH)]
        sent = await self._user.send(photos, at_once=_AT_ONCE)
        await asyncio.to_thread(self._store.wait, self._user.id, sent)
        await asyncio.sleep(_SETTLES_S)
        return sent


def measure() -> Result:
    """Rounds at each size, the larger one after the smaller."""
    with ExitStack() as stacks:
        started = [stacks.enter_context(running_stack(**_VARIABLES)) for _ in range(2)]
        return asyncio.run(_measure(started))


async def _measure(stacks: Sequence[Stack]) -> Result:
    photo = _small_jpeg()
    cpu: dict[int, dict[str, list[Cpu]]] = {}
    async with AsyncExitStack() as users:
        still, growing = [
            Site(stack, await users.enter_async_context(User(stack.gateway_url, stack.token)))
            for stack in stacks
        ]
        for site in (still, growing):
            await site.begin(photo)
            site.grow(_LEAST)
        for size, rounds in _ROUNDS.items():
            growing.grow(size)
            cpu[size] = {"still": [], "growing": []}
            for _ in range(rounds):
                both = await asyncio.gather(still.batch(photo), growing.batch(photo))
                for name, taken in zip(cpu[size], both, strict=True):
                    cpu[size][name].append(taken)
    return _result(cpu)


def _result(cpu: Mapping[int, Mapping[str, Sequence[Cpu]]]) -> Result:
    """All services together are judged, each of them is told."""
    return Result(
        (
            _grown(cpu, _MOST, SERVICES, "CPU", at_most=_FLAT),
            *(_grown(cpu, size, SERVICES, "CPU") for size in cpu if _LEAST < size < _MOST),
            *(_grown(cpu, _MOST, (name,), f"CPU, {name}") for name in SERVICES),
            *(
                median_of(
                    f"CPU with {size:,}", [sum(each.values()) for each in taken["growing"]], "ms"
                )
                for size, taken in cpu.items()
            ),
        ),
        {name: version(name) for name in ("aiohttp", "aioboto3", "pillow")},
        {"cpu_ms": cpu},
    )


def _grown(
    cpu: Mapping[int, Mapping[str, Sequence[Cpu]]],
    size: int,
    services: Sequence[str],
    label: str,
    *,
    at_most: float | None = None,
) -> Figure:
    """What these services use with so many photos, over what they use with the fewest."""
    least = statistics.median(_to_still(cpu[_LEAST], services))
    grown = [each / least for each in _to_still(cpu[size], services)]
    return median_of(f"{label}, {size:,} / {_LEAST}", grown, "times", at_most=at_most)


def _to_still(taken: Mapping[str, Sequence[Cpu]], services: Sequence[str]) -> list[float]:
    still, growing = (
        [sum(each[name] for name in services) for each in taken[which]]
        for which in ("still", "growing")
    )
    return ratios(growing, still)


def _small_jpeg() -> bytes:
    """Of 320 px: the less there is to do for its pixels, the more all else shows."""
    picture = real_picture("china")
    picture.thumbnail((320, 320))
    return encoded(picture, "JPEG", quality=85)


ROW = Row(
    name="growth_photos",
    title="A small photo from upload to captions, with 10 to 10,000 photos behind the stack",
    reach="≤ 1.10 CPU",
    against="itself with 10",
    measure=measure,
)
