"""One drop of photos: what is known of each, and how the gateway's list is folded into it.

Sending threads and the page's runs share it. Each field has one writer at a time and is replaced
whole, so a reader sees the old value or the new one, never half of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from clients.resources import Image
from services.ui.cadence import Cadence


class Stage(Enum):
    """Where a photo is, in the words of the page."""

    SENDING = "Sending"
    WAITING = "Waiting"
    PREPARING = "Preparing"
    CAPTIONING = "Writing captions"
    DONE = "Done"
    FAILED = "Could not be captioned"
    UNSENT = "Not sent"


ENDED = frozenset({Stage.DONE, Stage.FAILED, Stage.UNSENT})

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
class Item:
    """One file of a drop. ``problem`` says why it was not sent; ``data`` is dropped once it is."""

    name: str
    key: str
    data: bytes | None = None
    photo: Image | None = None
    problem: str | None = None

    @property
    def stage(self) -> Stage:
        """Where it is now."""
        if self.problem is not None:
            return Stage.UNSENT
        return Stage.SENDING if self.photo is None else stage_of(self.photo)


@dataclass
class Counts:
    """How a batch stands."""

    total: int
    done: int
    failed: int

    @property
    def ended(self) -> int:
        """Photos for which nothing more will happen by itself."""
        return self.done + self.failed


@dataclass(eq=False)
class Batch:
    """A drop. ``held_up`` is set by the sender while the gateway does not answer."""

    id: str
    items: list[Item] = field(default_factory=list)
    cadence: Cadence = field(default_factory=Cadence)
    held_up: bool = False
    signed_out: bool = False
    loaded: bool = False

    def counts(self) -> Counts:
        """Numbers for the overall bar."""
        stages = [item.stage for item in self.items]
        done = stages.count(Stage.DONE)
        return Counts(len(stages), done, sum(stage in ENDED for stage in stages) - done)

    def is_finished(self) -> bool:
        """Every photo has reached its end."""
        return self.loaded and all(item.stage in ENDED for item in self.items)

    def is_listed(self) -> bool:
        """There is something that the gateway's list could tell."""
        return not self.loaded or any(
            item.photo is not None and not item.photo.settled for item in self.items
        )

    def fold(self, photos: Iterable[Image]) -> bool:
        """Take in a list answer; true if it brought anything new.

        Photos handed in before this page was opened get an item of their own; while any is being
        sent they wait, because the one being sent may already be in the list.
        """
        self.loaded = True
        # Asked in this order: one that is sent in between is then in both, and not in neither.
        sending = any(item.stage is Stage.SENDING for item in self.items)
        known = {item.photo.image_id: item for item in self.items if item.photo is not None}
        news = False
        for photo in sorted(photos, key=lambda photo: photo.image_id):
            item = known.get(photo.image_id)
            if item is not None:
                news = news or item.photo is None or item.photo.status != photo.status
                item.photo = photo
            elif not sending:
                self.items.append(Item(name="Photo", key=photo.image_id, photo=photo))
                news = True
        return news
