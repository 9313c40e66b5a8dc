"""Requests to one gateway with one token: every call has a timeout, and is repeated where safe.

Repeated are what the gateway asks to repeat (429 and 503 with ``Retry-After``), and connections
that broke under a request that changes nothing or carries an idempotency key.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy

import requests

from clients.problems import ApiError, ApiProblem, Unreachable, problem_of

_SAFE = frozenset({"GET", "HEAD", "DELETE"})  # to repeat: what they do twice they do once
# Waiting for a new unit is minutes, and the caller's decision.
_NOT_OURS_TO_WAIT = frozenset({"quota_exceeded"})


@dataclass(frozen=True)
class Patience:
    """How a call is repeated; times in seconds."""

    attempts: int = 5
    first_pause: float = 0.5  # doubling, where the gateway names no time
    longest_pause: float = 10.0  # asked to wait longer, the call fails
    timeout: float = 10.0
    upload_timeout: float = 75.0  # the gateway allows 60 for a body


class Sessions:
    """One ``requests`` session for each thread, since sessions are not made to be shared."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        patience: Patience,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._authorization = f"Bearer {token}"
        self._patience = patience
        self._sleep = sleep
        self._own = threading.local()
        self._lock = threading.Lock()
        self._all: list[requests.Session] = []

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for session in self._all:
                session.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        extra_time: float = 0,  # seconds that the gateway was asked to wait
    ) -> requests.Response:
        """The answer, never an error. Raises ``ApiProblem``, ``Unreachable``."""
        headers = {"Authorization": self._authorization} | dict(headers or {})
        repeatable = method in _SAFE or "Idempotency-Key" in headers
        limit = (self._patience.upload_timeout if data else self._patience.timeout) + extra_time
        request = requests.Request(
            method, self._base_url + path, params=params, headers=headers, data=data
        )
        pause = self._patience.first_pause
        for attempt in range(1, self._patience.attempts + 1):
            try:
                return self._once(request, limit)
            except ApiError as error:
                wait = self._wait_before_next(error, pause, repeatable=repeatable)
                if wait is None or attempt == self._patience.attempts:
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

    def _once(self, request: requests.Request, limit: float) -> requests.Response:
        session = self._session()
        try:
            response = session.send(
                session.prepare_request(request),
                timeout=(self._patience.timeout, limit),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Unreachable(type(error).__name__) from error
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            raise problem_of(response)
        return response

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = requests.Session()
            # A .netrc or proxy of the machine must not replace or see the token.
            session.trust_env = False
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            with self._lock:
                self._all.append(session)
        return session
