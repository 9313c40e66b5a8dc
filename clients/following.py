"""Wait for many images by reading the list: a page holds a hundred, however many are awaited."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from clients.resources import Image

# A list read a hair after a write may not have it yet; an image missing this often is deleted.
_MISSING_AT_MOST = 3
_PAUSES_S = (0.5, 0.5, 1.0, 1.0, 2.0, 3.0, 5.0)  # between reads without news; the last repeats


class Lister(Protocol):
    """Where images are listed; see ``CaptionApi.every_image``."""

    def every_image(self, *, batch: str | None = None) -> Iterator[Image]:
        """All images, newest first."""
        ...


def follow(
    api: Lister,
    images: Mapping[str, Image],
    *,
    batch: str | None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Image]:
    """Each of ``images`` (by id) once it is settled; one that was deleted never comes."""
    waiting = {image_id for image_id, image in images.items() if not image.settled}
    yield from (image for image in images.values() if image.settled)
    missing: Counter[str] = Counter()
    quiet = 0
    while waiting:
        sleep(_PAUSES_S[min(quiet, len(_PAUSES_S) - 1)])
        settled, seen = _look(api, waiting, batch)
        yield from settled
        missing.update(waiting - seen)
        gone = {image_id for image_id in waiting if missing[image_id] >= _MISSING_AT_MOST}
        waiting -= {image.image_id for image in settled} | gone
        quiet = 0 if settled else quiet + 1


def _look(api: Lister, waiting: set[str], batch: str | None) -> tuple[list[Image], set[str]]:
    """The settled ones among those awaited, and the ids of all that are there."""
    settled: list[Image] = []
    seen: set[str] = set()
    oldest = min(waiting)  # ids sort by time
    for image in api.every_image(batch=batch):
        if image.image_id < oldest:
            break
        if image.image_id in waiting:
            seen.add(image.image_id)
            if image.settled:
                settled.append(image)
        if len(seen) == len(waiting):
            break
    return settled, seen
