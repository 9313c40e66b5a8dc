"""What becomes of the files that the browser sends: a form for each, then the photo made of it.

The bytes go from the browser to the store and never come here. Asked any number of times about
the same file, this begins one upload at a time and completes it once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from clients.problems import Refused
from clients.resources import DirectUpload, Image
from services.ui import sentences, told
from services.ui.errands import Errands

# Uploads of one file that came to nothing, after which it takes the person to try again.
_LOST_MAX = 3
# The kinds of calls.
_BEGIN, _COMPLETE = "begin", "complete"
# What a drop may ask for, and no other field of the contract.
_OPTIONS = frozenset({"labels", "language", "style", "keep_exif"})
# Nothing of this upload is there, or not any more: another form helps.
_LOST = frozenset({"upload_expired", "upload_missing", "not_found"})
# The file itself is refused, so another try would end the same.
_HOPELESS = frozenset({"image_too_large", "unsupported_media_type", "empty_image"})


class Taker(Protocol):
    """Where photos are handed in: see ``CaptionApi``."""

    def begin_upload(
        self, content_type: str, size: int, *, options: Mapping[str, str] | None = None
    ) -> DirectUpload:
        """A form for one file."""
        ...

    def complete_upload(self, upload_id: str) -> Image:
        """The photo that was uploaded."""
        ...


@dataclass(eq=False)
class _Parcel:
    tries: int = 0
    form: DirectUpload | None = None
    completing: bool = False
    image_id: str | None = None
    problem: str | None = None
    is_hopeless: bool = False
    lost: set[str] = field(default_factory=set)


class Outbox:
    """The files of one session. ``take`` is told of each photo that a file became."""

    def __init__(self, errands: Errands, take: Callable[[str, Image], None]) -> None:
        self._errands = errands
        self._take = take
        self._parcels: dict[str, _Parcel] = {}

    def advance(self, client: Taker, state: told.Told) -> None:
        """Make the calls that are due for what the browser tells of."""
        options = {drop.id: drop.options for drop in state.drops}
        for parcel_id, asked in state.parcels.items():
            parcel = self._parcels.setdefault(parcel_id, _Parcel())
            _heed(parcel, asked)
            needed = _needed(parcel, asked)
            if needed == _COMPLETE:
                self._complete(client, parcel_id, parcel, asked)
            elif needed == _BEGIN:
                self._begin(client, parcel_id, parcel, asked, options.get(asked.batch, {}))

    def _complete(self, client: Taker, parcel_id: str, parcel: _Parcel, asked: told.Parcel) -> None:
        stored = asked.stored or ""
        sent = self._errands.send(
            _COMPLETE,
            parcel_id,
            partial(client.complete_upload, stored),
            take=partial(self._became, parcel, asked.batch),
            refuse=partial(_not_completed, parcel, stored),
        )
        # Asked once, it may have happened, whatever comes of the answer.
        parcel.completing = parcel.completing or sent

    def _begin(
        self,
        client: Taker,
        parcel_id: str,
        parcel: _Parcel,
        asked: told.Parcel,
        options: Mapping[str, str],
    ) -> None:
        chosen = {name: value for name, value in options.items() if name in _OPTIONS}
        chosen["batch"] = asked.batch
        self._errands.send(
            _BEGIN,
            parcel_id,
            partial(client.begin_upload, asked.type, asked.size, options=chosen),
            take=partial(_offer, parcel),
            refuse=partial(_refuse, parcel),
        )

    def _became(self, parcel: _Parcel, batch: str, photo: Image) -> None:
        parcel.image_id, parcel.completing, parcel.form = photo.image_id, False, None
        self._take(batch, photo)

    def answers(self, state: told.Told) -> dict[str, Any]:
        """For each file that the browser tells of and there is news of: a form, the photo's id,
        or why it was not taken.
        """
        known = ((i, self._parcels.get(i)) for i in state.parcels)
        found = {i: _answer(parcel) for i, parcel in known if parcel is not None}
        return {i: answer for i, answer in found.items() if answer}

    def unsure(self) -> frozenset[str]:
        """Files whose photo the gateway may know already, and this does not."""
        return frozenset(i for i, parcel in self._parcels.items() if parcel.completing)

    def due_in(self, state: told.Told) -> float | None:
        """Seconds until a call should be made for some file; None if none needs any."""
        known = ((self._parcels.get(i, _Parcel()), asked) for i, asked in state.parcels.items())
        kinds = {_needed(parcel, asked) for parcel, asked in known} - {None}
        return min((self._errands.due_in(kind) for kind in kinds if kind), default=None)


def _needed(parcel: _Parcel, asked: told.Parcel) -> str | None:
    if parcel.image_id is not None or parcel.problem is not None:
        return None
    if asked.stored is not None and asked.stored not in parcel.lost:
        return _COMPLETE
    return _BEGIN if parcel.form is None else None


def _heed(parcel: _Parcel, asked: told.Parcel) -> None:
    if asked.tries > parcel.tries:
        parcel.tries, parcel.problem = asked.tries, None
        parcel.lost.clear()
    if parcel.form is not None and asked.spent == parcel.form.upload_id:
        parcel.form = None


def _offer(parcel: _Parcel, form: DirectUpload) -> None:
    parcel.form = form


def _refuse(parcel: _Parcel, refused: Refused) -> None:
    parcel.problem = sentences.refusal(refused)
    parcel.is_hopeless = refused.code in _HOPELESS


def _not_completed(parcel: _Parcel, upload_id: str, refused: Refused) -> None:
    parcel.completing = False
    parcel.lost.add(upload_id)
    if parcel.form is not None and parcel.form.upload_id == upload_id:
        parcel.form = None
    if refused.code not in _LOST:
        _refuse(parcel, refused)
    elif len(parcel.lost) > _LOST_MAX:
        parcel.problem = sentences.UNREACHED


def _answer(parcel: _Parcel) -> dict[str, Any]:
    if parcel.image_id is not None:
        return {"image": parcel.image_id}
    if parcel.problem is not None:
        again = not parcel.is_hopeless
        return {"problem": parcel.problem, "again": again, "tries": parcel.tries}
    if parcel.form is not None:
        return {"form": parcel.form.model_dump(), "tries": parcel.tries}
    return {}
