"""Photos chosen in the history, without a browser: deleted once confirmed, and told honestly."""

from streamlit.testing.v1 import AppTest

from services.ui.deleting import Deletion
from services.ui.history_memory import Memory
from services.ui.selection_export import Export
from tests.unit.ui.full_history import full, grid, ids, tiles
from tests.unit.ui.one_run import button, labels, opened, said


def test_rows_of_ticked_photos_on_other_pages_come_along():
    client = full(45)
    memory = Memory("ana")
    memory.selection.choose(["00", "44"], client.known.values())

    test = opened("history", client, history_memory=memory)

    chosen = grid(test)["chosen"]
    assert grid(test)["header"].startswith("image_id,created_at,status,batch,concise")
    assert chosen["44"] is None
    assert chosen["00"].startswith("00,2026-11-22T12:00:00.000Z,completed,,A <b>cat</b> *asleep*,")


def test_somebody_elses_choice_is_not_taken_over():
    client = full(1)
    memory = Memory("ben")
    memory.selection.choose(["00"], client.known.values())

    assert grid(opened("history", client, history_memory=memory))["chosen"] == {}


def test_nothing_is_deleted_before_it_is_confirmed():
    client = full(3)
    memory = Memory("ana", condemned=("01", "02"))
    test = opened("history", client, history_memory=memory)

    button(test, "Keep them").click().run()

    assert not test.exception
    assert sorted(client.known) == ["00", "01", "02"]
    assert "Delete 2 photos" not in labels(test)


def test_confirmed_photos_go_and_the_page_fills_up():
    client = full(25)
    memory = Memory("ana", condemned=("24", "23"))
    test = opened("history", client, history_memory=memory)

    button(test, "Delete 2 photos").click().run()
    wait_for(test, memory)

    assert not test.exception
    assert tiles(test) == ids(22, 3)
    assert test.success[0].value == "2 photos deleted."


def wait_for(test: AppTest, memory: Memory) -> None:
    for _ in range(100):
        if not memory.is_busy:
            break
        test.run()
    test.run()


def test_deletion_says_honestly_what_it_could_not():
    client = full(3)
    memory = Memory("ana", deletion=over(deleted={"02"}, missed={"01"}))
    memory.deletion.unanswered.add("01")
    test = opened("history", client, history_memory=memory)
    assert "1 deleted, 1 could not be: the service did not answer." in said(test)

    button(test, "Try again").click().run()
    wait_for(test, memory)

    assert "01" not in client.known
    assert test.success[0].value == "1 photo deleted."


def over(*, deleted: set[str], missed: set[str]) -> Deletion:
    return Deletion(tuple(deleted | missed), deleted=deleted, missed=missed, is_finished=True)


def test_photos_being_deleted_say_so():
    memory = Memory("ana", deletion=Deletion(("01",)), is_busy=True)

    [going, staying] = grid(opened("history", full(2), history_memory=memory))["tiles"]

    assert (going["state"], staying["state"]) == ("Deleting", None)


def test_refused_token_during_a_deletion_leads_to_a_new_sign_in():
    memory = Memory("ana", deletion=Deletion(("01",), signed_out=True), is_busy=True)

    test = opened("history", full(2), history_memory=memory)

    assert not test.exception
    assert test.session_state["token_rejected"]


def test_export_that_failed_says_what_to_do():
    export = Export(("00",), is_finished=True, problem="Try again in a moment.")

    test = opened("history", full(1), history_memory=Memory("ana", export=export))

    assert "Try again in a moment." in said(test)


def test_outcome_can_be_closed():
    memory = Memory("ana", objection="Choose fewer.")
    test = opened("history", full(1), history_memory=memory)

    button(test, "Close").click().run()

    assert "Choose fewer." not in said(test)
