"""What is known of one photo beside its texts: labels, the file, and where the texts came from."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from clients.resources import Image, Provider, Stage, Try
from services.ui import writers
from services.ui.components import bars, facts, table
from services.ui.components.bars import Bar, Tone
from services.ui.languages import LANGUAGES
from services.ui.photo_files import megabytes
from services.ui.times import by_its_own_clock, when

_STAGES = {
    "queued": "Waiting",
    "ingest": "Preparing the photo",
    "labels": "Finding what is in it",
    "caption": "Writing captions",
}
_LANGUAGES = dict(LANGUAGES)
_NOT_ASKED = frozenset({"circuit_open", "unsupported"})


def show(photo: Image) -> None:
    """All of it, as far as it is known."""
    _show_labels(photo)
    with st.expander("About this photo"):
        facts.show_list("About this photo", _facts(photo), key="facts")
    if photo.provider is not None or photo.timeline:
        with st.expander("Where the captions came from"):
            _show_origin(photo)


def _show_labels(photo: Image) -> None:
    if not photo.labels:
        return
    st.text("Seen in it, and how sure that is")
    chips = [(label.name, f"{label.confidence:.0%}") for label in photo.labels]
    facts.show_chips("Seen in this photo", chips, key="labels")


def _facts(photo: Image) -> dict[str, str]:
    captions, camera = photo.captions, photo.photo
    return {
        "Added": when(photo.created_at),
        "Taken": by_its_own_clock(camera.taken_at or "") if camera else "",
        "Camera": (camera and camera.camera) or "",
        "Stored photo": _stored(photo),
        "Language": _LANGUAGES.get(captions.language, captions.language) if captions else "",
        "Batch": photo.batch or "",
    }


def _stored(photo: Image) -> str:
    original = photo.original
    if original is None or not original.width or not original.height:
        return ""
    size = f", {megabytes(original.bytes)}" if original.bytes else ""
    return f"{original.width} by {original.height} pixels{size}"


def _show_origin(photo: Image) -> None:
    provider = photo.provider
    if provider is not None:
        facts.show_list("Where the captions came from", _writer(provider), key="writer")
        if provider.attempts:
            _show_attempts(provider.attempts)
    if photo.timeline:
        _show_stages(photo.timeline)


def _writer(provider: Provider) -> dict[str, str]:
    costs = [each.cost_usd for each in provider.attempts if each.cost_usd is not None]
    return {
        "Written by": writers.name_of(provider.name),
        "Model": provider.model,
        "Cost": writers.cost_of(sum(costs)) if costs else "",
    }


def _show_attempts(attempts: Sequence[Try]) -> None:
    st.text("Who was asked, one after the other")
    drawn, start = [], 0.0
    for each in attempts:
        took = each.duration_ms / 1000
        words = f"{writers.name_of(each.provider)}: {_ended(each)}"
        drawn.append(Bar(words, start, took, _tone(each), _details(each)))
        start += took
    bars.show(drawn, title="Who was asked, and how long each took", key="attempts")
    columns = ["Asked", "Outcome", "Why", "Took", "Tokens", "Cost", "Model"]
    rows = [[writers.name_of(each.provider), *_details(each).values()] for each in attempts]
    _show_table("Who was asked", columns, rows, key="attempts-table")


def _ended(attempt: Try) -> str:
    ended = writers.outcome_of(attempt.outcome).lower()
    took = "" if attempt.outcome in _NOT_ASKED else _seconds(attempt.duration_ms)
    return f"{ended}, {took}" if took else ended


def _tone(attempt: Try) -> Tone:
    if attempt.outcome == "ok":
        return "good"
    return "skipped" if attempt.outcome in _NOT_ASKED else "bad"


def _details(attempt: Try) -> dict[str, str]:
    return {
        "Outcome": writers.outcome_of(attempt.outcome),
        "Why": writers.reason_of(attempt.reason),
        "Took": _seconds(attempt.duration_ms),
        "Tokens": _tokens(attempt),
        "Cost": writers.cost_of(attempt.cost_usd),
        "Model": attempt.model,
    }


def _tokens(attempt: Try) -> str:
    read, written = attempt.input_tokens, attempt.output_tokens
    if read is None and written is None:
        return ""
    return f"{read or 0:,} in, {written or 0:,} out"


def _show_stages(timeline: Sequence[Stage]) -> None:
    st.text("How long each step took")
    begun = [_moment(stage.started_at) for stage in timeline]
    first = min(begun)
    names = [_STAGES.get(stage.stage, stage.stage) for stage in timeline]
    drawn = [
        Bar(
            f"{name}: {_seconds(stage.duration_ms) or 'no time'}",
            start - first,
            stage.duration_ms / 1000,
            "skipped" if stage.stage == "queued" else "work",
            {"Step": name, "Took": _seconds(stage.duration_ms), "Began": when(stage.started_at)},
        )
        for name, stage, start in zip(names, timeline, begun, strict=True)
    ]
    bars.show(drawn, title="The steps, and how long each took", key="stages")
    rows = [
        [name, _seconds(stage.duration_ms)] for name, stage in zip(names, timeline, strict=True)
    ]
    _show_table("Steps", ["Step", "Took"], rows, key="stages-table")


def _show_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, key: str
) -> None:
    heads = [table.Column(column) for column in columns]
    table.show(table.Table(title, heads, rows, folded="The same as a table"), key=key)


def _moment(timestamp: str) -> float:
    """Seconds since 1970, or 0 for what is no timestamp."""
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _seconds(milliseconds: int) -> str:
    if milliseconds < 100:
        return "under 0.1 s" if milliseconds else ""
    return f"{milliseconds / 1000:.1f} s" if milliseconds < 100_000 else f"{milliseconds // 1000} s"
