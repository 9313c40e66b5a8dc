"""``?q=``: whether a photo's captions or labels contain a text, whatever its case and accents."""

import unicodedata

from shared.records import ImageRecord


def folded(text: str) -> str:
    """``text`` without case and accents: "Café" and "CAFE" fold to the same."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def matches(record: ImageRecord, wanted: str) -> bool:
    """Whether ``wanted`` (already folded) is in what the record's owner sees of it."""
    texts = (
        record.edited_concise or record.concise_caption,
        record.edited_creative or record.creative_caption,
        record.alt_text if record.edited_alt_text is None else record.edited_alt_text,
        *(record.labels or ()),
    )
    return any(wanted in folded(text) for text in texts if text)
