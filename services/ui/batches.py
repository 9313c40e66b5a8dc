"""Drops of photos: what is known of each photo, and how the gateway's answers are folded in.

A photo only ever moves forward: an answer with an older version of it changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from clients.resources import Image
from services.ui.cadence import Cadence


class Stage(Enum):
    """Where a photo is, in the words of the page."""

    WAITING = "Waiting"
    PREPARING = "Preparing"
    CAPTIONING = "Writing captions"
    DONE = "Done"
    FAILED = "Could not be captioned"


_STAGES = {
    "queued": Stage.WAITING,
    "ingesting": Stage.PREPARING,
    "captioning": Stage.CAPTIONING,
    "completed": Stage.DONE,
    "failed": Stage.FAILED,
}


def stage_of(photo: Image) -> Stage:
    """A status this page does not know yet counts as still being worked on."""
    return _STAGES.get(photo.status, Stage.CAPTIONING)


@dataclass(eq=False)
class Batch:
    """A drop. ``etag`` is that of the last list answer, ``checked`` says that the list has been
    read since it was last asked for anew, ``elsewhere`` that another tab is adding photos to it.
    """

    id: str
    photos: dict[str, Image] = field(default_factory=dict)
    cadence: Cadence = field(default_factory=Cadence)
    etag: str | None = None
    loaded: bool = False
    checked: bool = False
    elsewhere: bool = False
    # Listed photos that one of these parcels may turn out to be.
    _strangers: dict[str, tuple[Image, frozenset[str]]] = field(default_factory=dict)

    @property
    def under_way(self) -> int:
        """How many photos will still change by themselves."""
        return sum(not photo.settled for photo in self.photos.values())

    @property
    def is_stalled(self) -> bool:
        """Nothing has moved for so long that the page no longer asks."""
        return self.under_way > 0 and self.cadence.is_exhausted()

    @property
    def is_listed(self) -> bool:
        """There is something that the gateway's list could tell."""
        if not self.loaded or not self.checked:
            return True
        moves = bool(self.under_way or self._strangers or self.elsewhere)
        return moves and not self.cadence.is_exhausted()

    def put(self, photo: Image) -> bool:
        """What the gateway says of one photo; true if it is news."""
        known = self.photos.get(photo.image_id)
        if known is not None and known.version >= photo.version:
            return False
        self.photos[photo.image_id] = photo
        self._strangers.pop(photo.image_id, None)
        return True

    @property
    def settled(self) -> frozenset[str]:
        """The photos that have reached their end."""
        return frozenset(i for i, photo in self.photos.items() if photo.settled)

    def fold(
        self,
        photos: Iterable[Image],
        *,
        unsure: frozenset[str] = frozenset(),
        expected: frozenset[str] = frozenset(),
    ) -> list[str]:
        """Take in a list answer; the ids it brought news of.

        ``unsure`` are parcels whose answer is still to come: any of them may be in this list
        already, so photos that nobody knows wait until those answers are there. ``expected`` were
        settled when the list was asked for: those that are missing have been deleted.
        """
        listed = sorted(photos, key=lambda photo: photo.image_id)
        self.loaded = True
        news = [photo.image_id for photo in listed if self._fold(photo, unsure)]
        gone = expected - {photo.image_id for photo in listed}
        for image_id in gone:
            self.photos.pop(image_id, None)
        self.checked = True
        return [*news, *gone]

    def _fold(self, photo: Image, unsure: frozenset[str]) -> bool:
        if photo.image_id not in self.photos and unsure:
            _, waited_for = self._strangers.get(photo.image_id, (photo, unsure))
            self._strangers[photo.image_id] = (photo, waited_for)
            return False
        return self.put(photo)

    def adopt(self, unsure: frozenset[str]) -> list[str]:
        """Take up listed photos that turned out to be none of the parcels; their ids."""
        ready = [photo for photo, waited in self._strangers.values() if not waited & unsure]
        for photo in ready:
            self.put(photo)
        return [photo.image_id for photo in ready]
