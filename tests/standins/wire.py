"""What the stand-ins have in common on the wire: a call received, an answer to give, a refusal."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web

from tests.standins.faults import Fault, Mode, ServiceName
from tests.standins.pictures import Picture


@dataclass(frozen=True, slots=True)
class Call:
    """A call that the real service would accept.

    ``picture`` is the image in it, if any. ``shown`` is what ``GET /_requests`` gives: the call
    without the image's bytes. ``extra`` is the service's own.
    """

    model: str
    picture: Picture | None
    shown: Mapping[str, Any]
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def image(self) -> Picture:
        """The image of a call that can't be without one."""
        if self.picture is None:
            raise ValueError("a call without an image")
        return self.picture


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP response."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Refused(Exception):
    """The real service would not take this call; ``answer`` is what it says."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"answers {answer.status}")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Service:
    """One stand-in.

    ``receive`` gives the call or raises ``Refused``; ``answer`` is what a model says, and
    ``failure`` what the service says in the modes throttle, error, refusal and retired, of which
    ``codes`` lists the kinds.
    """

    name: ServiceName
    receive: Callable[[web.Request], Awaitable[Call]]
    answer: Callable[[Call, Fault], Answer]
    failure: Callable[[Call, Fault], Answer]
    codes: Mapping[Mode, tuple[str, ...]]

    def code(self, fault: Fault) -> str:
        """The kind of failure asked for, or the mode's first."""
        return chosen(self.codes, fault)


def chosen(codes: Mapping[Mode, tuple[str, ...]], fault: Fault) -> str:
    """The ``code`` of the fault, or the first that its mode has."""
    return fault.code or codes[fault.mode][0]


def json_answer(status: int, document: object, **headers: str) -> Answer:
    """An answer with a JSON body; underscores in a header's name become hyphens."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(
        status,
        json.dumps(document).encode(),
        {"Content-Type": "application/json", **given},
    )


def aws_error(status: int, code: str, message: str, **more: object) -> Answer:
    """An error as the services with REST-JSON give it: its name is in a header."""
    return json_answer(
        status,
        {"message": message, **more},
        x_amzn_RequestId=str(uuid4()),
        x_amzn_ErrorType=code,
    )


def cut(answer: Answer) -> Answer:
    """The same answer with half of its body, so that its JSON is broken."""
    return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)


def is_signed(request: web.Request) -> bool:
    """Whether somebody signed the call as AWS wants it. Whose key it was is not looked at."""
    return request.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=")


def has_token(request: web.Request) -> bool:
    """Whether the call brings a bearer token. Which one is not looked at."""
    return request.headers.get("Authorization", "").startswith("Bearer ")


def unsigned() -> Refused:
    """What AWS says to a call without a signature."""
    return Refused(
        aws_error(
            403,
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        )
    )
