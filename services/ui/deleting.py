"""Delete a number of photos off the page's thread, a few at a time, and tell how it went.

Deleting is idempotent at the gateway, so whatever is in doubt is simply deleted again.
"""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from clients.problems import ApiError, NotSignedIn, Unavailable, Unreachable

_LOG = logging.getLogger(__name__)

_AT_ONCE = 4
# After so many calls without an answer the rest is not tried: each would wait for its timeout.
_GIVE_UP = 4


class Deleter(Protocol):
    """Where photos are deleted."""

    def delete(self, image_id: str) -> None:
        """See ``CaptionApi.delete``."""
        ...


@dataclass(eq=False)
class Deletion:
    """Deleting ``image_ids``. Written by its threads, read by the page's runs.

    ``missed`` are those that could not be, among them the ``unanswered``, for whom the service was
    away. ``signed_out``: the gateway refused the token.
    """

    image_ids: tuple[str, ...]
    deleted: set[str] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)
    signed_out: bool = False
    is_finished: bool = False

    @property
    def done(self) -> int:
        """How many have been seen to."""
        return len(self.deleted) + len(self.missed)


def start(deletion: Deletion, client: Deleter) -> threading.Thread:
    """Begin; returns at once. The thread ends by itself and is returned for tests."""
    thread = threading.Thread(target=_delete_all, args=(deletion, client), daemon=True)
    thread.start()
    return thread


def _delete_all(deletion: Deletion, client: Deleter) -> None:
    try:
        with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="delete") as pool:
            for image_id in deletion.image_ids:
                pool.submit(_delete, deletion, client, image_id)
    finally:
        deletion.is_finished = True


def _delete(deletion: Deletion, client: Deleter, image_id: str) -> None:
    if deletion.signed_out or len(deletion.unanswered) >= _GIVE_UP:
        deletion.missed.add(image_id)
        return
    try:
        client.delete(image_id)
    except NotSignedIn:
        deletion.signed_out = True
        deletion.missed.add(image_id)
    except (Unreachable, Unavailable):
        deletion.unanswered.add(image_id)
        deletion.missed.add(image_id)
    except ApiError as error:
        _LOG.warning("delete_refused", extra={"error": type(error).__name__})
        deletion.missed.add(image_id)
    except Exception:  # noqa: BLE001 - whatever happens, the page must not wait for ever
        _LOG.error("delete_failed", exc_info=True)
        deletion.missed.add(image_id)
    else:
        deletion.deleted.add(image_id)
