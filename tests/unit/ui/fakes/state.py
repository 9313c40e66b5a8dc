"""What the fake gateway holds, counts and can be told to do wrong."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web

from services.gateway.identifiers import ImageIds, parse_image_id
from services.gateway.problems import Problem, not_found
from shared.errors import FailureCode
from tests.unit.ui.fakes.operations_state import Operations
from tests.unit.ui.fakes.people import User
from tests.unit.ui.fakes.photos import Photo


@dataclass
class Upload:
    """A promised upload, and the bytes once they have arrived."""

    owner: str
    form: dict[str, str]
    length_max: int
    options: dict[str, Any]
    expires_at: float  # Unix seconds
    data: bytes | None = None
    given_up: bool = False


def _people() -> dict[str, User]:
    return {"good": User("ana", groups=("admins",)), "ben": User("ben")}


@dataclass
class FakeGateway:
    """Counters and switches for tests; ``url`` is set once it runs.

    ``people`` are the users by their tokens. A photo moves on one step every ``step_s`` seconds,
    and is done at once with 0. ``down``: every call is answered with 503; ``gone``: connections
    break. ``doomed`` are photos that come to nothing, by the SHA-256 of their bytes; another try
    helps them. ``requests`` counts all calls under /v1 and to the bucket by method and route,
    whatever their answers.
    """

    people: dict[str, User] = field(default_factory=_people)
    step_s: float = 0.0
    turn_s: float = 0.0  # a new photo's first step begins so long after the one before it
    degraded: bool = True
    down: bool = False
    gone: bool = False
    delay_s: float = 0.0  # before every answer
    refuse: tuple[int, str] | None = None  # status and code for every new photo
    doomed: dict[str, FailureCode] = field(default_factory=dict)
    bucket_fails: int = 0  # so many of the next POSTs to the bucket are answered with 503
    bucket_delay_s: float = 0.0
    upload_life_s: float = 300.0
    deletion_s: float = 0.0  # how long the deletion of everything takes
    export_at_once: int = 500  # photos that fit into one ZIP
    submits: int = 0
    lists: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    images: dict[str, Photo] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    operations: Operations = field(default_factory=Operations)
    peers: set[tuple[str, int]] = field(default_factory=set)
    url: str = ""
    turn: float = 0.0  # when the last photo's turn began, of the clock of `time.monotonic`
    ids: ImageIds = field(default_factory=ImageIds)

    def add(
        self,
        data: bytes,
        *,
        owner: str = "ana",
        batch: str | None = None,
        failed_by: FailureCode | None = None,
        degraded: bool | None = None,
        days_ago: float = 0.0,
        **options: Any,
    ) -> str:
        """A photo that was handed in earlier, with these options of the contract, and is done."""
        made = time.time() - days_ago * 86400
        image_id = ImageIds(clock=lambda: made).new() if days_ago else self.ids.new()
        photo = self.keep(image_id, data, owner=owner, batch=batch, options=options)
        photo.made = photo.updated = made
        photo.code = failed_by or photo.code
        photo.degraded = self.degraded if degraded is None else degraded
        photo.move(0)
        return image_id

    def keep(
        self, image_id: str, data: bytes, *, owner: str, batch: str | None, options: dict[str, Any]
    ) -> Photo:
        """A new photo, queued."""
        photo = Photo(image_id, owner, data, batch=batch, options=options, degraded=self.degraded)
        photo.code = self.doomed.get(hashlib.sha256(data).hexdigest()) or photo.code
        photo.since = self.turn = max(photo.since, self.turn + self.turn_s)
        self.images[image_id] = photo
        return photo

    def photos_of(self, user_id: str) -> list[Photo]:
        """This user's, newest first, where they are now."""
        mine = [photo for photo in self.images.values() if photo.owner == user_id]
        self.move(mine)
        return sorted(mine, key=lambda photo: photo.image_id, reverse=True)

    def photo_of(self, user_id: str, image_id: str) -> Photo:
        """This user's photo; somebody else's is not there."""
        photo = self.images.get(parse_image_id(image_id) or "")
        if photo is None or photo.owner != user_id:
            raise not_found()
        self.move([photo])
        return photo

    def move(self, photos: Iterable[Photo]) -> None:
        for photo in photos:
            photo.move(self.step_s)

    def spend(self, user: User) -> None:
        """Take a unit of this user's quota. Raises ``Problem``."""
        if self.refuse is not None:
            status, code = self.refuse
            raise Problem(HTTPStatus(status), code, "A sentence for people.", retry_after=600)
        wait = user.spend()
        if wait is not None:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "quota_exceeded",
                "The caption quota is used up for now.",
                retry_after=wait,
                headers=user.headers(),
            )


STATE: web.AppKey[FakeGateway] = web.AppKey("state", FakeGateway)
USER: web.RequestKey[User] = web.RequestKey("user", User)
