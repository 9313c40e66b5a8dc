"""The Operations page without a browser."""

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from clients.admin_resources import DayUsage, Usage
from clients.problems import Refused, Unavailable
from services.ui import sign_in
from services.ui.views import admin_dead_letters
from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.one_run import drawn, opened, said

GONE = Unavailable("dependency_unavailable", 503, "")
SECTIONS = ["Queues", "Dead letters", "Providers", "Day by day"]


def shown(client: FakeClient, **state) -> AppTest:
    """The page with all that it reads, letters included."""
    return opened("admin", client, **state).run()


def panels(test: AppTest) -> dict[str, dict]:
    return {each["label"]: each for each in drawn(test) if "figures" in each}


def tables(test: AppTest) -> dict[str, dict]:
    return {each["title"]: each for each in drawn(test) if "rows" in each}


def health(test: AppTest) -> dict:
    [found] = [each for each in drawn(test) if "findings" in each]
    return found


def figures(panel: dict) -> dict[str, str]:
    return {figure["label"]: figure["value"] for figure in panel["figures"]}


def healthy(client: FakeClient) -> FakeClient:
    operations = client.admin.operations
    operations.letters["caption"].clear()
    operations.waiting.update(ingest=0, caption=0)
    well = [each.model_copy(update={"circuit": "closed"}) for each in operations.providers()]
    operations.providers = lambda: [each for each in well if each.name == "bedrock"]
    return client


def test_everything_is_on_one_page():
    test = shown(FakeClient())

    assert not test.exception
    assert [header.value for header in test.header] == SECTIONS
    assert len(test.get("vega_lite_chart")) == 8


def test_all_well_is_said_first():
    found = health(shown(healthy(FakeClient())))

    assert (found["tone"], found["title"], found["findings"]) == ("good", "All well", [])


def test_trouble_is_said_first_and_leads_on():
    found = health(shown(FakeClient()))

    assert found["tone"] == "bad"
    assert found["findings"][0]["text"] == "Writing captions: 3 jobs were given up on."
    assert found["findings"][0]["section"] == "operations-letters"


def test_each_chart_has_its_figures_as_a_table():
    client = FakeClient()
    test = shown(client)

    folded = {title: each for title, each in tables(test).items() if each["folded"]}
    [yesterday] = client.admin.usage(days=2).days[1:]
    assert len(folded) == len(test.get("vega_lite_chart"))
    assert folded["Photos a day"]["rows"][1][1:] == [
        f"{yesterday.accepted:,}",
        f"{yesterday.completed:,}",
        f"{yesterday.failed:,}",
    ]
    assert len(folded["Photos an hour"]["rows"]) == 48


def test_a_longer_range_is_read_and_shown():
    test = shown(FakeClient())

    test.segmented_control(key="operations-range").set_value("30 days").run()

    assert not test.exception
    assert len(tables(test)["Cost a day"]["rows"]) == 30


def test_a_provider_tells_how_it_does():
    client = FakeClient()
    soon = (datetime.now(UTC).date() + timedelta(days=18)).isoformat()
    known = client.admin.providers()
    known.providers[1] = known.providers[1].model_copy(update={"end_of_life": soon})
    client.admin.providers = lambda: known

    panel = panels(shown(client))["Hugging Face"]

    assert panel["state"] == {"text": "Left alone", "tone": "bad"}
    assert figures(panel) == {
        "Answered": "41.0 %",
        "Half in": "3.1 s",
        "19 of 20 in": "8.0 s",
        "Cost, 24 h": "$0.22",
        "Ends in": "18 days",
    }
    assert any("Last trouble: it took too long" in note["text"] for note in panel["notes"])
    assert any(
        note["tone"] == "warn" and "ends in 18 days" in note["text"] for note in panel["notes"]
    )


def test_providers_that_are_not_set_up_are_only_named():
    test = shown(FakeClient())

    assert "Not set up: SageMaker." in said(test)
    assert "SageMaker" not in panels(test)


def test_switching_a_provider_off_is_asked_twice():
    client = FakeClient()
    test = shown(client)

    test.button(key="off-bedrock").click().run()
    assert client.admin.calls == []
    assert "Nobody asks Amazon Bedrock" in said(test)
    test.button(key="off-yes-bedrock").click().run()

    assert client.admin.calls == [("switch_provider", "bedrock", "False")]
    assert "Amazon Bedrock is switched off" in test.success[0].value
    assert panels(test)["Amazon Bedrock"]["state"] == {"text": "Switched off", "tone": "off"}


