import pytest

from clients.resources import Image, Provider, Stage
from services.ui.cards import card_of
from services.ui.sentences import approximate
from tests.unit.ui.samples import completed, failed, image


def went_through(photo: Image, *stages: str) -> Image:
    past = [Stage(stage=stage, started_at="", duration_ms=1) for stage in stages]
    return photo.model_copy(update={"timeline": past, "labels": None})


def test_texts_are_passed_on_as_they_are():
    card = card_of(completed("a"))

    assert card["texts"] == {
        "concise": "A <b>cat</b> *asleep*",
        "creative": "Curled up.",
        "alt_text": "A cat on a mat",
    }
    assert card["thumbnail"] == "http://objects.test/a.jpg"


@pytest.mark.parametrize(
    ("photo", "labelled"),
    [
        pytest.param(image("a", "ingesting"), None, id="not-known-yet"),
        pytest.param(
            went_through(image("a", "captioning"), "queued", "ingest", "labels"), True, id="asked"
        ),
        pytest.param(
            went_through(image("a", "captioning"), "queued", "ingest"), False, id="not-asked"
        ),
    ],
)
def test_labels_are_a_step_only_where_they_were_looked_for(photo, labelled):
    assert card_of(photo)["labelled"] is labelled


@pytest.mark.parametrize("retryable", [True, False])
def test_failed_photo_says_why_and_offers_retry_only_where_it_helps(retryable):
    card = card_of(failed("a", code="undecodable_image", retryable=retryable))

    assert "We could not read this photo" in card["problem"]
    assert card["again"] is retryable


def test_remark_takes_the_place_of_the_reason():
    assert card_of(failed("a", code="timed_out"), remark="Not now.")["problem"] == "Not now."


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        (Provider(name="local", degraded=True), "Approximate: local model"),
        (Provider(name="huggingface", degraded=True), "another stepped in"),
    ],
    ids=["local", "fallback"],
)
def test_captions_of_another_writer_bear_a_mark(provider, words):
    assert words in (approximate(provider) or "")


def test_captions_of_the_usual_writer_bear_no_mark():
    assert approximate(Provider(name="bedrock")) is None
    assert approximate(None) is None
