"""The caption quota as clients see it: the refusal, and what is left in the RateLimit headers.

The headers follow draft-ietf-httpapi-ratelimit-headers: ``r`` units are left for the next ``t``
seconds, after which there is one more. So ``t`` is 0 for a full bucket, and on a refusal it names
the moment that ``Retry-After`` names.
"""

import math
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from services.gateway.auth import IDENTITY
from services.gateway.keys import CONTROLS
from services.gateway.problems import Problem
from shared.controls import Bucket, QuotaExceeded, Spent

_BUCKET: web.RequestKey[Bucket] = web.RequestKey("bucket", Bucket)


async def spend(request: web.Request) -> Spent:
    """Take one unit of the caller's quota; the answer will tell what is left.

    Raises ``QuotaExceeded``.
    """
    spent = await request.app[CONTROLS].spend(request[IDENTITY].user_id)
    tell(request, spent.bucket)
    return spent


async def give_back(request: web.Request) -> None:
    """Return the unit that ``spend`` took for what then failed."""
    request.pop(_BUCKET, None)
    await request.app[CONTROLS].refund(request[IDENTITY].user_id)


def tell(request: web.Request, bucket: Bucket) -> None:
    """Have the answer to ``request`` say what ``bucket`` holds."""
    request[_BUCKET] = bucket


@web.middleware
async def refuse_exceeded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer ``QuotaExceeded`` with 429 ``quota_exceeded``, wherever it was raised."""
    try:
        return await handler(request)
    except QuotaExceeded as error:
        tell(request, error.bucket)
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "quota_exceeded",
            "The caption quota is used up for now.",
            retry_after=max(1, math.ceil(error.retry_after)),
        ) from error


async def add_quota_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Connected to ``on_response_prepare``: the headers, if the request had to do with quota."""
    bucket = request.get(_BUCKET)
    if bucket is not None:
        window, seconds = round(bucket.window), math.ceil(next_unit_in(bucket))
        response.headers["RateLimit-Policy"] = f'"captions";q={bucket.limit};w={window}'
        response.headers["RateLimit"] = f'"captions";r={bucket.remaining};t={seconds}'


def next_unit_in(bucket: Bucket) -> float:
    """Seconds until there is one unit more; 0 if the bucket is full."""
    if bucket.remaining >= bucket.limit:
        return 0.0
    unit = bucket.window / bucket.limit
    return max(0.0, bucket.resets_in - bucket.window + (bucket.remaining + 1) * unit)
