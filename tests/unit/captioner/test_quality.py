"""Captions are mended no more than it takes, and good ones are left alone, in any script."""
# ruff: noqa: RUF001  quotation marks and letters of many scripts

from dataclasses import replace

import pytest
from hypothesis import given

from services.captioner.provider import InvalidOutput, Spent
from services.captioner.quality import cleaned
from services.captioner.sentences import write
from tests.unit.captioner.caption_rules import (
    ALT_TEXT,
    CONCISE,
    CREATIVE,
    REQUEST,
    answer_of,
    faults,
)
from tests.unit.captioner.test_sentences import palettes, scenes

OTHERS = {
    "ar": (
        "قطة رمادية تنام على حصيرة",
        "قطة رمادية على حصيرة. تحلم بالسمك؟",
        "قطة رمادية.",
    ),
    "fa": (
        "گربه‌ای روی فرش می‌خوابد",
        "گربه‌ای خوابیده است.",
        "گربه‌ای روی فرش.",
    ),
    "he": (
        "חתול אפור ישן על שטיח",
        "חתול אפור ישן. הוא חולם.",
        "חתול אפור על שטיח.",
    ),
    "hi": (
        "चटाई पर सोती बिल्ली",
        "बिल्ली चटाई पर सो रही है। वह शांत है।",
        "क्\u200dषण में बिल्ली।",
    ),
    "ja": (
        "縞模様のマットの上で眠っている灰色の猫",
        "灰色の猫が眠る。夢は魚。",
        "縞模様のマットで眠る猫。",
    ),
    "zh": (
        "一只灰猫睡在条纹垫子上",
        "灰猫睡着了。它梦见了鱼。",
        "一只灰色的猫睡在垫子上。",
    ),
    "ko": (
        "줄무늬 매트 위에서 자는 회색 고양이",
        "고양이가 잔다. 꿈을 꾼다.",
        "매트 위의 고양이.",
    ),
    "th": (
        "แมวสีเทานอนหลับบนเสื่อลายทาง",
        "แมวสีเทานอนหลับอยู่บนเสื่อ",
        "แมวสีเทาบนเสื่อ",
    ),
    "de": (
        "Eine graue Katze auf einer Matte",
        "Die Katze schläft auf der Matte.",
        "Eine Katze.",
    ),
    "fr": (
        "Un chat gris sur un tapis rayé",
        "Le chat dort. Il rêve d’un poisson.",
        "Un chat.",
    ),
    "ka": (
        "ნაცრისფერი კატა ხალიჩაზე",
        "კატას სძინავს.",
        "ნაცრისფერი კატა.",
    ),
    "ta": (
        "பாயில் உறங்கும் பூனை",
        "பூனை உறங்குகிறது.",
        "சாம்பல் நிறப் பூனை.",
    ),
}


def test_a_clean_answer_passes_unchanged():
    assert cleaned(answer_of(), REQUEST) == answer_of()


def test_refusal_says_what_was_spent():
    with pytest.raises(InvalidOutput) as refused:
        cleaned(answer_of(concise=""), REQUEST)

    assert refused.value.spent == Spent(7, 9)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        pytest.param('"A cat"', "A cat", id="quotes"),
        pytest.param("A sign that says “Open”", "A sign that says “Open”", id="quotes inside"),
        pytest.param('"Stop" and "Go" signs', '"Stop" and "Go" signs', id="quotes at the start"),
        pytest.param("A cat’s whiskers", "A cat’s whiskers", id="apostrophe"),
        pytest.param("AT&amp;T Tower at dusk", "AT&T Tower at dusk", id="ampersand"),
        pytest.param("A 5 °C morning, 10 % fog", "A 5 °C morning, 10 % fog", id="units"),
        pytest.param("snake_case on a screen", "Snake_case on a screen", id="underscore"),
        pytest.param("St. Paul's Cathedral at dusk", "St. Paul's Cathedral at dusk", id="saint"),
        pytest.param("Golden Gate Bridge in fog", "Golden Gate Bridge in fog", id="proper noun"),
        pytest.param("Is this a cat?", "Is this a cat?", id="question"),
        pytest.param("NASA", "NASA", id="abbreviation"),
        pytest.param("STOP SIGN AT NIGHT", "Stop sign at night", id="shouting"),
        pytest.param("Concise: a cat", "A cat", id="label"),
        pytest.param("A man named John with a dog", "A man with a dog", id="introduced"),
        pytest.param("A cat on a mat with a ball, a bell and a mouse", "A cat on a mat with a ball",
                     id="cut at a comma"),
    ],
)  # fmt: skip
def test_concise_is_mended_no_more_than_it_takes(raw, clean):
    assert cleaned(answer_of(concise=raw), REQUEST).concise == clean


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        pytest.param("A photo of a cat.", "A cat.", id="photo of"),
        pytest.param("The image shows two dogs", "Two dogs", id="image shows"),
        pytest.param("Black-and-white photograph of a pier", "A pier",
                     id="adjective"),
        pytest.param("A picture frame on a wall.", "A picture frame on a wall.", id="frame"),
        pytest.param("A photographer on a hill.", "A photographer on a hill.", id="photographer"),
        pytest.param("A cat. " * 30, "A cat. " * 17 + "A cat.", id="cut at a sentence"),
        pytest.param("very " * 40 + "big cat", "Very" + " very" * 24 + "…", id="cut at a word"),
    ],
)  # fmt: skip
def test_alt_text_is_mended_no_more_than_it_takes(raw, clean):
    assert cleaned(answer_of(alt_text=raw), REQUEST).alt_text == clean


