"""What the stand-ins say of an image, in the shape that the captioner's prompt asks for.

Every text follows from the image that was received, and says that a stand-in wrote it.
"""

import json
import re

from tests.standins.pictures import Picture

_LANGUAGE = re.compile(r'"language"\s*:\s*"([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)"')
_BYTES_PER_TOKEN = 4  # about what English has
_PIXELS_PER_TOKEN = 750  # Anthropic's rule for what an image costs


def caption(picture: Picture) -> str:
    """At most ten words."""
    return f"A stand-in photo {_size(picture)} of colour {picture.colour}"


def answer_text(picture: Picture | None, prompt: str) -> str:
    """The JSON object that a model is asked for, in the language of the request by its name.

    To a call without an image, as one that only warms the model up, it is a plain sentence.
    """
    if picture is None:
        return "A stand-in was sent no photo."
    size = _size(picture)
    found = _LANGUAGE.search(prompt)
    return json.dumps(
        {
            "concise": caption(picture),
            "creative": f"No model saw this one: a stand-in measured {size} pixels "
            f"and mixed them all to {picture.colour}.",
            "alt_text": f"Words of a stand-in: {size} pixels, mean colour {picture.colour}.",
            "language": found.group(1) if found else "en",
            "decorative": False,
        }
    )


def broken(text: str) -> str:
    """The first half of a text, as of a model that was interrupted."""
    return text[: len(text) // 2]


def tokens_of(text: str) -> int:
    """About as many tokens as a text has; at least one."""
    return max(1, len(text.encode()) // _BYTES_PER_TOKEN)


def tokens_of_image(picture: Picture | None) -> int:
    """About as many tokens as an image costs."""
    return picture.width * picture.height // _PIXELS_PER_TOKEN if picture else 0


def within(text: str, limit: int) -> tuple[str, bool]:
    """The text as far as ``limit`` tokens reach, and whether it was cut."""
    if tokens_of(text) <= limit:
        return text, False
    return text.encode()[: limit * _BYTES_PER_TOKEN].decode(errors="ignore"), True


def _size(picture: Picture) -> str:
    return f"{picture.width} by {picture.height}"