def test_switching_a_provider_off_can_be_thought_better_of():
    client = FakeClient()
    test = shown(client)

    test.button(key="off-bedrock").click().run()
    test.button(key="off-no-bedrock").click().run()

    assert client.admin.calls == []
    assert [button.key for button in test.button if "bedrock" in button.key] == ["off-bedrock"]


def test_switching_a_provider_on_is_done_at_once():
    client = FakeClient()
    client.admin.operations.off.add("local")
    test = shown(client)

    test.button(key="on-local").click().run()

    assert client.admin.calls == [("switch_provider", "local", "True")]


def test_dead_letters_are_plain_text():
    test = shown(FakeClient())

    rows = tables(test)["Dead letters: Writing captions"]["rows"]
    assert [row[1] for row in rows] == [
        "received too often",
        "unknown kind <b>of</b> message",
        "record is gone",
    ]
    assert rows[0][3] == "Write captions"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("received too often", "send the jobs back"),
        ("image.uploaded.v1 does not belong on the caption queue", "wrong queue"),
        ("the body is longer than any message of ours", "who may write to the queue"),
        ("the record is captioning and has no model input", "tried again by its owner"),
        ("image_id: missing; kind: missing", "newer or older"),
    ],
    ids=lambda text: text[:20],
)
def test_every_reason_has_an_explanation(reason, words):
    assert words in admin_dead_letters.explained(reason).do


def test_letters_are_sent_back_after_a_second_word():
    client = FakeClient()
    test = shown(client)

    test.button(key="redrive-caption").click().run()
    assert client.admin.calls == []
    test.button(key="redrive-yes-caption").click().run()

    assert client.admin.calls == [("redrive", "caption")]
    assert "About 3 jobs are on the way back" in test.success[0].value
    assert "No job was given up on." in said(test)


@pytest.mark.parametrize("typed", ["", "caption", "CAPTION-DLQ", "ingest-dlq"])
def test_letters_are_not_deleted_without_their_name(typed):
    client = FakeClient()
    test = shown(client)
    test.button(key="purge-caption").click().run()

    test.text_input(key="purge-name-caption").set_value(typed).run()
    test.button(key="purge-yes-caption").click().run()

    assert client.admin.calls == []
    assert len(client.admin.operations.letters["caption"]) == 3


def test_letters_are_deleted_by_their_name():
    client = FakeClient()
    test = shown(client)
    test.button(key="purge-caption").click().run()

    test.text_input(key="purge-name-caption").set_value("caption-dlq").run()
    test.button(key="purge-yes-caption").click().run()

    assert client.admin.calls == [("purge", "caption-dlq")]
    assert "are being deleted" in test.success[0].value


def test_an_action_that_is_refused_says_so():
    client = FakeClient()
    test = shown(client)
    test.button(key="redrive-caption").click().run()
    client.admin.faults = [GONE]

    test.button(key="redrive-yes-caption").click().run()

    assert "did not answer" in test.warning[0].value
    assert not test.success


def test_a_gateway_that_is_away_leaves_what_was_known():
    client = FakeClient()
    test = shown(client)
    client.admin.faults = [GONE] * 9
    test.session_state["operations"][1].renew("")

    test.run()

    assert not test.exception
    assert "goes on by itself" in test.info[0].value
    assert len(test.get("vega_lite_chart")) == 8


def test_a_gateway_that_is_away_from_the_start_is_waited_for():
    client = FakeClient()
    client.admin.faults = [GONE] * 4

    test = opened("admin", client)

    assert not test.exception
    assert "goes on by itself" in test.info[0].value
    assert [each["every_ms"] for each in drawn(test) if "every_ms" in each] == [
        pytest.approx(5000, abs=500)
    ]


def test_somebody_else_is_told_whose_page_it_is():
    client = FakeClient()
    client.admin.faults = [Refused("forbidden", 403, "")] * 4

    test = opened("admin", client)

    assert "for the people who run the service" in said(test)
    assert not test.header
    assert drawn(test) == []


def test_refused_token_leads_to_a_new_sign_in():
    client = FakeClient()
    client.admin.faults = [sign_in.refusal()] * 4

    test = opened("admin", client)

    assert not test.exception
    assert test.session_state["token_rejected"]


def test_a_new_service_has_nothing_to_draw_and_says_so():
    client = healthy(FakeClient())
    nothing = Usage(days=[DayUsage(day="2026-11-22"), DayUsage(day="2026-11-21")])
    client.admin.usage = lambda *, days: nothing

    test = shown(client)

    assert not test.exception
    words = "\n".join(each.value for each in test.caption)
    assert "No photo failed." in words
    assert "Nothing was spent." in words
