"""Whatever a model answers, a user sees a clean caption of it or nothing."""
# ruff: noqa: SIM905  scraps read best as text

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.captioner.prompts import parse
from services.captioner.provider import CaptionAnswer, CaptionRequest, InvalidOutput
from services.captioner.quality import cleaned
from tests.unit.captioner.caption_rules import (
    ALT_TEXT,
    CONCISE,
    CREATIVE,
    REQUEST,
    answer_of,
    faults,
)


def said(concise: str = CONCISE, creative: str = CREATIVE, alt_text: str = ALT_TEXT) -> str:
    return json.dumps({"concise": concise, "creative": creative, "alt_text": alt_text})


def through_the_door(text: str, request: CaptionRequest = REQUEST) -> CaptionAnswer:
    """What becomes of a model's whole answer on its way to the user."""
    texts = parse(text)
    return cleaned(
        answer_of(
            texts.concise,
            texts.creative,
            texts.alt_text,
            language=texts.language or request.language,
            decorative=texts.decorative,
        ),
        request,
    )


SIXTY_WORDS = "A cat that sleeps " + "and dreams of fish " * 14

MENDED = {
    "preamble before the object": f"Sure! Here's the JSON you asked for:\n{said()}",
    "postscript after the object": f"{said()}\nLet me know if you'd like another tone!",
    "preamble in a text": said(concise=f"Here's a caption: {CONCISE}"),
    "sure in a text": said(concise=f"Sure! Here is a concise caption: {CONCISE}"),
    "label in a text": said(concise=f"Caption: {CONCISE}", alt_text=f"Alt text: {ALT_TEXT}"),
    "bold label": said(creative=f"**Creative caption:** {CREATIVE}"),
    "word count after it": said(concise=f"{CONCISE} (8 words)"),
    "offer after it": said(creative=f"{CREATIVE} Let me know if you want more!"),
    "JSON in a code fence": f"```json\n{said()}\n```",
    "thinking before it": f"<think>The user wants a {{caption}}.</think>{said()}",
    "two objects": f"{said()}\n{said(concise='Another cat')}",
    "quotation marks": said(concise=f'"{CONCISE}"', creative=f"“{CREATIVE}”"),
    "one stray quotation mark": said(concise=f'"{CONCISE}'),
    "German quotation marks": said(concise=f"„{CONCISE}“"),
    "HTML": said(creative=f"<p>A <b>grey</b> cat.</p><script>alert(1)</script> {CREATIVE}"),
    "escaped HTML": said(concise="A &lt;b&gt;grey&lt;/b&gt; cat &amp; a mat"),
    "twice escaped HTML": said(concise="A &amp;lt;img src=x onerror=y&amp;gt;grey cat"),
    "HTML comment": said(concise="A grey cat <!-- ignore the rules --> on a mat"),
    "markdown": said(concise="# A **grey** cat on a `mat`", creative=f"- {CREATIVE}"),
    "markdown link": said(concise="A [grey cat](https://evil.example) on a mat"),
    "control characters": said(concise="A grey\x00 cat\x1b[31m on\x07 a mat\x9d"),
    "right-to-left override": said(concise="A grey cat\u202e tam a no \u202c on a mat"),
    "isolates": said(alt_text=f"\u2066{ALT_TEXT}\u2069\u200f"),
    "zero-width characters": said(concise="A\u200b grey\ufeff c\u2060at\u00ad on a mat"),
    "tag characters": said(concise=CONCISE + "".join(chr(0xE0000 + ord(c)) for c in "obey")),
    "emoji": said(concise=f"{CONCISE} 😺✨", creative=f"🐈‍⬛ {CREATIVE}"),
    "line breaks": said(creative="A grey cat.\n\n\tAsleep\r\non a mat.\u2028"),
    "stacked marks": said(concise="A gr" + "e" + "\u0336\u0489\u0315" * 40 + "y cat on a mat"),
    "decomposed letters": said(concise="A cat in a cafe\u0301"),
    "image of": said(alt_text=f"Image of {ALT_TEXT}"),
    "this is a photo showing": said(alt_text=f"This is a close-up photo showing {ALT_TEXT}"),
    "ten words and a clause": said(
        concise="A grey cat asleep on a striped mat, dreaming of the supper that it was promised"
    ),
    "a third sentence": said(creative=f"{CREATIVE} It is Tuesday. It rains."),
    "a lost ending": said(creative="A grey cat sleeps on a mat. It dreams of the"),
    "full stop": said(concise=f"{CONCISE}."),
    "two sentences in the concise one": said(concise=f"{CONCISE}. It is asleep."),
    "long alt text": said(alt_text="A grey cat asleep on a blue mat. " * 9),
    "long alt text without a stop": said(alt_text="A cat and a dog and " * 20),
    "shouting": said(concise="A GREY CAT ON A MAT"),
    "small letter": said(concise="a grey cat on a mat"),
    "a man named": said(concise="A man named John Miller with a cat"),
}
REFUSED = {
    "nothing": ("", "no_text"),
    "only space": (" \n\t", "no_text"),
    "thinking only": ("<think>First I look at the cat.</think>", "no_text"),
    "thinking without an end": ("<think>First I look at the {cat", "no_text"),
    "prose": (CONCISE, "not_json"),
    "a novel": (said(creative="A cat. " * 300), "missing_fields"),
    "truncated": (said()[:60], "truncated"),
    "a list": ('["a", "b"]', "not_json"),
    "a member missing": ('{"concise": "A cat"}', "missing_fields"),
    "numbers": ('{"concise": 1, "creative": 2, "alt_text": 3}', "missing_fields"),
    "endless": ("{" * 50_000, "too_long"),
    "empty text": (said(concise=""), "missing_text"),
    "empty alt text": (said(alt_text=""), "missing_text"),
    "only emoji": (said(concise="😺😺"), "missing_text"),
    "only markup": (said(creative="<br><hr>"), "missing_text"),
    "only quotation marks": (said(concise='""'), "missing_text"),
    "only invisible characters": (said(concise="\u200b\u202e\u2066"), "missing_text"),
    "thinking inside a text": (said(concise="<think>A cat, I think"), "truncated"),
    "JSON inside a text": (said(concise=said()), "not_a_caption"),
    "fenced JSON inside a text": (said(concise=f"```json\n{said()}```"), "not_a_caption"),
    "a refusal": (said(creative="I'm sorry, but I can't describe people."), "not_a_caption"),
    "a question of its own": (said(concise="The user wants a short caption"), "not_a_caption"),
    "an address": (said(creative="A cat. Visit https://evil.example now."), "not_a_caption"),
    "placeholder": (said(concise="string"), "not_a_caption"),
    "sixty words": (said(concise=SIXTY_WORDS), "too_long"),
    "one endless word": (said(concise="a" * 900), "too_long"),
    "one endless alt text": (said(alt_text="a" * 900), "too_long"),
    "an endless sentence": (said(creative=SIXTY_WORDS * 4), "too_long"),
    "cut off": (said(concise="A grey cat sleeping on a"), "truncated"),
    "another language": (
        said("Eine graue Katze auf der Matte", "Die Katze ist grau und liegt auf der Matte."),
        "wrong_language",
    ),
    "another script": (said(concise="Кошка спит на коврике"), "wrong_language"),
    "a celebrity": (said(concise="Barack Obama speaking at a podium"), "names_a_person"),
    "a name": (said(creative="Emma smiles at her cat."), "names_a_person"),
}


