"""Texts of users and models on their way into files: only characters that every format takes."""

import re

# What XML 1.0 (fifth edition, 2.2, "Char") forbids: most C0 controls, lone surrogates and the two
# non-characters of the basic plane. JSON and CSV have no use for them either.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def legible(text: str) -> str:
    """``text`` without the characters that XML forbids."""
    return _FORBIDDEN.sub("", text)
