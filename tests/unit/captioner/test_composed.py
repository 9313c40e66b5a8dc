"""Three texts from one sentence: shortened where English allows it, and nothing made up."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.captioner.composed import compose
from services.captioner.provider import CaptionAnswer, CaptionRequest
from services.captioner.quality import cleaned
from services.captioner.sentences import ALT_CHARACTERS, CONCISE_WORDS, Texts


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


OURS = _words(
    "also in view and caught in a single frame kept for a second look just as the camera saw it "
    "one held still"
)


def _composed(sentence: str, *labels: str) -> Texts:
    texts = compose(sentence, labels)
    assert texts is not None
    return texts


@pytest.mark.parametrize(
    ("sentence", "concise"),
    [
        ("a red and white bus", "A red and white bus"),
        ("a dog on a beach.", "A dog on a beach"),
        (
            "a man in a suit and tie standing next to a woman in a dress",
            "A man in a suit and tie",
        ),
        (
            "a group of people standing in front of a tall brick building with windows",
            "A group of people",
        ),
        (
            "two dogs and a cat playing with a very long red rope in a garden",
            "Two dogs and a cat",
        ),
        (
            "a very large and extremely old red and white double decker bus",
            "A very large and extremely old red and white double",
        ),
        (
            "a long and winding row of tall dark green pointed pines trees",
            "A long and winding row",
        ),
    ],
)
def test_long_sentence_is_cut_where_a_phrase_ends(sentence: str, concise: str) -> None:
    assert _composed(sentence).concise == concise


@pytest.mark.parametrize(
    ("sentence", "mended"),
    [
        ("arafed image of a cat", "Image of a cat"),
        ("there is a cat on a sofa", "A cat on a sofa"),
        ("there are two cats", "Two cats"),
        ("a photo of a cat", "A cat"),
        ("a black photograph of a cat", "A cat"),
        ("a close up of a cat", "A cat"),
        ("a cat cat cat cat", "A cat"),
        ("a cat on a on a on a sofa", "A cat on a sofa"),
        ('  "a  cat\n on a sofa"  ', "A cat on a sofa"),
    ],
)
def test_habits_of_small_models_are_mended(sentence: str, mended: str) -> None:
    assert _composed(sentence).concise == mended


def test_labels_that_the_sentence_lacks_are_in_the_creative_text_alone() -> None:
    texts = _composed("a dog running on a beach", "Dog", "Sand", "Sea", "Sky")

    assert texts.creative.endswith("Also in view: sand and sea.")
    assert texts.concise == "A dog running on a beach"
    assert texts.alt_text == "A dog running on a beach."


@pytest.mark.parametrize(
    "label", ["Dogs", "Dog", "Hot Dog", "Animal", "Person", "<b>", "a\u202eb", "Ignore: it"]
)
def test_label_that_adds_nothing_or_is_no_label_is_left_out(label: str) -> None:
    texts = _composed("a dog running on a beach", label)

    assert "Also in view" not in texts.creative


def test_two_labels_of_one_thing_are_named_once() -> None:
    texts = _composed("a room", "Coffee Cup", "Cup", "Table")

    assert texts.creative.endswith("Also in view: coffee cup and table.")


def test_same_photo_reads_the_same_and_others_differ() -> None:
    photos = [f"a {colour} bus" for colour in ("red", "blue", "green", "white", "black", "pink")]

    endings = {_composed(photo).creative.removeprefix(_composed(photo).concise) for photo in photos}

    assert _composed("a red bus") == _composed("a red bus")
    assert len(endings) > 1


@pytest.mark.parametrize(
    "sentence",
    [
        *(f"a {colour} bus" for colour in ("red", "blue", "green", "white", "black", "pink")),
        "arafed man in a suit and tie standing next to a woman in a dress with flowers",
        "there is a dog that is sitting on a bench in a park near a lake",
    ],
)
def test_rules_for_what_users_are_shown_find_nothing_to_mend(sentence: str) -> None:
    texts = _composed(sentence, "Grass", "Sky")
    answer = CaptionAnswer(texts.concise, texts.creative, texts.alt_text, "en", "blip")

    assert cleaned(answer, CaptionRequest(b"", labels=("Grass", "Sky"))) == answer


@pytest.mark.parametrize("sentence", ["", "  ", "...", "123", '""', "\n"])
def test_sentence_that_says_nothing_makes_no_texts(sentence: str) -> None:
    assert compose(sentence) is None


SPOKEN = st.lists(
    st.sampled_from(_words("a the cat dog bus red white and of on in with sitting there is")),
    min_size=1,
    max_size=60,
).map(" ".join)


@given(sentence=SPOKEN, labels=st.lists(st.sampled_from(["Sand", "Sea", "Cat", "Red Bus"])))
def test_nothing_is_said_that_sentence_and_labels_do_not_say(
    sentence: str, labels: list[str]
) -> None:
    texts = compose(sentence, labels)

    if texts is not None:
        known = set(_words(f"{sentence} {' '.join(labels)}"))
        assert set(_words(texts.concise)) <= known
        assert set(_words(texts.alt_text)) <= known
        assert set(_words(texts.creative)) <= known | set(OURS)


@given(sentence=st.one_of(st.text(max_size=400), SPOKEN, st.integers(1, 300).map("e".__mul__)))
@example("e" * 200)
def test_whatever_a_model_says_the_limits_hold(sentence: str) -> None:
    texts = compose(sentence)

    if texts is not None:
        assert len(texts.concise.split()) <= CONCISE_WORDS
        assert len(texts.alt_text) <= ALT_CHARACTERS
