"""A client in memory that does what a test says."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from clients.problems import ApiError, Refused
from clients.resources import Captions, Failure, Image, Page, Picture, Provider

NOW = "2026-11-22T12:00:00.000Z"


@dataclass
class FakeClient:
    """``faults`` are raised by the next calls, in order, before anything is taken."""

    faults: list[ApiError] = field(default_factory=list)
    known: dict[str, Image] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    submitted: list[str] = field(default_factory=list)
    listed: list[str | None] = field(default_factory=list)
    searched: list[str | None] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=itertools.count)

    def add(self, photo: Image) -> Image:
        self.known[photo.image_id] = photo
        return photo

    def submit(
        self, data: bytes, *, key: str, content_type: str, options: Mapping[str, str]
    ) -> Image:
        self._fail()
        self.submitted.append(content_type)
        if key not in self.by_key:
            photo = self.add(image(f"id-{next(self._ids)}", "queued", batch=options["batch"]))
            self.by_key[key] = photo.image_id
        return self.known[self.by_key[key]]

    def images(
        self,
        *,
        limit: int = 20,
        cursor: str | None = None,
        batch: str | None = None,
        q: str | None = None,
    ) -> Page:
        self._fail()
        self.listed.append(cursor)
        self.searched.append(q)
        found = sorted(
            (
                photo
                for photo in self.known.values()
                if batch in {None, photo.batch} and _matches(photo, q)
            ),
            key=lambda photo: photo.image_id,
            reverse=True,
        )
        start = int(cursor or 0)
        more = len(found) > start + limit
        return Page(
            items=found[start : start + limit], next_cursor=str(start + limit) if more else None
        )

    def image(self, image_id: str) -> Image:
        self._fail()
        if image_id not in self.known:
            raise Refused("not_found", 404, "There is no such image.")
        return self.known[image_id]

    def retry(self, image_id: str) -> Image:
        self._fail()
        self.retried.append(image_id)
        old = self.known[image_id]
        return self.add(old.model_copy(update={"status": "queued", "error": None}))

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)


def _matches(photo: Image, q: str | None) -> bool:
    return not q or (photo.captions is not None and q.lower() in photo.captions.concise.lower())


def image(image_id: str, status: str, *, batch: str | None = None) -> Image:
    """A photo of which nothing is known yet."""
    return Image(
        image_id=image_id, status=status, version=1, created_at=NOW, updated_at=NOW, batch=batch
    )


def completed(image_id: str, *, batch: str | None = None, local: bool = True) -> Image:
    """A photo with everything there."""
    return image(image_id, "completed", batch=batch).model_copy(
        update={
            "thumbnail": Picture(url=f"http://objects.test/{image_id}.jpg"),
            "captions": Captions(
                concise="A <b>cat</b> *asleep*", creative="Curled up.", alt_text="A cat on a mat"
            ),
            "provider": Provider(name="local", model="tiny", degraded=local),
        }
    )


def failed(image_id: str, *, batch: str | None = None, code: str, retryable: bool = False) -> Image:
    """A photo that came to nothing."""
    error = Failure(code=code, retryable=retryable)
    return image(image_id, "failed", batch=batch).model_copy(update={"error": error})
