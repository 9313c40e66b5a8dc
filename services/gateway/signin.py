"""``/auth``: what an OpenID Connect client needs to sign in at Cognito, and out again."""

from http import HTTPStatus
from urllib.parse import urlencode

from aiohttp import hdrs, web

from services.gateway.keys import DISCOVERY, SETTINGS
from services.gateway.problems import malformed

routes = web.RouteTableDef()


@routes.get("/auth/openid-configuration")
async def openid_configuration(request: web.Request) -> web.Response:
    """The provider's discovery document, with our ``/auth/logout`` in it."""
    return web.json_response(await request.app[DISCOVERY].document())


@routes.get("/auth/logout")
async def logout(request: web.Request) -> web.Response:
    """Send the browser to the provider's sign-out, and from there only to an address of ours."""
    settings = request.app[SETTINGS]
    asked = {
        *request.query.getall("post_logout_redirect_uri", []),
        *request.query.getall("logout_uri", []),
    } or set(settings.logout_urls[:1])
    if len(asked) != 1 or not asked <= set(settings.logout_urls):
        raise malformed("post_logout_redirect_uri", "not an address registered for signing out")
    parameters = {"client_id": settings.logout_client_id, "logout_uri": asked.pop()}
    return web.Response(
        status=HTTPStatus.FOUND,
        headers={
            hdrs.LOCATION: f"{settings.cognito_user_pool_domain_url}/logout?{urlencode(parameters)}"
        },
    )
