"""Captions as an XMP packet (ISO 16684-1) that fits into one segment of a JPEG.

``dc:description`` is what viewers show as *the* caption, so it is the concise one. The alt text has
a property of its own (IPTC Photo Metadata 2021.1), and the creative one goes where IPTC wants "a
more detailed textual description": the extended description. Each is a language alternative.
"""

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from shared.api import CaptionsView
from shared.characters import legible

# A JPEG segment holds 65,533 bytes, 29 of which name it as XMP.
PACKET_LIMIT = 65_504
# Bytes of one text in XML. Three texts, each in at most two languages, and the labels stay within
# PACKET_LIMIT, whatever they hold; captions are a hundredth of it.
_TEXT_LIMIT = 9_000
_LABELS_LIMIT = 8_000
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)

# The identifier is the same in every packet there is (ISO 16684-1, 7.3.2).
_HEAD = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about=""'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/">'
)
_TAIL = '</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'


def packet_of(captions: CaptionsView, labels: Sequence[str]) -> bytes:
    """``captions`` and the names of ``labels`` as UTF-8, at most ``PACKET_LIMIT`` bytes.

    Characters that XML forbids are dropped; a text beyond 9,000 bytes, and labels beyond 8,000
    together, are cut.
    """
    language = captions.language if _LANGUAGE.fullmatch(captions.language) else None
    properties = [
        _alternatives("dc:description", captions.concise, language),
        _alternatives("Iptc4xmpCore:AltTextAccessibility", captions.alt_text, language),
        _alternatives("Iptc4xmpCore:ExtDescrAccessibility", captions.creative, language),
        _bag("dc:subject", labels),
    ]
    return "".join([_HEAD, *properties, _TAIL]).encode()


def _alternatives(name: str, text: str, language: str | None) -> str:
    content = "".join(_escaped(text, _TEXT_LIMIT))
    if not content:
        return ""
    # Readers take the first one for the default (ISO 16684-1, 8.2.2.4), so it comes twice.
    languages = ["x-default"] if language is None else ["x-default", language]
    items = "".join(f'<rdf:li xml:lang="{each}">{content}</rdf:li>' for each in languages)
    return f"<{name}><rdf:Alt>{items}</rdf:Alt></{name}>"


def _bag(name: str, texts: Sequence[str]) -> str:
    items: list[str] = []
    left = _LABELS_LIMIT
    for text in texts:
        content = "".join(_escaped(text, _LABELS_LIMIT))
        item = f"<rdf:li>{content}</rdf:li>"
        left -= len(item.encode())
        if left < 0:
            break
        if content:
            items.append(item)
    return f"<{name}><rdf:Bag>{''.join(items)}</rdf:Bag></{name}>" if items else ""


def _escaped(text: str, limit: int) -> Iterator[str]:
    """The characters of ``text`` as XML, as long as they fit into ``limit`` bytes."""
    for character in legible(text):
        # A bare CR would be read as a line feed (XML 1.0, 2.11).
        written = escape(character, {"\r": "&#13;"})
        limit -= len(written.encode())
        if limit < 0:
            return
        yield written
