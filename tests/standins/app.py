"""The four stand-ins behind one address, and the commands that make them fail.

A call is judged as the real service would, then the fault in force decides, and its outcome is
counted before the client can hear of it.
"""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.standins import bedrock, huggingface, rekognition, sagemaker
from tests.standins.calls import Calls
from tests.standins.faults import SERVICES, BadCommand, Fault, Faults, ServiceName
from tests.standins.wire import Answer, Call, Refused, Service, cut

CALLS = web.AppKey("calls", Calls)
FAULTS = web.AppKey("faults", Faults)

_LARGEST_BODY = 64 * 1024 * 1024  # bytes: the services' own limits are what refuses
_DRIPS = 20  # pieces of a slow body
_STATED = frozenset({"throttle", "error", "refusal", "retired"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app() -> web.Application:
    """All four services, in good health, with nothing counted."""
    services = (bedrock.SERVICE, sagemaker.SERVICE, huggingface.SERVICE, rekognition.SERVICE)
    app = web.Application(client_max_size=_LARGEST_BODY)
    app[CALLS] = Calls()
    app[FAULTS] = Faults({each.name: dict(each.codes) for each in services})
    paths = (
        "/model/{model:.+}/converse",
        "/endpoints/{name}/invocations",
        "/v1/chat/completions",
        "/",
    )
    for path, service in zip(paths, services, strict=True):
        app.router.add_post(path, _handler(service))
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/_faults", _get_faults)
    app.router.add_put("/_faults", _put_faults)
    app.router.add_delete("/_faults", _delete_faults)
    app.router.add_get("/_calls", _get_calls)
    app.router.add_delete("/_calls", _delete_calls)
    app.router.add_get("/_requests", _get_requests)
    app.router.add_get("/_images", _get_images)
    return app


def _handler(service: Service) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        calls = request.app[CALLS]
        try:
            call = await service.receive(request)
        except Refused as refused:
            calls.add(service.name, "invalid")
            return _whole(refused.answer)
        fault = request.app[FAULTS].next(service.name)
        outcome = "ok" if fault.mode == "none" else fault.mode
        sha256 = call.picture.sha256 if call.picture else None
        calls.add(service.name, outcome, shown=call.shown, sha256=sha256)
        return await _obey(request, service, call, fault)

    return handle


async def _obey(
    request: web.Request, service: Service, call: Call, fault: Fault
) -> web.StreamResponse:
    if fault.mode == "slow":
        return await _dripped(request, service.answer(call, fault), fault.delay)
    await asyncio.sleep(fault.delay)
    if fault.mode == "disconnect":
        return _hang_up(request)
    if fault.mode in _STATED:
        return _whole(service.failure(call, fault))
    answer = service.answer(call, fault)
    is_cut = fault.mode == "bad_json" and service.code(fault) == "body"
    return _whole(cut(answer) if is_cut else answer)


def _whole(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


async def _dripped(request: web.Request, answer: Answer, delay: float) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.body)
    await response.prepare(request)
    piece = max(1, -(-len(answer.body) // _DRIPS))
    for start in range(0, len(answer.body), piece):
        await asyncio.sleep(delay / _DRIPS)
        await response.write(answer.body[start : start + piece])
    await response.write_eof()
    return response


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # nobody is left to read it


async def _healthz(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _get_faults(request: web.Request) -> web.Response:
    current = request.app[FAULTS].current()
    shown = {name: fault.model_dump(exclude_none=True) for name, fault in current.items()}
    return web.json_response(shown)


async def _put_faults(request: web.Request) -> web.Response:
    try:
        request.app[FAULTS].command(await request.read())
    except BadCommand as error:
        return web.json_response({"error": str(error)}, status=422)
    return await _get_faults(request)


async def _delete_faults(request: web.Request) -> web.Response:
    request.app[FAULTS].clear()
    return web.Response(status=204)


async def _get_calls(request: web.Request) -> web.Response:
    return web.json_response(request.app[CALLS].outcomes())


async def _delete_calls(request: web.Request) -> web.Response:
    request.app[CALLS].reset()
    return web.Response(status=204)


async def _get_images(request: web.Request) -> web.Response:
    return web.json_response(request.app[CALLS].images())


async def _get_requests(request: web.Request) -> web.Response:
    service = _named(request.query.get("service"))
    last = request.query.get("last", "20")
    if service is None or not last.isdecimal():
        text = f"Give service={'|'.join(SERVICES)} and, if you like, last=n."
        return web.json_response({"error": text}, status=422)
    return web.json_response(request.app[CALLS].last(service, int(last)))


def _named(name: str | None) -> ServiceName | None:
    return next((each for each in SERVICES if each == name), None)
