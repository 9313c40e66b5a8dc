"""What can go wrong with a call.

* ApiError
  x ApiProblem      the gateway answered with a problem: branch on ``code``
    x NotSignedIn   401, only another token helps
    x Refused       any other 4xx
    x Unavailable   5xx, worth trying again
  x Unreachable     nobody answered, or not sensibly
"""

from http import HTTPStatus

import requests
from pydantic import ValidationError

from clients.resources import Open


class ApiError(Exception):
    """Base class for calls that did not end well."""


class Unreachable(ApiError):
    """No usable answer."""


class ApiProblem(ApiError):
    """A problem (RFC 9457). ``retry_after`` is in seconds, and absent where waiting won't help."""

    def __init__(
        self,
        code: str,
        status: int,
        detail: str,
        *,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.status = status
        self.detail = detail
        self.retry_after = retry_after
        self.request_id = request_id

    @property
    def passes(self) -> bool:
        """The same request may be sent again after ``retry_after``."""
        return self.retry_after is not None and (
            self.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
            or self.code == "idempotency_in_flight"
        )


class NotSignedIn(ApiProblem):
    """The token is missing, expired or not accepted."""


class Refused(ApiProblem):
    """The gateway said no, and why."""


class Unavailable(ApiProblem):
    """The gateway could not do it now."""


class _Body(Open):
    code: str = "unknown"
    detail: str = ""


def problem_of(response: requests.Response) -> ApiProblem:
    """The problem in a 4xx or 5xx answer, which may be a load balancer's own page."""
    try:
        body = _Body.model_validate_json(response.content)
    except ValidationError:
        body = _Body(detail=response.reason or "")
    # The date form of RFC 9110 is not used by the gateway and reads as none.
    after = response.headers.get("Retry-After", "")
    return _kind(response.status_code)(
        body.code,
        response.status_code,
        body.detail,
        retry_after=float(after) if after.isdecimal() else None,
        request_id=response.headers.get("X-Request-Id"),
    )


def _kind(status: int) -> type[ApiProblem]:
    if status == HTTPStatus.UNAUTHORIZED:
        return NotSignedIn
    return Unavailable if status >= HTTPStatus.INTERNAL_SERVER_ERROR else Refused
