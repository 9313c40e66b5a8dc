"""The bucket from end to end, one image at a time, in the order of keys and in constant memory."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

from shared.object_store import ObjectStore, StoredVersion, VersionMarker

# Between two pages of a thousand versions: a walk is in no hurry, and others need the bucket.
PAGE_PAUSE_S = 0.1
_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_IMAGE_KEY = re.compile(rf"(?:images|incoming)/(?P<user>[^/]+)/(?P<image>{_ID})(?:/.*)?", re.ASCII)
# An image has three objects. Should one have thousands, that is not ours to keep in memory.
KEYS_KEPT = 100


@dataclass(slots=True)
class ImageObjects:
    """What the bucket has of one image under one prefix: ``keys`` are those that can be read,
    ``newest`` is when the last version or marker came.
    """

    user_id: str
    image_id: str
    newest: datetime
    keys: set[str] = field(default_factory=set)


@dataclass(slots=True)
class BucketWalk:
    """Walks over a bucket. ``strange`` are the keys met that are not named as ours are."""

    objects: ObjectStore
    pause: float = PAGE_PAUSE_S  # seconds
    strange: int = 0

    async def images(self, prefix: str) -> AsyncIterator[ImageObjects]:
        """The images under ``prefix``, by user and then by id; each as it was when its page was
        read. Raises ``DependencyUnavailable``.
        """
        current: ImageObjects | None = None
        async for stored in self._versions(prefix):
            named = _IMAGE_KEY.fullmatch(stored.key)
            if named is None:
                self.strange += 1
                continue
            user_id, image_id = named["user"], named["image"]
            if current is None or (current.user_id, current.image_id) != (user_id, image_id):
                if current is not None:
                    yield current
                current = ImageObjects(user_id, image_id, stored.modified)
            current.newest = max(current.newest, stored.modified)
            if stored.is_object and len(current.keys) < KEYS_KEPT:
                current.keys.add(stored.key)
        if current is not None:
            yield current

    async def _versions(self, prefix: str) -> AsyncIterator[StoredVersion]:
        after: VersionMarker | None = None
        while True:
            page, after = await self.objects.listing(prefix, after=after)
            # A page has its markers last; by key, what is of one image is together.
            for stored in sorted(page, key=lambda each: each.key):
                yield stored
            if after is None:
                return
            await asyncio.sleep(self.pause)
