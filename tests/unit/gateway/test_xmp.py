"""The XMP packet: well-formed whatever it is given, and never too long for a JPEG's segment."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.gateway.xmp import PACKET_LIMIT, packet_of
from shared.api import CaptionsView
from shared.characters import legible

NAMES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "core": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def captions(text: str, language: str = "en") -> CaptionsView:
    return CaptionsView(concise=text, creative=text, alt_text=text, language=language)


def texts(packet: bytes, name: str) -> dict[str | None, str | None]:
    root = ET.fromstring(packet)  # noqa: S314  our own
    return {item.get(LANG): item.text for item in root.findall(f".//{name}/rdf:Alt/rdf:li", NAMES)}


@settings(max_examples=300)
@given(text=st.text(max_size=300))
@example("]]> \" ' & < > \0 \x1b é \U0001f469\u200d\U0001f680 \u202eabc\u202c\r\n\t\ufffe")
def test_any_text_comes_back_from_every_property(text: str) -> None:
    packet = packet_of(captions(text), [text])

    expected = {"x-default": legible(text), "en": legible(text)} if legible(text) else {}
    assert texts(packet, "dc:description") == expected
    assert texts(packet, "core:AltTextAccessibility") == expected
    assert texts(packet, "core:ExtDescrAccessibility") == expected
    root = ET.fromstring(packet)  # noqa: S314  our own
    labels = [item.text for item in root.findall(".//dc:subject/rdf:Bag/rdf:li", NAMES)]
    assert labels == ([legible(text)] if legible(text) else [])


def test_each_caption_has_its_own_property() -> None:
    view = CaptionsView(concise="short", creative="long", alt_text="alt", language="pt-BR")

    packet = packet_of(view, [])

    assert texts(packet, "dc:description") == {"x-default": "short", "pt-BR": "short"}
    assert texts(packet, "core:AltTextAccessibility") == {"x-default": "alt", "pt-BR": "alt"}
    assert texts(packet, "core:ExtDescrAccessibility") == {"x-default": "long", "pt-BR": "long"}
    assert b"dc:subject" not in packet


@pytest.mark.parametrize("language", ['en"><evil/>', "", "x", "en\n"])
def test_language_that_is_none_is_left_out(language: str) -> None:
    assert texts(packet_of(captions("text", language), []), "dc:description") == {
        "x-default": "text"
    }


@pytest.mark.parametrize("text", ["&" * 70_000, "\U0001f408" * 70_000, "a" * 70_000])
def test_packet_fits_into_a_segment_whatever_it_is_given(text: str) -> None:
    packet = packet_of(captions(text, "de-" + "abcdefgh-" * 2 + "a"), [text] + ["&" * 90] * 5_000)

    assert 50_000 < len(packet) <= PACKET_LIMIT
    assert text.startswith(texts(packet, "dc:description")["x-default"] or "-")


def test_what_xml_forbids_is_dropped_and_nothing_else() -> None:
    kept = "\t\n\r \x7f\x85\ud7ff\ue000\ufffd\U00010000\U0010ffff"

    assert legible("\0\x08\x0b\x0c\x0e\x1f\ud800\udfff\ufffe\uffff" + kept) == kept
