"""The photos a person has ticked, on whichever pages. The browser owns the choice while the grid is
there; this remembers it for when the grid is drawn anew, and what is known of each photo.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from clients.resources import Image
from shared import export_documents as documents

# The gateway exports everything under Account; a selection is for less.
EXPORT_MAX = 100  # photos
EXPORT_BYTES_MAX = 200 * 1024 * 1024


@dataclass(eq=False)
class Selection:
    """``photos`` by id, oldest choice first. ``gone`` are those deleted, in that order: the browser
    may not know yet.
    """

    photos: dict[str, Image] = field(default_factory=dict)
    gone: dict[str, None] = field(default_factory=dict)

    def choose(self, image_ids: Iterable[str], seen: Iterable[Image]) -> None:
        """These are ticked now; told again, the same. Of those never seen nothing is kept."""
        known = self.photos | {photo.image_id: photo for photo in seen}
        self.photos = {
            image_id: known[image_id]
            for image_id in image_ids
            if image_id in known and image_id not in self.gone
        }

    def learn(self, seen: Iterable[Image]) -> None:
        """Newer states of photos."""
        for photo in seen:
            if photo.image_id in self.photos:
                self.photos[photo.image_id] = photo

    def drop(self, image_ids: Iterable[str]) -> None:
        """They are deleted."""
        for image_id in image_ids:
            self.gone[image_id] = None
            self.photos.pop(image_id, None)


def row(photo: Image) -> str:
    """The photo's line of ``captions.csv``."""
    return documents.row(photo)


def header() -> str:
    """The first line of ``captions.csv``, as the clipboard has it: without a byte order mark."""
    return documents.header().removeprefix(documents.BYTE_ORDER_MARK)


def objection(photos: Iterable[Image], count: int) -> str | None:
    """Why these can't be one ZIP, and what to do instead. ``count`` includes unknown ones."""
    if count > EXPORT_MAX:
        return (
            f"A ZIP of chosen photos holds up to {EXPORT_MAX}. Choose fewer, or export everything "
            "under “Account”."
        )
    if sum(photo.original.bytes for photo in photos if photo.original) > EXPORT_BYTES_MAX:
        return (
            "These photos together are larger than 200 MB. Choose fewer, or export everything "
            "under “Account”."
        )
    return None
