"""Errors as ``application/problem+json`` (RFC 9457). Clients never see a text we didn't write."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from shared.api import FieldFault, ProblemBody
from shared.errors import DependencyUnavailable
from shared.telemetry import current_trace_id

logger = logging.getLogger(__name__)

REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)

PASSING_RETRY_AFTER_S = 2

# The contract's code where a status has one of its own; else the status's phrase in snake_case.
_CODES = {HTTPStatus.BAD_REQUEST: "malformed_request"}


class Problem(Exception):
    """A refusal the client can act on. ``code`` is part of the contract.

    With ``retry_after`` (seconds) the same request may succeed later.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        retry_after: int | None = None,
        errors: Sequence[FieldFault] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.errors = errors
        self.headers = headers or {}


def not_found() -> Problem:
    """There is no such image, or it is somebody else's: the two must look the same."""
    return Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such image.")


def malformed(pointer: str, message: str) -> Problem:
    """A query parameter or header that makes no sense."""
    return Problem(
        HTTPStatus.BAD_REQUEST,
        "malformed_request",
        "A parameter makes no sense.",
        errors=[FieldFault(pointer=pointer, message=message)],
    )


def unavailable(dependency: str) -> Problem:
    """A service that we depend on does not answer."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "dependency_unavailable",
        "A service we depend on does not answer. Try again in a moment.",
        retry_after=PASSING_RETRY_AFTER_S,
        errors=[FieldFault(pointer=dependency, message="does not answer")],
    )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into an answer."""
    try:
        return await handler(request)
    except Problem as problem:
        return _response(request, problem)
    except DependencyUnavailable as error:
        logger.warning("dependency unavailable", extra={"dependency": error.dependency})
        return _response(request, unavailable(error.dependency))
    except web.HTTPException as error:
        return _response(request, _of_http_exception(error))
    except ConnectionError:
        if request.transport is None or request.transport.is_closing():
            raise  # the client went away: there is nobody to answer
        logger.exception("unhandled")
        return _response(request, internal_error())
    except Exception:  # the boundary of every request: logged, and answered as 500
        logger.exception("unhandled")
        return _response(request, internal_error())


def internal_error() -> Problem:
    """A fault of ours."""
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "Our mistake. It has been logged."
    )


def _of_http_exception(error: web.HTTPException) -> Problem:
    status = HTTPStatus(error.status)
    code = _CODES.get(status, status.phrase.lower().replace(" ", "_").replace("-", "_"))
    kept = {str(name): error.headers[name] for name in (hdrs.ALLOW,) if name in error.headers}
    return Problem(status, code, status.description or status.phrase, headers=kept)


def _response(request: web.Request, problem: Problem) -> web.Response:
    response = problem_response(problem, request_id=request.get(REQUEST_ID, ""))
    if not request.content.is_eof():
        # The rest of a refused body is not worth reading, nor the connection keeping.
        response.force_close()
    return response


def problem_response(problem: Problem, *, request_id: str) -> web.Response:
    """``problem`` as an answer."""
    body = ProblemBody(
        type=f"urn:problem:caption-pipeline:{problem.code}",
        title=problem.status.phrase,
        status=problem.status,
        detail=problem.detail,
        code=problem.code,
        request_id=request_id,
        trace_id=current_trace_id(),
        retryable=problem.retry_after is not None,
        errors=list(problem.errors) if problem.errors is not None else None,
    )
    response = web.Response(
        text=body.model_dump_json(exclude={"errors"} if body.errors is None else None),
        status=problem.status,
        content_type="application/problem+json",
        headers=problem.headers,
    )
    if problem.retry_after is not None:
        response.headers[hdrs.RETRY_AFTER] = str(problem.retry_after)
    return response
