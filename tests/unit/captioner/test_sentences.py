"""Grammar, and the limits every text keeps whatever the scene."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.captioner import grammar
from services.captioner.colours import Palette
from services.captioner.scene import Scene, Subject
from services.captioner.sentences import write
from services.captioner.superclasses import Superclasses

NOUNS = sorted(
    {kind.noun for kind in Superclasses.load().boxes.values()}
    | {"piece of architecture", "other animal", "Old English sheepdog", "greenery", "mountains"}
)
FORBIDDEN_STARTS = ("image of", "picture of", "photo of", "a photo of", "an image of")

subjects = st.builds(
    Subject,
    noun=st.sampled_from(NOUNS),
    confidence=st.floats(0, 1),
    count=st.integers(1, 30),
    exact=st.booleans(),
    left=st.none() | st.floats(0, 0.5),
    right=st.none() | st.floats(0.5, 1),
)
settings = st.none() | st.builds(
    Subject,
    noun=st.sampled_from(["landscape", "seashore", "interior", "bookshop", "steel arch bridge"]),
    confidence=st.floats(0, 1),
)
scenes = st.builds(Scene, subjects=st.lists(subjects, max_size=3).map(tuple), setting=settings)
palettes = st.builds(
    Palette,
    colours=st.lists(
        st.sampled_from(["black", "white", "grey", "orange", "purple", "beige"]),
        min_size=1,
        max_size=2,
        unique=True,
    ).map(tuple),
    mostly=st.booleans(),
    monochrome=st.booleans(),
    plain=st.booleans(),
    tone=st.sampled_from(["dark", "bright", "even"]),
    shape=st.sampled_from(["landscape", "portrait", "square"]),
    petals=st.floats(0, 1),
    greens=st.floats(0, 1),
)


@given(scenes, palettes)
def test_concise_has_at_most_ten_words(scene: Scene, palette: Palette) -> None:
    assert 1 <= len(write(scene, palette).concise.split()) <= 10


@given(scenes, palettes)
def test_creative_is_one_or_two_sentences(scene: Scene, palette: Palette) -> None:
    creative = write(scene, palette).creative

    assert creative.endswith(".")
    assert 1 <= creative.count(".") <= 2
    assert "  " not in creative


@given(scenes, palettes)
def test_alt_text_is_short_and_does_not_announce_itself(scene: Scene, palette: Palette) -> None:
    alt_text = write(scene, palette).alt_text

    assert 0 < len(alt_text) <= 125
    assert not alt_text.lower().startswith(FORBIDDEN_STARTS)


@given(scenes, palettes)
def test_same_evidence_reads_the_same(scene: Scene, palette: Palette) -> None:
    assert write(scene, palette) == write(scene, palette)


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("apple", "an apple"),
        ("cat", "a cat"),
        ("hourglass", "an hourglass"),
        ("unicorn", "a unicorn"),
        ("unicycle", "a unicycle"),
        ("umbrella", "an umbrella"),
        ("European fire salamander", "a European fire salamander"),
        ("pair of scissors", "a pair of scissors"),
        ("Old English sheepdog", "an Old English sheepdog"),
        ("other animal", "another animal"),
        ("broccoli", "broccoli"),
        ("mountains", "mountains"),
    ],
)
def test_article_follows_the_sound(noun: str, expected: str) -> None:
    assert grammar.with_article(noun) == expected


@pytest.mark.parametrize(
    ("noun", "count", "expected"),
    [
        ("person", 2, "two people"),
        ("sheep", 3, "three sheep"),
        ("knife", 2, "two knives"),
        ("pair of scissors", 2, "two pairs of scissors"),
        ("bus", 6, "six buses"),
        ("computer mouse", 2, "two computer mice"),
        ("teddy bear", 4, "four teddy bears"),
        ("butterfly", 2, "two butterflies"),
        ("toy", 2, "two toys"),
        ("bench", 5, "five benches"),
        ("person", 7, "several people"),
        ("wine glass", 2, "two wine glasses"),
        ("cup of coffee", 2, "two cups of coffee"),
        ("broccoli", 3, "broccoli"),
    ],
)
def test_counted_nouns(noun: str, count: int, expected: str) -> None:
    assert grammar.counted(noun, count) == expected


def test_inexact_counts_claim_no_number() -> None:
    assert grammar.counted("person", 2, exact=False) == "people"
    assert grammar.counted("person", 4, exact=False) == "several people"


def test_lists_end_in_and() -> None:
    assert grammar.listed(["a cat", "a dog", "a cup"]) == "a cat, a dog and a cup"
    assert grammar.listed(["a cat", "a dog"]) == "a cat and a dog"
    assert grammar.listed([]) == ""


def test_labels_are_title_cased() -> None:
    assert grammar.title("pair of scissors") == "Pair of Scissors"
    assert grammar.title("golden retriever") == "Golden Retriever"
