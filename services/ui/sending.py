"""Hand the photos of a drop to the gateway, a few at a time, off the page's own thread.

The same photo is never handed in twice: its idempotency key comes from the batch and the bytes,
so a rerun, a lost answer or a repeated call all end in the same image.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from clients.problems import ApiError, NotSignedIn, Refused, Unavailable, Unreachable
from clients.resources import Image
from services.ui import sentences, sign_in
from services.ui.batches import Batch, Item
from services.ui.photo_files import content_type_of, fault_of

_LOG = logging.getLogger(__name__)

# The gateway takes 6 uploads of one person at once (architecture.md): leave room for another tab.
_AT_ONCE = 4
# Refusals that pass by themselves.
_PASSING = frozenset({"idempotency_in_flight", "too_many_uploads"})


class Taker(Protocol):
    """Where photos are handed in."""

    def submit(
        self, data: bytes, *, key: str, content_type: str, options: Mapping[str, str]
    ) -> Image:
        """See ``CaptionApi.submit``."""
        ...


@dataclass(frozen=True)
class Patience:
    """How long a photo is tried while the gateway does not answer."""

    total: float = 180.0  # seconds
    first_pause: float = 1.0  # seconds, doubling
    longest_pause: float = 8.0  # seconds


def key_of(batch_id: str, data: bytes) -> str:
    """The idempotency key of these bytes in this batch."""
    return hashlib.sha256(batch_id.encode() + b"\0" + data).hexdigest()


def gathered(batch_id: str, files: Iterable[tuple[str, bytes]]) -> list[Item]:
    """Items for the (name, bytes) pairs of a drop: faults found at once, doubles left out."""
    items: dict[str, Item] = {}
    for name, data in files:
        key = key_of(batch_id, data)
        fault = fault_of(data)
        if fault is not None:
            items.setdefault(key + name, Item(name=name, key=key, problem=fault.sentence))
        else:
            items.setdefault(key, Item(name=name, key=key, data=data))
    return list(items.values())


def start(batch: Batch, client: Taker, patience: Patience = Patience()) -> threading.Thread:
    """Send everything in ``batch`` that is waiting to be sent; returns at once.

    The thread ends by itself, at the latest when patience has run out for the last photo. It is
    returned for tests; nobody else needs to wait for it.
    """
    thread = threading.Thread(target=_send_all, args=(batch, client, patience), daemon=True)
    thread.start()
    return thread


def _send_all(batch: Batch, client: Taker, patience: Patience) -> None:
    waiting = [item for item in batch.items if item.data is not None]
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="send") as pool:
        for item in waiting:
            pool.submit(_send, batch, item, client, patience)


def _send(batch: Batch, item: Item, client: Taker, patience: Patience) -> None:
    try:
        item.photo = _until_taken(batch, item, client, patience)
    except NotSignedIn:
        batch.signed_out = True
        item.problem = sentences.SIGNED_OUT
    except Refused as refused:
        item.problem = sentences.refusal(refused)
    except (Unreachable, Unavailable):
        item.problem = sentences.UNREACHED
    except Exception:  # noqa: BLE001 - whatever happens, the photo must not stay "sending"
        _LOG.error("sending_failed", exc_info=True)
        item.problem = sentences.UNREACHED
    finally:
        item.data = None


def _until_taken(batch: Batch, item: Item, client: Taker, patience: Patience) -> Image:
    data = item.data or b""
    content_type = content_type_of(data) or "application/octet-stream"
    options = {"batch": batch.id}
    give_up_at = time.monotonic() + patience.total
    pause = patience.first_pause
    while True:
        if batch.signed_out:
            raise sign_in.refusal()
        try:
            photo = client.submit(data, key=item.key, content_type=content_type, options=options)
        except ApiError as exc:
            wait = _pause_before_retry(exc, pause, patience)
            if wait is None or time.monotonic() + wait > give_up_at:
                raise
            batch.held_up = batch.held_up or isinstance(exc, Unreachable | Unavailable)
            time.sleep(wait)
            pause *= 2
        else:
            batch.held_up = False
            return photo


def _pause_before_retry(exc: ApiError, pause: float, patience: Patience) -> float | None:
    """Seconds to wait before another attempt, or None if none will help."""
    match exc:
        case Unreachable():
            return min(pause, patience.longest_pause)
        case Unavailable(retry_after=asked):
            return min(asked or pause, patience.longest_pause)
        case Refused(code=code, retry_after=asked) if code in _PASSING:
            return min(asked or pause, patience.longest_pause)
        case _:
            return None
