"""How many requests one user and one address may make of this process, reads included.

Apart from the caption quota, and before it: an address is counted before its token costs any
cryptography. Probes are exempt.
"""

import math
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import web
from aiohttp.typedefs import Handler

from services.gateway.auth import IDENTITY
from services.gateway.health import PROBES
from services.gateway.keys import ADDRESS_PACER, SETTINGS, USER_PACER
from services.gateway.pacing import Pacer
from services.gateway.problems import Problem


@web.middleware
async def pace_addresses(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse an address that asks too often, whoever it says it is."""
    if request.path not in PROBES:
        header = request.app[SETTINGS].trusted_address_header
        _admit(request.app[ADDRESS_PACER], address_of(request, header))
    return await handler(request)


@web.middleware
async def pace_users(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a user who asks too often, from wherever."""
    identity = request.get(IDENTITY)
    if identity is not None:
        _admit(request.app[USER_PACER], identity.user_id)
    return await handler(request)


def address_of(request: web.Request, trusted_header: str | None) -> str:
    """The client's address: what ``trusted_header`` says, if it is set and sane, else the peer's.

    An IPv6 client stands for its /64, all of which is usually one subscriber's (RFC 6177).
    """
    given = request.headers.getall(trusted_header, []) if trusted_header else []
    address = _parsed(given[0]) if len(given) == 1 else None
    if address is None:
        address = _parsed(f"{request.remote}:0")
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The address in ``address:port``, as CloudFront writes it, IPv6 with or without brackets."""
    host = text.rpartition(":")[0] or text
    try:
        return ip_address(host.strip("[] ").partition("%")[0])
    except ValueError:
        return None


def _admit(pacer: Pacer, caller: str) -> None:
    wait = pacer.wait_for(caller)
    if wait:
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many requests in a short time.",
            retry_after=max(1, math.ceil(wait)),
        )
