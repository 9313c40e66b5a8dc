"""The one photo that this session looks at: its newest known state, and what came of its edits."""

from dataclasses import dataclass, field

import streamlit as st

from clients.api import CaptionApi
from clients.problems import Refused, Unavailable, Unreachable
from clients.resources import Image
from services.ui import editing
from services.ui.cadence import Cadence
from services.ui.components import texts
from services.ui.components.texts import Outcome

_VIEWED = "viewed"


@dataclass(eq=False)
class Viewed:
    """``unreached``: the gateway did not answer last time. ``gone``: it has the photo no more."""

    photo: Image
    cadence: Cadence = field(default_factory=Cadence)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    unreached: bool = False
    gone: bool = False

    def take(self, photo: Image) -> bool:
        """Take in a state, unless a newer one overtook it; true if it is news."""
        if photo.version < self.photo.version:
            return False
        news = photo.version > self.photo.version
        self.photo = photo
        return news

    def restart(self, photo: Image) -> None:
        """New work on it has begun: look often again."""
        self.take(photo)
        self.cadence.restart()

    def is_moving(self) -> bool:
        """It may still change by itself, and asking about it makes sense."""
        return not (self.photo.settled or self.gone or self.cadence.is_exhausted())


def begin(photo: Image) -> Viewed:
    """What is kept of this photo between the page's runs; of one photo at a time."""
    viewed = st.session_state.get(_VIEWED)
    if not isinstance(viewed, Viewed) or viewed.photo.image_id != photo.image_id:
        viewed = st.session_state[_VIEWED] = Viewed(photo)
    if viewed.take(photo):
        viewed.cadence.restart()
    viewed.unreached = viewed.gone = False
    return viewed


def follow(client: CaptionApi, viewed: Viewed) -> None:
    """One call, if one is due and could tell anything."""
    if not (viewed.is_moving() and viewed.cadence.is_due()):
        return
    photo = viewed.photo
    news = False
    try:
        newer = client.image_if_changed(photo.image_id, version=photo.version)
    except (Unreachable, Unavailable):
        viewed.unreached = True
    except Refused:
        viewed.gone = True
    else:
        viewed.unreached = False
        news = newer is not None and viewed.take(newer)
    viewed.cadence.record(news=news)


def save_wishes(client: CaptionApi, viewed: Viewed, *, key: str) -> None:
    """Act upon what the texts under ``key`` want saved, each wish once."""
    for name, wish in texts.wishes(key).items():
        before = viewed.outcomes.get(name)
        if before is not None and before.number >= wish.number:
            continue
        photo, viewed.outcomes[name] = editing.save(client, viewed.photo, name, wish)
        viewed.take(photo)
