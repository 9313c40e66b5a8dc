"""What one session has on its page for adding photos: its drops, what is being sent, what is asked.

A run takes in what the browser tells, makes the calls that are due and waits a moment for answers.
What it then shows is complete for a browser that has seen everything up to a number of its own.
"""

import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from clients.api import PAGE
from clients.problems import Refused
from clients.resources import Image, Page
from services.ui import sending, sentences
from services.ui.batches import Batch
from services.ui.cadence import Cadence
from services.ui.cards import card_of
from services.ui.errands import Errands
from services.ui.told import Told

# The kinds of calls, besides those of the outbox.
_LIST, _RETRY = "list", "retry"
# Seconds that a run waits for answers: most are there by then, and a click is not held up.
_MOMENT = 0.1
# Seconds until the browser asks again while answers are on their way.
SOON = 0.25


class Client(sending.Taker, Protocol):
    """The calls that this makes: see ``CaptionApi``."""

    def images(self, *, limit: int = 20, batch: str | None = None) -> Page:
        """The photos of a batch."""
        ...

    def images_if_changed(
        self, etag: str, *, limit: int = 20, batch: str | None = None
    ) -> Page | None:
        """The same, or None if they are still those of ``etag``."""
        ...

    def retry(self, image_id: str) -> Image:
        """Try a failed photo again."""
        ...


