"""The ETag of a page of the history: what is on it, and until when its URLs open.

The end of the URLs is part of the tag and not of what is compared, so that a page is "not modified"
whichever gateway signed it, and never for a client whose URLs are about to end.
"""

import hashlib
import json
import math
from collections.abc import Iterable

from aiohttp import ETag

from shared.items import version_of
from shared.record_store import Page

# How long the URLs that a client keeps must still open: a page may show them for that long without
# asking. They are signed for an hour.
FRESH_S = 15 * 60.0
_ANY = "*"
_FORM = "page.v1"  # another one, and no page is taken for what it was


def tag_of(page: Page, scope: Iterable[str | None], *, urls_end: float) -> ETag:
    """The tag of ``page`` in the listing ``scope``, whose URLs open until ``urls_end`` (Unix
    seconds). It is weak: the same page signed later has other URLs.
    """
    # Whatever an owner sees of a record changes with its version.
    shown = [version_of(item) for item in page.items]
    text = json.dumps([_FORM, *scope, page.position, shown])
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    return ETag(f"{digest}.{math.floor(urls_end)}", is_weak=True)


def kept(tags: Iterable[ETag], current: ETag, *, now: float) -> ETag | None:
    """The one of ``tags``, those of ``If-None-Match``, by which a client has the page ``current``
    with URLs that open for ``FRESH_S`` from ``now`` (Unix seconds) on; ``*`` stands for the page
    that there is. Compared weakly (RFC 9110, 13.1.2).
    """
    digest = current.value.partition(".")[0]
    for tag in tags:
        known, _, urls_end = tag.value.partition(".")
        if known == _ANY:
            return current
        if known == digest and urls_end.isdecimal() and int(urls_end[:15]) >= now + FRESH_S:
            return ETag(tag.value, is_weak=True)
    return None
