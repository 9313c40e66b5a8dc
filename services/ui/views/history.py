"""Everything this person has handed in, newest first, a page at a time, or what a search finds.

Nothing here runs the whole page again but the opening of a photo: turning pages, searching and
ticking are runs of one fragment, and only a changed address makes it read another page.
"""

from dataclasses import dataclass, replace
from enum import Enum

import streamlit as st

from clients.api import CaptionApi
from clients.problems import Refused, Unavailable, Unreachable
from clients.resources import Image
from services.ui import history_memory, past, selection, sentences, sign_in
from services.ui import look as looks
from services.ui.batches import Stage, stage_of
from services.ui.components import away, photo_grid, pulse
from services.ui.history_memory import Memory
from services.ui.look import Look, Wanted
from services.ui.past import Shown
from services.ui.sign_in import Person
from services.ui.times import when
from services.ui.views import history_actions as actions
from services.ui.views import history_filters as filters

_GRID = "history_grid"
_GONE_TOLD = 1000  # deleted photos that the browser is told to untick, the last ones
_TICK = 1.0  # seconds between looks while anything moves
_NOTHING = {
    Wanted.ALL: "There are no such photos here any more.",
    Wanted.DONE: "No photo is done yet.",
    Wanted.WORKING: "Nothing is being worked on right now.",
    Wanted.FAILED: "No photo has failed.",
}


class _Trouble(Enum):
    AWAY = "the service does not answer"
    LOST = "the cursor leads nowhere"


@dataclass(eq=False)
class _Visit:
    """From one whole run of the page to the next. Without ``shown`` the page is to be read."""

    shown: Shown | None = None
    trouble: _Trouble | None = None


def show(client: CaptionApi, person: Person) -> None:
    """One page of the past."""
    st.title("History", anchor=False)
    st.fragment(_body)(client, history_memory.of(person), _Visit())


def _body(client: CaptionApi, memory: Memory, visit: _Visit) -> None:
    look = looks.current()
    if memory.opened is not None:
        image_id, memory.opened = memory.opened, None
        looks.go(look, image=image_id)
        st.rerun()
    with sign_in.required():
        if actions.collect(memory):
            # What is further back moves up to fill the page.
            visit.shown = None
        _look_up(client, visit, look)
    memory.see(visit.shown.photos if visit.shown else ())
    filters.show(look, memory.batches)
    if visit.shown is None:
        _show_trouble(visit, look)
        return
    _show_page(client, memory, visit, visit.shown)
    actions.show(client, memory)
    if memory.condemned:
        actions.confirm(client, memory)
    if visit.shown.is_moving() or memory.is_busy:
        pulse.show(_TICK, key="history_pulse")


def _look_up(client: CaptionApi, visit: _Visit, look: Look) -> None:
    """Read the page, or keep up with it if it has been read."""
    if visit.shown is not None and visit.shown.look != look:
        visit.shown = None
    try:
        if visit.shown is None:
            visit.shown = past.read(client, look)
        else:
            past.keep_up(client, visit.shown)
    except (Unreachable, Unavailable):
        visit.trouble = _Trouble.AWAY
    except Refused:
        visit.trouble = _Trouble.LOST
    else:
        visit.trouble = None


def _show_trouble(visit: _Visit, look: Look) -> None:
    if visit.trouble is _Trouble.AWAY:
        away.show()
        return
    # A cursor outlived by what it pointed to: the newest page always works.
    st.write("This page of your history is no longer there.")
    st.button("Show the newest photos", on_click=looks.go, args=(look.newest(),))


def _show_page(client: CaptionApi, memory: Memory, visit: _Visit, shown: Shown) -> None:
    if visit.trouble is not None:
        st.info(sentences.GOES_ON)
    if shown.photos:
        _show_grid(client, memory, visit, shown)
    else:
        _show_nothing(shown)
    if shown.is_cut:
        st.caption(f"These are the newest {len(shown.photos)} that are being worked on.")
    if shown.cadence.is_exhausted() and not shown.is_settled():
        st.info("Some photos take unusually long.")
        st.button("Look again", on_click=shown.cadence.restart)
    _show_turns(memory, shown)