@pytest.mark.parametrize(("language", "texts"), OTHERS.items(), ids=OTHERS)
def test_clean_texts_of_other_scripts_pass_unchanged(language, texts):
    answer = answer_of(*texts, language=language)

    assert cleaned(answer, replace(REQUEST, language=language)) == answer


def test_japanese_of_sixty_words_is_too_long():
    long = "縞模様のマットの上で眠っている灰色の猫" * 3

    with pytest.raises(InvalidOutput, match="too_long"):
        cleaned(
            answer_of(long, "猫が眠る。", "猫。", language="ja"), replace(REQUEST, language="ja")
        )


def test_a_text_that_is_a_novel_is_refused_unread():
    with pytest.raises(InvalidOutput, match="too_long"):
        cleaned(answer_of(creative="A cat. " * 300), REQUEST)


def test_joiner_between_latin_letters_goes():
    assert cleaned(answer_of(concise="A c\u200dat\u200c"), REQUEST).concise == "A cat"


def test_emoji_stay_where_the_style_asks_for_them():
    request = replace(REQUEST, style="playful, with emoji")
    answer = answer_of(f"{CONCISE} 👩‍🚀", f"{CREATIVE} ❤️", f"{ALT_TEXT} 😺")

    clean = cleaned(answer, request)

    assert (clean.concise, clean.alt_text) == (f"{CONCISE} 👩‍🚀", ALT_TEXT)
    assert "❤️" in clean.creative


@pytest.mark.parametrize("style", ["no emoji please", "ohne Emojis", "sans émojis", "sober"])
def test_emoji_go_where_the_style_wants_none(style):
    clean = cleaned(answer_of(f"{CONCISE} 😺"), replace(REQUEST, style=style))

    assert clean.concise == CONCISE


def test_decorative_photo_may_have_no_alt_text():
    clean = cleaned(answer_of(alt_text=" ", decorative=True), REQUEST)

    assert (clean.alt_text, clean.decorative) == ("", True)


def test_a_name_that_the_user_gave_is_not_invented():
    clean = cleaned(answer_of("Emma with a cat"), replace(REQUEST, style="call her Emma"))

    assert clean.concise == "Emma with a cat"


def test_an_answer_in_another_language_than_asked_for_is_refused():
    with pytest.raises(InvalidOutput, match="wrong_language"):
        cleaned(answer_of(), replace(REQUEST, language="ja"))


def test_an_honest_answer_in_english_is_better_than_none():
    answer = answer_of()

    assert cleaned(answer, replace(REQUEST, language="ja"), any_language=True) == answer


def test_an_answer_that_is_not_in_the_language_it_claims_is_refused():
    with pytest.raises(InvalidOutput, match="wrong_language"):
        cleaned(answer_of(language="de"), replace(REQUEST, language="de-CH"), any_language=True)


@given(scene=scenes, palette=palettes)
def test_the_local_providers_sentences_pass_unchanged(scene, palette):
    texts = write(scene, palette)
    answer = answer_of(texts.concise, texts.creative, texts.alt_text)

    assert cleaned(answer, REQUEST) == answer
    assert faults(answer) == []
