"""What a page of the history costs the gateway, against a server that makes one query of it.

Both read the same items from the same stub of AWS, over TLS. The gateway also knows who asks and
reads how the owner stands, signs forty URLs and answers all there is to know of each photo.
"""

import asyncio
from importlib.metadata import version

from benchmarks.figures import Result, median_of, ratios
from benchmarks.reading import Asked, Servers, cpu_of, servers
from benchmarks.row import Row

_PAGE = 20
_PHOTOS = 60  # in the history: the page is not its end
_ROUNDS = 8
_REQUESTS = 40  # a round and contender
_AT_ONCE = 4


def measure() -> Result:
    """CPU a request with four in flight, in turn on the same core."""
    with servers(_PHOTOS) as both:
        return asyncio.run(_measure(both))


async def _measure(both: Servers) -> Result:
    signed_in = {"Authorization": f"Bearer {both.token}"}
    path = f"/v1/images?limit={_PAGE}"
    cpu = await cpu_of(
        {
            "gateway": Asked(both.gateway_url + path, both.gateway_pid, 200, signed_in, _PAGE),
            "bare": Asked(both.bare_url + path, both.bare_pid, 200, items=_PAGE),
        },
        rounds=_ROUNDS,
        requests=_REQUESTS,
        at_once=_AT_ONCE,
    )
    return Result(
        (
            median_of("CPU", ratios(cpu["gateway"], cpu["bare"]), "times", at_most=2.5),
            median_of("CPU, gateway", cpu["gateway"], "ms"),
            median_of("CPU, bare", cpu["bare"], "ms"),
        ),
        {name: version(name) for name in ("aiohttp", "aioboto3", "aiobotocore", "pydantic")},
        {"cpu_ms": cpu},
    )


ROW = Row(
    name="history_page",
    title="A page of 20 of the history, with presigned URLs",
    reach="≤ 2.5 CPU",
    against="a bare aiohttp handler with one DynamoDB query",
    measure=measure,
)
