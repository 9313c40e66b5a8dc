"""The providers of captions: how each does, and a switch to keep it from being asked."""

import streamlit as st

from clients.admin import AdminApi
from clients.admin_resources import ProviderHealth, Providers
from services.ui.components import panel
from services.ui.times import when
from services.ui.views import admin_words as words
from services.ui.views.admin_health import troubles_of
from services.ui.views.admin_notices import show_notice
from services.ui.views.admin_watch import Watch

# The provider that somebody is about to switch off.
_ASKED = "operations_switch_off"
_CIRCUITS = {
    "closed": panel.Said("Working", "good"),
    "half_open": panel.Said("Being tried again", "warn"),
    "open": panel.Said("Left alone", "bad"),
}


def show(watch: Watch, api: AdminApi) -> None:
    """The configured ones in the order in which they are asked; the others are only named."""
    st.header("Providers", anchor=False)
    providers: Providers | None = watch.providers
    if providers is None:
        st.text("Looking at the providers …")
        return
    configured = [each for each in providers.providers if each.configured]
    st.caption("Asked in this order, until one writes the captions. Figures of the last hour.")
    for provider in configured:
        with st.container(border=True):
            panel.show(_panel(provider), key=f"provider-{provider.name}")
            _offer_switch(watch, api, provider)
    others = [words.provider(each.name) for each in providers.providers if not each.configured]
    if others:
        st.text(f"Not set up: {', '.join(others)}.")


def _panel(provider: ProviderHealth) -> panel.Panel:
    name = words.provider(provider.name)
    return panel.Panel(
        label=name,
        title=name,
        subtitle=provider.model or "",
        state=_state(provider),
        figures=_figures(provider),
        notes=[
            *(panel.Said(_sentence(text), tone) for tone, text in troubles_of(provider)),
            *_about(provider),
        ],
    )


def _state(provider: ProviderHealth) -> panel.Said:
    if not provider.enabled:
        return panel.Said("Switched off", "off")
    circuit = provider.circuit or "closed"
    return _CIRCUITS.get(circuit, panel.Said(circuit, "note"))


def _figures(provider: ProviderHealth) -> list[panel.Figure]:
    rate = provider.success_rate
    left = words.days_left(provider.end_of_life)
    figures = [
        panel.Figure("Answered", "-" if rate is None else words.share(rate)),
        panel.Figure("Half in", _milliseconds(provider.p50_ms)),
        panel.Figure("19 of 20 in", _milliseconds(provider.p95_ms)),
        panel.Figure("Cost, 24 h", words.dollars(provider.cost_usd_24h)),
    ]
    if left is not None and left >= 0:
        figures.append(panel.Figure("Ends in", words.count(left, "day")))
    return figures


def _milliseconds(duration: int | None) -> str:
    return "-" if duration is None else words.duration(duration / 1000)


def _about(provider: ProviderHealth) -> list[panel.Said]:
    if not provider.last_error:
        return []
    at = when(provider.last_error_at or "")
    moment = f", {at}" if at else ""
    return [panel.Said(f"Last trouble: {words.error(provider.last_error)}{moment}.", "note")]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _offer_switch(watch: Watch, api: AdminApi, provider: ProviderHealth) -> None:
    name = provider.name
    show_notice(watch, _about_switch(name))
    if not provider.enabled:
        st.button(
            f"Switch on {words.provider(name)}",
            key=f"on-{name}",
            on_click=_switch,
            args=(watch, api, name),
            kwargs={"enabled": True},
        )
    elif st.session_state.get(_ASKED) == name:
        _confirm(watch, api, name)
    else:
        st.button(
            f"Switch off {words.provider(name)}",
            key=f"off-{name}",
            on_click=_ask,
            args=(watch, name),
        )


def _confirm(watch: Watch, api: AdminApi, name: str) -> None:
    st.text(
        f"Nobody asks {words.provider(name)} for captions any more, until it is switched on again. "
        "The providers after it step in; if there are none, photos wait."
    )
    with st.container(horizontal=True):
        st.button(
            "Yes, switch it off",
            key=f"off-yes-{name}",
            type="primary",
            on_click=_switch,
            args=(watch, api, name),
            kwargs={"enabled": False},
        )
        st.button("Keep it on", key=f"off-no-{name}", on_click=_ask, args=(watch, None))


def _ask(watch: Watch, name: str | None) -> None:
    if name is not None:
        watch.notices.pop(_about_switch(name), None)
    st.session_state[_ASKED] = name


def _switch(watch: Watch, api: AdminApi, name: str, *, enabled: bool) -> None:
    st.session_state[_ASKED] = None

    def action() -> str:
        done = api.switch_provider(name, enabled=enabled)
        state = "on" if done.enabled else "off"
        return f"{words.provider(name)} is switched {state}. All captioners know in ten seconds."

    watch.act(action, about=_about_switch(name), renews="providers")


def _about_switch(name: str) -> str:
    return f"provider-{name}"