def _show_nothing(shown: Shown) -> None:
    look = shown.look
    if shown.next_cursor is not None:
        st.write("Nothing found in this part of your history. There is more further back.")
    elif look.cursor:
        st.write("There is nothing further back.")
    elif look.q:
        st.write("No photo of yours has these words in its captions or labels.")
    elif look.is_filtered:
        st.write(_NOTHING[look.wanted])
    else:
        st.write("Your photos and their captions will be kept here.")
        st.write("Add your first photo under “Caption photos”: it takes a few seconds.")


def _show_turns(memory: Memory, shown: Shown) -> None:
    look = shown.look
    with st.container(horizontal=True, horizontal_alignment="center"):
        if look.cursor:
            # After a reload the way back is not known, only its end.
            known = look.cursor in memory.newer
            newer = replace(look, cursor=memory.newer.get(look.cursor, ""))
            st.button(
                "Newer" if known else "Newest",
                icon=":material/chevron_left:",
                on_click=looks.go,
                args=(newer,),
            )
        if shown.next_cursor is not None:
            st.button(
                "Look further back" if shown.is_short else "Older",
                icon=":material/chevron_right:",
                icon_position="right",
                on_click=_go_older,
                args=(memory, look, shown.next_cursor),
            )


def _go_older(memory: Memory, look: Look, cursor: str) -> None:
    memory.newer[cursor] = look.cursor
    looks.go(replace(look, cursor=cursor))


def _show_grid(client: CaptionApi, memory: Memory, visit: _Visit, shown: Shown) -> None:
    here = {photo.image_id for photo in shown.photos}
    chosen = memory.selection.photos
    photo_grid.show(
        photo_grid.Grid(
            tiles=[_tile(photo, memory) for photo in shown.photos if _is_there(photo, memory)],
            address=shown.look.address(),
            page=shown.look.cursor,
            header=selection.header(),
            chosen={
                image_id: None if image_id in here else selection.row(photo)
                for image_id, photo in chosen.items()
            },
            gone=list(memory.selection.gone)[-_GONE_TOLD:],
            place=memory.place,
        ),
        told=_told(client, memory, visit),
        key=_GRID,
    )


def _told(client: CaptionApi, memory: Memory, visit: _Visit) -> photo_grid.Told:
    def chosen() -> None:
        memory.selection.choose(_told_ids(), visit.shown.photos if visit.shown else ())

    def opened() -> None:
        match photo_grid.said(_GRID, "opened"):
            case {"id": str(image_id), "top": int() | float() as top, "at": int(at)}:
                memory.opened = image_id
                memory.place = photo_grid.Place(image_id, top, at)
            case _:
                pass

    def asked() -> None:
        match photo_grid.said(_GRID, "asked"):
            case {"what": what, "ids": list(ids)}:
                actions.ask(memory, what, _ids(ids), client)
            case _:
                pass

    def spoiled() -> None:
        visit.shown = None

    return photo_grid.Told(chosen, opened, asked, spoiled)


def _told_ids() -> tuple[str, ...]:
    return _ids(photo_grid.said(_GRID, "chosen"))


def _ids(said: object) -> tuple[str, ...]:
    return tuple(one for one in said if isinstance(one, str)) if isinstance(said, list) else ()


def _is_there(photo: Image, memory: Memory) -> bool:
    return photo.image_id not in memory.selection.gone


def _tile(photo: Image, memory: Memory) -> photo_grid.Tile:
    stage = stage_of(photo)
    is_going = (
        memory.deletion is not None
        and memory.is_busy
        and photo.image_id in memory.deletion.image_ids
    )
    looks_like, state = stage.name.lower(), None if stage is Stage.DONE else stage.value
    if is_going:
        looks_like, state = "deleting", "Deleting"
    caption = photo.captions.concise if photo.captions else ""
    if stage is Stage.FAILED:
        caption = sentences.failure(photo.error).partition(". ")[0].rstrip(".") + "."
    return photo_grid.Tile(
        id=photo.image_id,
        caption=caption or stage.value,
        when=when(photo.created_at),
        stage=looks_like,
        state=state,
        note="Approximate" if photo.provider and photo.provider.degraded else None,
        url=photo.thumbnail.url if photo.thumbnail else None,
        row=selection.row(photo),
    )
