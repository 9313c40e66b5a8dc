"""The photos of one page of the history: read once, and then kept up with by one list call at a
time while any of them is under way.

A page keeps its members and their order while it is looked at; only their state moves.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypedDict

from clients.api import PAGE, CaptionApi
from clients.problems import ApiError
from clients.resources import Image, Page
from services.ui.cadence import Cadence
from services.ui.look import Look, Wanted

PAGE_SIZE = 20
# Photos under way are asked for by three states, which share no cursor: the newest of each are
# shown. In the order a photo takes them: one that moves on between two calls is then seen twice.
_UNDER_WAY = ("queued", "ingesting", "captioning")
_STATUS = {Wanted.DONE: "completed", Wanted.FAILED: "failed"}


class Asked(TypedDict):
    """What a list call is given."""

    limit: int
    cursor: str | None
    status: str | None
    batch: str | None
    q: str | None


@dataclass(eq=False)
class Shown:
    """A page as it was read.

    ``is_short``: the gateway stopped before the page was full, so there may be more further back.
    ``is_cut``: there are more, and no way to turn to them. ``etag`` is that of the list that
    ``keep_up`` asks for.
    """

    look: Look
    photos: list[Image]
    next_cursor: str | None = None
    is_short: bool = False
    is_cut: bool = False
    etag: str | None = None
    cadence: Cadence = field(default_factory=Cadence)

    def is_moving(self) -> bool:
        """Something on it may still change by itself, and asking about it makes sense."""
        return not self.cadence.is_exhausted() and not self.is_settled()

    def is_settled(self) -> bool:
        """Nothing on it changes by itself."""
        return all(photo.settled for photo in self.photos)

    def fold(self, photos: Iterable[Image]) -> bool:
        """Take in newer states of its photos; true if any was news."""
        newer = {photo.image_id: photo for photo in photos}
        before = self.photos
        # An answer may be overtaken by the next one: a version never goes back.
        self.photos = [_latest(photo, newer.get(photo.image_id)) for photo in before]
        return any(
            (new.version, new.status) != (old.version, old.status)
            for new, old in zip(self.photos, before, strict=True)
        )

    def without(self, image_ids: Iterable[str]) -> None:
        """Take photos off the page."""
        gone = set(image_ids)
        self.photos = [photo for photo in self.photos if photo.image_id not in gone]


def read(client: CaptionApi, look: Look) -> Shown:
    """The page that ``look`` asks for. Raises what ``CaptionApi.images`` does."""
    if look.wanted is Wanted.WORKING:
        return _read_under_way(client, look)
    page = client.images(**_asked(look))
    is_short = page.next_cursor is not None and len(page.items) < PAGE_SIZE
    return Shown(look, page.items, next_cursor=page.next_cursor, is_short=is_short, etag=page.etag)


def keep_up(client: CaptionApi, shown: Shown) -> None:
    """One list call, if one is due and could tell anything. Raises what ``read`` does."""
    if not (shown.is_moving() and shown.cadence.is_due()):
        return
    asked = _asked(shown.look)
    if shown.look.wanted is Wanted.WORKING:
        # Whoever is done has left the filter: the newest photos of any state tell of it.
        asked |= {"limit": PAGE, "cursor": None}
    try:
        if shown.etag is None:
            page: Page | None = client.images(**asked)
        else:
            page = client.images_if_changed(shown.etag, **asked)
    except ApiError:
        shown.cadence.record(news=False)
        raise
    if page is not None:
        shown.etag = page.etag
    news = page is not None and shown.fold(page.items)
    shown.cadence.record(news=news, under_way=sum(not photo.settled for photo in shown.photos))


def _asked(look: Look) -> Asked:
    return {
        "limit": PAGE_SIZE,
        "cursor": look.cursor or None,
        "status": _STATUS.get(look.wanted),
        "batch": look.batch or None,
        "q": look.q or None,
    }


def _latest(old: Image, new: Image | None) -> Image:
    return old if new is None or new.version < old.version else new


def _read_under_way(client: CaptionApi, look: Look) -> Shown:
    found: dict[str, Image] = {}
    is_cut = False
    for status in _UNDER_WAY:
        page = client.images(limit=PAGE, status=status, batch=look.batch or None, q=look.q or None)
        found.update((photo.image_id, photo) for photo in page.items)
        is_cut = is_cut or page.next_cursor is not None
    photos = sorted(found.values(), key=lambda photo: photo.image_id, reverse=True)
    return Shown(look, photos[:PAGE], is_cut=is_cut or len(photos) > PAGE)
