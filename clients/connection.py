"""Requests to one gateway with one token: every call has a timeout, and is repeated where safe.

Repeated are what the gateway asks to repeat (429 and 503 with ``Retry-After``), and connections
that broke under a request that changes nothing or carries an idempotency key.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter

from clients.problems import ApiError, ApiProblem, Unreachable, problem_of

_SAFE = frozenset({"GET", "HEAD", "DELETE"})  # to repeat: what they do twice they do once
# Waiting for a new unit is minutes, and the caller's decision.
_NOT_OURS_TO_WAIT = frozenset({"quota_exceeded"})

Fields = Mapping[str, str]


@dataclass(frozen=True)
class Patience:
    """How a call is repeated; times in seconds."""

    attempts: int = 5
    first_pause: float = 0.5  # doubling, where the gateway names no time
    longest_pause: float = 10.0  # asked to wait longer, the call fails
    timeout: float = 10.0
    upload_timeout: float = 75.0  # the gateway allows 60 for a body


@dataclass(frozen=True)
class Call:
    """What is asked. ``repeatable`` is about broken connections; left out, the method decides.

    ``extra_time`` are the seconds that the gateway was asked to take.
    """

    method: str
    path: str
    params: Fields | None = None
    headers: Fields | None = None
    data: bytes | None = None
    repeatable: bool | None = None
    extra_time: float = 0.0
    stream: bool = False

    def may_be_repeated(self) -> bool:
        """Done twice, it is done once."""
        if self.repeatable is not None:
            return self.repeatable
        return self.method in _SAFE or "Idempotency-Key" in (self.headers or {})


class Connection:
    """One ``requests`` session for all threads.

    It is safe to share because nothing of it changes once it is made: what differs from call to
    call goes with the request, cookies are refused, the machine's own settings are not read. What
    threads do share is urllib3's connection pool, which is made for it. ``connections`` are kept
    open for each host; more calls at once than that work, each on a connection of its own.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        patience: Patience,
        connections: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._authorization = f"Bearer {token}"
        self._patience = patience
        self._sleep = sleep
        self._session = requests.Session()
        # A .netrc or proxy of the machine must not replace or see the token.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=connections))

    def close(self) -> None:
        """Close the connections that no call is using."""
        self._session.close()

    def call(self, call: Call) -> requests.Response:
        """The gateway's answer, never an error. Raises ``ApiProblem``, ``Unreachable``."""
        if not call.path.startswith("/"):
            raise ValueError("the token goes to the gateway only")
        request = requests.Request(
            call.method,
            self._base_url + call.path,
            params=call.params,
            headers={"Authorization": self._authorization, **(call.headers or {})},
            data=call.data,
        )
        limit = self._patience.upload_timeout if call.data else self._patience.timeout
        return self._patiently(
            lambda: self._once(request, limit + call.extra_time, stream=call.stream),
            repeatable=call.may_be_repeated(),
        )

    def post_form(self, url: str, fields: Fields, data: bytes) -> None:
        """Post a form to another host, ``data`` as its last part ``file``. No token goes along."""
        request = requests.Request("POST", url, data=fields, files={"file": data})
        self._patiently(
            lambda: self._once(request, self._patience.upload_timeout, stream=False),
            repeatable=True,  # another version of the same object
        )

    def _patiently(
        self, attempt: Callable[[], requests.Response], *, repeatable: bool
    ) -> requests.Response:
        pause = self._patience.first_pause
        for number in range(1, self._patience.attempts + 1):
            try:
                return attempt()
            except ApiError as error:
                wait = self._wait_before_next(error, pause, repeatable=repeatable)
                if wait is None or number == self._patience.attempts:
                    raise
                self._sleep(wait)
                pause *= 2
        raise AssertionError("a call has at least one attempt")

    def _wait_before_next(self, error: ApiError, pause: float, *, repeatable: bool) -> float | None:
        if isinstance(error, ApiProblem):
            asked = error.retry_after
            if asked is None or not error.passes or error.code in _NOT_OURS_TO_WAIT:
                return None
            return asked if asked <= self._patience.longest_pause else None
        return min(pause, self._patience.longest_pause) if repeatable else None

    def _once(self, request: requests.Request, limit: float, *, stream: bool) -> requests.Response:
        try:
            response = self._session.send(
                self._session.prepare_request(request),
                timeout=(self._patience.timeout, limit),
                allow_redirects=False,
                stream=stream,
            )
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                raise problem_of(response)
        except requests.RequestException as error:
            raise Unreachable(type(error).__name__) from error
        return response