class Desk:
    """See the module. Times of ``clock`` are in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.id = secrets.token_hex(8)
        self.batches: dict[str, Batch] = {}
        self.newest: str | None = None
        self._clock = clock
        self._errands = Errands(clock)
        self._outbox = sending.Outbox(self._errands, self._sent)
        self._number = 0
        # Which change was the last one of each photo.
        self._changes: dict[str, tuple[str, int]] = {}
        self._remarks: dict[str, str] = {}
        self._retried: dict[str, int] = {}
        self._mounts = 0
        self._looks = 0
        # How often the lists had to be read anew: an answer from before does not count.
        self._renewals = 0

    @property
    def signed_out(self) -> bool:
        """The gateway refused the token."""
        return self._errands.signed_out

    def open(self, batch_id: str) -> None:
        """Show this batch, too."""
        if batch_id not in self.batches:
            self.batches[batch_id] = Batch(batch_id, cadence=Cadence(self._clock))

    def turn(self, client: Client, state: Told, *, within: float = _MOMENT) -> None:
        """One run, of at most about ``within`` seconds."""
        self._errands.collect(0)
        self._heed(state)
        self._retry(client, state)
        self._outbox.advance(client, state)
        if state.visible:
            self._look(client)
        self._errands.collect(within)
        unsure = self._outbox.unsure()
        for batch in self.batches.values():
            self._changed(batch.id, batch.adopt(unsure))

    def _heed(self, state: Told) -> None:
        for drop in reversed(state.drops):
            self.open(drop.id)
            self.batches[drop.id].elsewhere = drop.elsewhere
        if state.drops:
            self.newest = state.drops[0].id
        else:
            self.newest = self.newest or next(iter(self.batches), None)
        if state.mounts > self._mounts:
            # The page was left and opened again: meanwhile photos may have been deleted elsewhere.
            self._renew(unread=self._mounts > 0)
            self._mounts = state.mounts
        if state.looks > self._looks:
            # Somebody asks for it, or another tab has just added its last photo.
            self._renew()
            self._looks = state.looks

    def _renew(self, *, unread: bool = True) -> None:
        self._renewals += unread
        for batch in self.batches.values():
            batch.checked = batch.checked and not unread
            batch.cadence.restart()

    def _look(self, client: Client) -> None:
        for batch in self.batches.values():
            if not batch.is_listed or not batch.cadence.is_due():
                continue
            self._errands.send(
                _LIST,
                batch.id,
                partial(_listing, client, batch.id, batch.etag),
                take=partial(self._listed, batch, batch.settled, self._renewals),
                refuse=partial(self._not_listed, batch, self._renewals),
            )

    def _listed(
        self, batch: Batch, expected: frozenset[str], renewals: int, page: Page | None
    ) -> None:
        news: list[str] = []
        if page is not None:
            batch.etag = page.etag
            news = batch.fold(page.items, unsure=self._outbox.unsure(), expected=expected)
        batch.loaded, batch.checked = True, renewals == self._renewals
        batch.cadence.record(news=bool(news), under_way=batch.under_way)
        self._changed(batch.id, news)

    def _not_listed(self, batch: Batch, renewals: int, refused: Refused) -> None:
        del refused  # A batch that can't be listed is one without photos.
        batch.loaded, batch.checked = True, renewals == self._renewals
        batch.cadence.record(news=False)

    def _sent(self, batch_id: str, photo: Image) -> None:
        self.open(batch_id)
        batch = self.batches[batch_id]
        # The list has nothing to add to photos that were added here.
        batch.loaded = batch.checked = True
        batch.cadence.restart()
        if batch.put(photo):
            self._changed(batch_id, [photo.image_id])

    def _retry(self, client: Client, state: Told) -> None:
        for image_id, times in state.retries.items():
            known = self._changes.get(image_id)
            if known is None or self._retried.get(image_id, 0) >= times:
                continue
            self._errands.send(
                _RETRY,
                image_id,
                partial(client.retry, image_id),
                take=partial(self._retrying, known[0], image_id, times),
                refuse=partial(self._not_retried, known[0], image_id, times),
            )

    def _retrying(self, batch_id: str, image_id: str, times: int, photo: Image) -> None:
        self._retried[image_id] = times
        self._remarks.pop(image_id, None)
        self._sent(batch_id, photo)
        self._changed(batch_id, [image_id])

    def _not_retried(self, batch_id: str, image_id: str, times: int, refused: Refused) -> None:
        self._retried[image_id] = times
        self._remarks[image_id] = sentences.refusal(refused)
        self._changed(batch_id, [image_id])

    def _changed(self, batch_id: str, image_ids: list[str]) -> None:
        for image_id in image_ids:
            self._number += 1
            self._changes[image_id] = (batch_id, self._number)

    def shown(self, state: Told) -> dict[str, Any]:
        """For the tray: what has changed since the browser last saw this desk."""
        seen = state.seen if state.desk == self.id else 0
        changed = [i for i, (_, number) in self._changes.items() if number > seen]
        cards = {i: self._card(i) for i in changed}
        return {
            "desk": self.id,
            "number": self._number,
            "tick": state.tick,
            "pause": self._pause(state),
            "away": self._errands.is_away,
            "parcels": self._outbox.answers(state),
            "cards": [card for card in cards.values() if card is not None],
            "gone": [i for i, card in cards.items() if card is None],
            "batches": [
                {"id": batch.id, "loaded": batch.loaded, "stalled": batch.is_stalled}
                for batch in self.batches.values()
            ],
        }

    def _card(self, image_id: str) -> dict[str, Any] | None:
        batch_id, _ = self._changes[image_id]
        photo = self.batches[batch_id].photos.get(image_id)
        if photo is None:
            return None
        card = card_of(photo, remark=self._remarks.get(image_id))
        return {**card, "batch": batch_id}

    def _pause(self, state: Told) -> float | None:
        """Seconds after which the browser asks again; None if only it knows of something new."""
        if self._errands.is_any_out:
            return SOON
        waits = [self._outbox.due_in(state)]
        if any(self._retried.get(i, 0) < times for i, times in state.retries.items()):
            waits.append(self._errands.due_in(_RETRY))
        if state.visible:
            away = self._errands.due_in(_LIST)
            listed = [batch for batch in self.batches.values() if batch.is_listed]
            waits += [max(away, batch.cadence.due_in()) for batch in listed]
        known = [wait for wait in waits if wait is not None]
        return max(SOON, min(known)) if known else None


def _listing(client: Client, batch_id: str, etag: str | None) -> Page | None:
    if etag is None:
        return client.images(limit=PAGE, batch=batch_id)
    return client.images_if_changed(etag, limit=PAGE, batch=batch_id)
