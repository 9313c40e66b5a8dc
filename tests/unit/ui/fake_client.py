"""A gateway client in memory that does what a test says."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.ui.client import GatewayError, Refused
from services.ui.resources import (
    Captions,
    Failure,
    Photo,
    PhotoPage,
    Picture,
    Problem,
    Provider,
)


@dataclass
class FakeClient:
    """``faults`` are raised by the next calls, in order, before anything is taken."""

    faults: list[GatewayError] = field(default_factory=list)
    known: dict[str, Photo] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    submitted: list[str] = field(default_factory=list)
    listed: list[str | None] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=itertools.count)

    def add(self, photo: Photo) -> Photo:
        self.known[photo.image_id] = photo
        return photo

    def submit(self, data: bytes, content_type: str, *, batch: str, key: str) -> Photo:
        self._fail()
        self.submitted.append(content_type)
        if key not in self.by_key:
            photo = self.add(Photo(image_id=f"id-{next(self._ids)}", status="queued", batch=batch))
            self.by_key[key] = photo.image_id
        return self.known[self.by_key[key]]

    def photos(
        self, *, limit: int = 20, cursor: str | None = None, batch: str | None = None
    ) -> PhotoPage:
        self._fail()
        self.listed.append(cursor)
        found = sorted(
            (photo for photo in self.known.values() if batch in {None, photo.batch}),
            key=lambda photo: photo.image_id,
            reverse=True,
        )
        start = int(cursor or 0)
        more = len(found) > start + limit
        return PhotoPage(
            items=found[start : start + limit], next_cursor=str(start + limit) if more else None
        )

    def photo(self, image_id: str) -> Photo:
        self._fail()
        if image_id not in self.known:
            raise Refused(404, Problem(code="not_found"))
        return self.known[image_id]

    def retry(self, image_id: str) -> Photo:
        self._fail()
        self.retried.append(image_id)
        old = self.known[image_id]
        return self.add(old.model_copy(update={"status": "queued", "error": None}))

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)


def completed(image_id: str, *, batch: str | None = None, local: bool = True) -> Photo:
    """A photo with everything there."""
    return Photo(
        image_id=image_id,
        status="completed",
        batch=batch,
        thumbnail=Picture(url=f"http://objects.test/{image_id}.jpg"),
        captions=Captions(
            concise="A <b>cat</b> *asleep*", creative="Curled up.", alt_text="A cat on a mat"
        ),
        provider=Provider(name="local", model="tiny", degraded=local),
    )


def failed(image_id: str, *, batch: str | None = None, code: str, retryable: bool = False) -> Photo:
    """A photo that came to nothing."""
    return Photo(
        image_id=image_id,
        status="failed",
        batch=batch,
        error=Failure(code=code, retryable=retryable),
    )
