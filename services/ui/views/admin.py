"""How the pipeline does, for the people who run it: first in a line of words, then in figures."""

from datetime import datetime
from typing import cast

import streamlit as st

from clients.api import CaptionApi
from services.ui import sign_in
from services.ui.components import findings, pulse
from services.ui.times import clock
from services.ui.views import (
    admin_dead_letters,
    admin_health,
    admin_providers,
    admin_queues,
    admin_usage,
)
from services.ui.views.admin_watch import Watch

_WATCH = "operations"
_RANGES = {"7 days": 7, "30 days": 30}


def show(client: CaptionApi) -> None:
    """Queues, providers, usage and dead letters."""
    st.title("Operations", anchor=False)
    st.fragment(_body)(client)


def show_to_others() -> None:
    """For somebody who came here by an address and is no operator."""
    st.title("Operations", anchor=False)
    _tell_others()


def _tell_others() -> None:
    st.write("This page is for the people who run the service. Your own photos are elsewhere:")
    st.write("find them under “History”, and your quota under “Account”.")


def _body(client: CaptionApi) -> None:
    watch = _watch(client)
    with sign_in.required():
        watch.look(days=_days())
    if watch.forbidden:
        _tell_others()
        return
    pulse.show(watch.pause(), key="operations-pulse")
    _show_health(watch)
    if watch.away:
        st.info(
            "The service is not answering right now. What you see is what was last known; "
            "this page goes on by itself."
        )
    with st.container(key=admin_health.QUEUES):
        admin_queues.show(watch.queues, watch.history)
    with st.container(key=admin_health.LETTERS):
        admin_dead_letters.show(watch, client.admin)
    with st.container(key=admin_health.PROVIDERS):
        admin_providers.show(watch, client.admin)
    with st.container(key=admin_health.USAGE):
        st.header("Day by day", anchor=False)
        st.segmented_control(
            "Range", list(_RANGES), default="7 days", required=True, key="operations-range"
        )
        admin_usage.show(watch.usage, _days())


def _watch(client: CaptionApi) -> Watch:
    """This session's, and a new one where the session goes on with another token."""
    known = cast("tuple[CaptionApi, Watch] | None", st.session_state.get(_WATCH))
    if known is None or known[0] is not client:
        known = st.session_state[_WATCH] = (client, Watch(client.admin))
    return known[1]


def _days() -> int:
    return _RANGES.get(str(st.session_state.get("operations-range")), 7)


def _show_health(watch: Watch) -> None:
    if watch.as_of is None:
        return
    providers = watch.providers
    found = admin_health.findings(
        watch.queues, None if providers is None else providers.providers, watch.usage
    )
    tone, title = admin_health.title_of(found)
    findings.show(
        findings.Findings(tone, title, found, as_of=_as_of(watch.as_of)), key="operations-health"
    )


def _as_of(moment: datetime) -> str:
    return f"As of {clock(moment.timestamp())}. It looks again by itself."
