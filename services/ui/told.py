"""What the tray's script tells the page, as one state that it sends whole every time.

Events can overwrite each other and a run may be repeated: whatever must not get lost is in here
until the script has seen the answer to it.
"""

import logging
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_LOG = logging.getLogger(__name__)

BATCH_ID = r"^[A-Za-z0-9_.-]{1,64}$"
BatchId = Annotated[str, Field(pattern=BATCH_ID)]
Id = Annotated[str, Field(min_length=1, max_length=64)]


class Parcel(BaseModel):
    """A file that is to be sent, or has been and waits to become a photo.

    ``spent`` names the form that was of no use, ``stored`` the upload whose bytes have arrived;
    ``tries`` counts how often the person asked for another try.
    """

    model_config = ConfigDict(frozen=True)

    batch: BatchId
    type: str = Field(max_length=100)
    size: int = Field(ge=0)
    tries: int = 0
    spent: str | None = None
    stored: str | None = None


class Drop(BaseModel):
    """Photos that were added together, and the options they are sent with. ``elsewhere``: another
    tab is sending some of them.
    """

    model_config = ConfigDict(frozen=True)

    id: BatchId
    options: dict[str, str] = {}
    elsewhere: bool = False


class Told(BaseModel):
    """All of it. ``seen`` is the number of the newest change drawn, of the desk named ``desk``."""

    model_config = ConfigDict(frozen=True)

    tick: int = 0
    visible: bool = True
    desk: str = ""
    seen: int = 0
    mounts: int = 0
    looks: int = 0
    drops: list[Drop] = []
    parcels: dict[Id, Parcel] = {}
    retries: dict[Id, int] = {}
    opened: str | None = None


def told_by(state: object) -> Told:
    """What a state of the component says; nothing if it can't be read."""
    if not isinstance(state, Mapping):
        return Told()
    try:
        return Told.model_validate(state)
    except ValidationError as error:
        # Never ours unless a page that was opened before an update still runs its old script.
        _LOG.warning("tray_state_unreadable", extra={"faults": error.error_count()})
        return Told()
