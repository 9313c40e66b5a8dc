"""Who may operate the pipeline: members of the group ``admins``, and nobody else."""

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from services.gateway.auth import IDENTITY
from services.gateway.problems import Problem

ADMINS = "admins"
_PREFIX = "/v1/admin"


@web.middleware
async def admins_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse everybody else whatever is, or might one day be, under ``/v1/admin``."""
    if _is_admin_path(request) and ADMINS not in request[IDENTITY].groups:
        raise Problem(
            HTTPStatus.FORBIDDEN, "forbidden", "Only members of the group `admins` may do this."
        )
    return await handler(request)


def _is_admin_path(request: web.Request) -> bool:
    # The route decides what runs, the path what is protected: should they differ, both count.
    resource = request.match_info.route.resource
    paths = (request.path, resource.canonical if resource is not None else "")
    return any(f"{path}/".startswith(f"{_PREFIX}/") for path in paths)
