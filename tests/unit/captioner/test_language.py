"""The language detector contradicts what is plain, and nothing else."""
# ruff: noqa: RUF001  letters of many scripts

import pytest

from services.captioner.language import base, contradicts

ENGLISH = "A grey cat sleeping on a striped mat in the sun"
GERMAN = "Eine graue Katze schläft auf einer gestreiften Matte"
JAPANESE = "縞模様のマットの上で眠っている灰色の猫"
SENTENCES = {
    "en": ENGLISH,
    "de": GERMAN,
    "fr": "Un chat gris dort sur un tapis rayé avec une souris dans la maison",
    "es": "Un gato gris duerme en una alfombra con el perro y los ratones",
    "it": "Un gatto grigio dorme sulla stuoia con il cane nella casa",
    "pt": "Um gato cinzento dorme em uma esteira com os cães na casa",
    "nl": "Een grijze kat slaapt op de mat met het speeltje van een hond",
    "sv": "En grå katt som sover på en matta med ett garn och en boll",
    "fi": "Harmaa kissa nukkuu maton päällä ja hän on hiiren vieressä",
    "pl": "Szary kot śpi na macie w słońcu i jest przed domem z psem",
    "tr": "Gri bir kedi evin içinde ve bir köpek ile halı üzerinde uyuyor",
    "id": "Seekor kucing abu-abu tidur di atas tikar dengan seekor anjing yang besar",
    "ru": "Серая кошка спит на коврике и лежит под солнцем с собакой",
    "ja": JAPANESE,
    "zh": "一只灰猫睡在条纹垫子上",
    "ko": "줄무늬 매트 위에서 자는 회색 고양이",
    "ar": "قطة رمادية تنام على حصيرة",
    "he": "חתול אפור ישן על שטיח",
    "hi": "चटाई पर सोती हुई बिल्ली",
    "el": "Μια γκρι γάτα κοιμάται στο χαλί",
    "th": "แมวสีเทานอนหลับบนเสื่อลายทาง",
}


@pytest.mark.parametrize(("language", "text"), SENTENCES.items(), ids=SENTENCES)
def test_a_sentence_is_not_contradicted_in_its_own_language(language, text):
    assert not contradicts(text, language)


@pytest.mark.parametrize(("language", "text"), SENTENCES.items(), ids=SENTENCES)
def test_a_sentence_is_told_from_english_and_japanese(language, text):
    told = {other for other in ("en", "ja") if contradicts(text, other)}

    # Han characters alone may be Japanese.
    assert told == {"en", "ja"} - {language} - ({"ja"} if language == "zh" else set())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("Cat", "ja", id="few letters"),
        pytest.param("Sushi bar, Tokyo", "de", id="names only"),
        pytest.param("Le chat", "en", id="few words"),
        pytest.param(GERMAN, "gsw", id="unknown language"),
        pytest.param("En katt på en matta", "no", id="related languages"),
        pytest.param("Coca-Cola の缶が並ぶ棚の前に立つ人", "ja", id="brands in another script"),
        pytest.param("Кошка спит на коврике", "sr", id="a language of that script"),
        pytest.param("12:30", "en", id="no letters"),
    ],
)  # fmt: skip
def test_in_doubt_it_abstains(text, language):
    assert not contradicts(text, language)


@pytest.mark.parametrize(
    ("tag", "language"),
    [("de-CH", "de"), ("zh-Hant-TW", "zh"), ("EN", "en"), ("nb", "no"), ("pt_BR", "pt")],
)
def test_base_is_the_language_without_region_and_script(tag, language):
    assert base(tag) == language
