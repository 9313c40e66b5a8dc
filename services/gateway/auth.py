"""Nobody gets past ``/v1`` without a good token: no body is read and no ``100 Continue`` sent."""

import logging
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from services.gateway.keys import VERIFIER
from services.gateway.problems import Problem
from services.gateway.tokens import Identity, InvalidToken

logger = logging.getLogger(__name__)

IDENTITY: web.RequestKey[Identity] = web.RequestKey("identity", Identity)


def is_protected(request: web.Request) -> bool:
    """Whether the path needs a token."""
    return request.path == "/v1" or request.path.startswith("/v1/")


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put the caller's identity on the request, or refuse it."""
    if is_protected(request):
        try:
            request[IDENTITY] = await request.app[VERIFIER].verify(_bearer(request))
        except InvalidToken as error:
            logger.info("token refused", extra={"reason": error.reason})
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "invalid_token",
                "A valid bearer token is needed.",
                headers={hdrs.WWW_AUTHENTICATE: 'Bearer error="invalid_token"'},
            ) from error
    return await handler(request)


def _bearer(request: web.Request) -> str:
    values = request.headers.getall(hdrs.AUTHORIZATION, [])
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidToken("no bearer token")
    return token.strip()