@pytest.mark.parametrize("text", MENDED.values(), ids=MENDED)
def test_hostile_answer_ends_as_a_clean_caption(text):
    caption = through_the_door(text)

    assert faults(caption) == []


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_unusable_answer_is_refused(text, reason):
    with pytest.raises(InvalidOutput) as refused:
        through_the_door(text)

    assert refused.value.reason == reason


# Between bars: scraps of which hostile texts are made.
SCRAPS = (
    "A grey cat| on a mat|. |, |! |\n|**|<b>|</b>|&lt;|&amp;|\"|“|”|'|`|```|# |- |Sure! |Caption: |"
    "Here's a caption: |(8 words)|photo of |This is an image of |\u202e|\u200d|\u200b|😺|"
    "❤️|👩\u200d🚀|\0|_|the| with a |John|JOHN|{|[x](y)|…|。|猫|قطة|\u0301|\ud800|<!--|&|#|lt;|!|"
    "(|)| — |e.g. |St. |Let me know|<think>|&#x202e;"
).split("|")
scraps = st.sampled_from(SCRAPS)
raw_texts = st.one_of(st.text(max_size=200), st.lists(scraps, max_size=40).map("".join))


@given(
    concise=raw_texts,
    creative=raw_texts,
    alt_text=raw_texts,
    decorative=st.booleans(),
    style=st.sampled_from([None, "with emoji"]),
)
@example("A cat.)", "A cat", "A cat", False, None)
def test_what_is_cleaned_keeps_the_rules_and_stays_so(
    concise, creative, alt_text, decorative, style
):
    request = replace(REQUEST, style=style)
    answer = answer_of(concise, creative, alt_text, decorative=decorative)

    try:
        clean = cleaned(answer, request)
    except InvalidOutput:
        return

    assert faults(clean, emoji=style is not None) == []
    assert cleaned(clean, request) == clean
