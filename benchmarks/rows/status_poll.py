"""What it costs the gateway to say that there is nothing new, against one read of DynamoDB.

Judged is the poll of one photo as the contract has it: ``If-None-Match`` with the version known,
304, a second later again. Told are the two others that programs make: our page asks for the list
of a drop with the ``ETag`` it has, once for all photos in it; and the README's line waits at the
gateway with ``?wait=20``, which stands for twenty polls of the first kind.
"""

import asyncio
from importlib.metadata import version

from aiohttp import ClientSession

from benchmarks.figures import Figure, Result, median_of, ratios
from benchmarks.histories import BATCH
from benchmarks.reading import Asked, Servers, cpu_of, cpu_of_burst, servers
from benchmarks.row import Row

_PHOTOS = 20  # in the history, one of them under way
_ROUNDS = 8
_REQUESTS = 80  # a round and contender
_AT_ONCE = 4
_WAIT_S = 20
_WAITING = 200  # at once


def measure() -> Result:
    """CPU a request with four in flight, in turn on the same core; then long polls, all at once."""
    with servers(_PHOTOS) as both:
        return asyncio.run(_measure(both))


async def _measure(both: Servers) -> Result:
    signed_in = {"Authorization": f"Bearer {both.token}"}
    photo = f"/v1/images/{both.images[0]}"
    ours, drop = both.gateway_url + photo, f"{both.gateway_url}/v1/images?limit=100&batch={BATCH}"
    known = {
        url: {**signed_in, "If-None-Match": await _etag(url, signed_in)} for url in (ours, drop)
    }
    cpu = await cpu_of(
        {
            "photo": Asked(ours, both.gateway_pid, 304, known[ours]),
            "drop": Asked(drop, both.gateway_pid, 304, known[drop]),
            "bare": Asked(both.bare_url + photo, both.bare_pid, 200),
        },
        rounds=_ROUNDS,
        requests=_REQUESTS,
        at_once=_AT_ONCE,
    )
    waiting = Asked(f"{ours}?wait={_WAIT_S}", both.gateway_pid, 200, signed_in)
    waited = await cpu_of_burst(waiting, _WAITING, at_once=_WAITING)
    bare = median_of("CPU, bare", cpu["bare"], "ms")
    return Result(
        (
            median_of("CPU", ratios(cpu["photo"], cpu["bare"]), "times", at_most=1.5),
            median_of(f"CPU, a drop of {_PHOTOS}", ratios(cpu["drop"], cpu["bare"]), "times"),
            Figure(f"CPU, {_WAIT_S} s of waiting", waited / bare.value, "times"),
            median_of("CPU, gateway", cpu["photo"], "ms"),
            bare,
        ),
        {name: version(name) for name in ("aiohttp", "aioboto3", "aiobotocore", "pydantic")},
        {"cpu_ms": cpu | {"wait": waited}},
    )


async def _etag(url: str, headers: dict[str, str]) -> str:
    async with ClientSession() as http, http.get(url, headers=headers) as answer:
        return answer.headers["ETag"]


ROW = Row(
    name="status_poll",
    title="A status poll that finds nothing new",
    reach="≤ 1.5 CPU",
    against="a bare aiohttp handler with one DynamoDB get",
    measure=measure,
)
