"""Dead letters: jobs that were given up on, why, what to do, and the buttons to do it."""

from collections import Counter
from dataclasses import dataclass

import streamlit as st

from clients.admin import AdminApi
from clients.admin_resources import DeadLetter, Queue
from services.ui.components import table
from services.ui.times import when
from services.ui.views import admin_words as words
from services.ui.views.admin_notices import show_notice
from services.ui.views.admin_watch import LETTERS_SHOWN, Watch

# The queue and what somebody is about to do with its letters.
_ASKED = "operations_letters"
_TOO_OFTEN = "received too often"  # the gateway's word where no worker gave a reason
_KINDS = {"image.uploaded": "Prepare a photo", "image.ingested": "Write captions"}


@dataclass(frozen=True)
class _Explanation:
    what: str
    do: str


def show(watch: Watch, api: AdminApi) -> None:
    """One part for each queue that has letters."""
    st.header("Dead letters", anchor=False)
    queues = watch.queues
    if queues is None:
        st.text("Looking for dead letters …")
        return
    for queue in queues:
        # Its notice stays when the last letter has gone.
        if queue.dead_letters or _about(queue.name) in watch.notices:
            _show_queue(watch, api, queue)
    if not any(queue.dead_letters for queue in queues):
        st.text("No job was given up on.")


def _show_queue(watch: Watch, api: AdminApi, queue: Queue) -> None:
    st.subheader(f"{words.queue(queue.name)}: {queue.dead_letters}", anchor=False)
    show_notice(watch, _about(queue.name))
    if not queue.dead_letters:
        return
    letters = watch.letters(queue.name)
    if letters is None:
        st.text("Reading the letters …")
    else:
        _explain(letters.items)
        table.show(_table(letters.items, queue), key=f"letters-{queue.name}")
        if queue.dead_letters > len(letters.items):
            st.caption(f"Shown are {len(letters.items)} of about {queue.dead_letters}.")
    _offer(watch, api, queue)


def _explain(letters: list[DeadLetter]) -> None:
    for explanation, count in Counter(explained(each.reason) for each in letters).most_common():
        st.text(f"{words.count(count, 'job')}: {explanation.what}\n{explanation.do}")


def explained(reason: str) -> _Explanation:
    """What a reason means and what to do about it, in sentences."""
    if reason == _TOO_OFTEN:
        return _Explanation(
            "was handed out again and again, and no worker ever finished it.",
            "Most often a worker died, or something it needs was away for long. Look at the "
            "providers above; once they do well, send the jobs back.",
        )
    if "does not belong on the" in reason:
        return _Explanation(
            "a message of the other queue.",
            "Somebody or something put it into the wrong queue. Sending it back changes nothing: "
            "find who sent it, then delete it.",
        )
    if "longer than any message" in reason:
        return _Explanation(
            "a message far longer than any of ours.",
            "It did not come from this pipeline. Find out who may write to the queue; delete it.",
        )
    if "no model input" in reason:
        return _Explanation(
            "its photo is further on than what is stored of it.",
            "The photo can be tried again by its owner. If there are many, look for losses in "
            "storage before you delete them.",
        )
    return _Explanation(
        "no worker could make sense of the message.",
        "Often its sender is newer or older than the workers. Finish the deployment, then send it "
        "back; if it returns, delete it.",
    )


def _table(letters: list[DeadLetter], queue: Queue) -> table.Table:
    return table.Table(
        title=f"Dead letters: {words.queue(queue.name)}",
        columns=[
            table.Column("When"),
            table.Column("Reason"),
            table.Column("Tries", numeric=True),
            table.Column("Kind"),
            table.Column("Photo"),
            table.Column("Trace"),
        ],
        rows=[
            [
                when(letter.sent_at or "") or "-",
                letter.reason,
                str(letter.tries),
                _kind(letter),
                letter.image_id or "-",
                letter.trace_id or "-",
            ]
            for letter in letters[:LETTERS_SHOWN]
        ],
    )


def _kind(letter: DeadLetter) -> str:
    kind = letter.kind or "-"
    return _KINDS.get(kind.rpartition(".v")[0] or kind, kind)


def _offer(watch: Watch, api: AdminApi, queue: Queue) -> None:
    asked = st.session_state.get(_ASKED)
    if asked == ("redrive", queue.name):
        _confirm_redrive(watch, api, queue)
    elif asked == ("purge", queue.name):
        _confirm_purge(watch, api, queue)
    else:
        with st.container(horizontal=True):
            for what, label in (("redrive", "Send back"), ("purge", "Delete")):
                st.button(
                    f"{label} all of “{words.queue(queue.name)}”",
                    key=f"{what}-{queue.name}",
                    on_click=_ask,
                    args=(watch, what, queue.name),
                )


def _confirm_redrive(watch: Watch, api: AdminApi, queue: Queue) -> None:
    jobs = words.count(queue.dead_letters, "job")
    st.text(f"About {jobs} will be tried once more. What fails again comes back here.")
    with st.container(horizontal=True):
        st.button(
            "Yes, send them back",
            key=f"redrive-yes-{queue.name}",
            type="primary",
            on_click=_redrive,
            args=(watch, api, queue.name),
        )
        _show_cancel(watch, queue)


def _confirm_purge(watch: Watch, api: AdminApi, queue: Queue) -> None:
    name = f"{queue.name}-dlq"
    jobs = words.count(queue.dead_letters, "dead letter")
    st.text(
        f"About {jobs} will be deleted for good; nobody can bring them back. "
        "The photos stay, and their owners can try them again."
    )
    key = f"purge-name-{queue.name}"
    typed = st.text_input(f"Type {name} to confirm", key=key, autocomplete="off")
    with st.container(horizontal=True):
        st.button(
            "Delete for good",
            key=f"purge-yes-{queue.name}",
            type="primary",
            on_click=_purge,
            args=(watch, api, queue.name),
        )
        _show_cancel(watch, queue)
    if typed and typed.strip() != name:
        st.text(f"That is not {name}.")


def _show_cancel(watch: Watch, queue: Queue) -> None:
    st.button("Cancel", key=f"cancel-{queue.name}", on_click=_ask, args=(watch, "", queue.name))


def _ask(watch: Watch, what: str, queue: str) -> None:
    watch.notices.pop(_about(queue), None)
    st.session_state[_ASKED] = (what, queue)


def _redrive(watch: Watch, api: AdminApi, queue: str) -> None:
    st.session_state[_ASKED] = None

    def action() -> str:
        messages = words.count(api.redrive(queue).messages, "job is", "jobs are")
        return f"About {messages} on the way back to their queue."

    watch.act(action, about=_about(queue))


def _purge(watch: Watch, api: AdminApi, queue: str) -> None:
    name = f"{queue}-dlq"
    if st.session_state.get(f"purge-name-{queue}", "").strip() != name:
        return
    st.session_state[_ASKED] = None

    def action() -> str:
        api.purge(name)
        return "The dead letters are being deleted. It can take a minute until all are gone."

    watch.act(action, about=_about(queue))


def _about(queue: str) -> str:
    return f"letters-{queue}"
