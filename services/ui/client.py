"""The gateway's HTTP API for one signed-in person.

Every call has a timeout; the token is never logged.

* GatewayError
  x Unreachable    nobody answered, or not sensibly: worth trying again
  x NotSignedIn    the token was refused: only a new sign-in helps
  x Refused        the gateway said no and why: ``problem.code`` decides what to tell the person
"""

from collections.abc import Mapping
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Self, TypeVar
from urllib.parse import quote

import requests
from pydantic import ValidationError
from requests.adapters import HTTPAdapter

from services.ui.resources import Photo, PhotoPage, Problem, Resource

Answer = TypeVar("Answer", bound=Resource)

# Parallel uploads of one person, plus the page's own call.
_CONNECTIONS = 8


class GatewayError(Exception):
    """Base class for calls that did not end well."""


class Unreachable(GatewayError):
    """No usable answer; try again after ``retry_after`` seconds if given."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotSignedIn(GatewayError):
    """The token is missing, expired or not accepted."""


class Refused(GatewayError):
    """A 4xx answer; ``retry_after`` in seconds if the gateway gave one."""

    def __init__(self, status: int, problem: Problem, *, retry_after: float | None = None) -> None:
        super().__init__(problem.code)
        self.status = status
        self.problem = problem
        self.retry_after = retry_after


class GatewayClient:
    """Calls on behalf of the bearer of ``token``. Safe to use from several threads."""

    def __init__(
        self, base_url: str, token: str, *, timeout: float = 10.0, upload_timeout: float = 60.0
    ) -> None:
        self._base_url = base_url
        self._authorization = f"Bearer {token}"
        self._timeout = timeout  # seconds
        self._upload_timeout = upload_timeout  # seconds
        self._http = requests.Session()
        # A .netrc or proxy of the machine must not replace or see the person's token.
        self._http.trust_env = False
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def submit(self, data: bytes, content_type: str, *, batch: str, key: str) -> Photo:
        """Hand in one photo. The same ``key`` with the same bytes is the same photo, for a day."""
        response = self._call(
            "POST",
            "/v1/images",
            params={"batch": batch},
            headers={"Content-Type": content_type, "Idempotency-Key": key},
            data=data,
            timeout=self._upload_timeout,
        )
        return _parsed(Photo, response)

    def photos(
        self, *, limit: int = 20, cursor: str | None = None, batch: str | None = None
    ) -> PhotoPage:
        """One page of photos, newest first; ``limit`` 1 to 100."""
        wanted = {"limit": str(limit), "cursor": cursor, "batch": batch}
        params = {name: value for name, value in wanted.items() if value is not None}
        return _parsed(PhotoPage, self._call("GET", "/v1/images", params=params))

    def photo(self, image_id: str) -> Photo:
        """One photo; raises ``Refused`` with status 404 if it is not this person's."""
        return _parsed(Photo, self._call("GET", f"/v1/images/{quote(image_id, safe='')}"))

    def retry(self, image_id: str) -> Photo:
        """Try a failed photo again."""
        path = f"/v1/images/{quote(image_id, safe='')}/retry"
        return _parsed(Photo, self._call("POST", path))

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        timeout: float | None = None,
    ) -> requests.Response:
        try:
            response = self._http.request(
                method,
                self._base_url + path,
                params=params,
                headers={"Authorization": self._authorization, **(headers or {})},
                data=data,
                timeout=(self._timeout, timeout or self._timeout),
                allow_redirects=False,
            )
        except requests.RequestException as exc:
            raise Unreachable(type(exc).__name__) from exc
        _raise_for(response)
        return response


def _raise_for(response: requests.Response) -> None:
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        raise NotSignedIn
    retry_after = _retry_after(response)
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unreachable(str(response.status_code), retry_after=retry_after)
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        # A load balancer's own page, say: the status still tells the kind.
        problem = Problem()
    raise Refused(response.status_code, problem, retry_after=retry_after)


def _retry_after(response: requests.Response) -> float | None:
    """Seconds; the date form of RFC 9110 is not used by the gateway and reads as none."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def _parsed(model: type[Answer], response: requests.Response) -> Answer:
    try:
        return model.model_validate_json(response.content)
    except ValidationError as exc:
        raise Unreachable("unreadable answer") from exc
