"""What can be said of a photo without recognising anything: its colours, brightness and shape.

Every statement is a measurement over the whole frame, so it holds whatever the subject is.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

SAMPLE_SIDE = 64  # pixels: enough for shares of the frame, and costs under a millisecond
NAMED_SHARE = 0.15  # a colour below this share of the frame is not worth a word
MOSTLY_SHARE = 0.5
VIVID_WEIGHT = 1.6
NEUTRAL = frozenset({"beige", "black", "grey", "white"})
BLACK_VALUE = 0.17
GREY_CHROMA = 20  # of 255; JPEG noise on a grey scan stays below it
DARK_MEAN = 50  # of 255
BRIGHT_MEAN = 185  # of 255
PLAIN_DEVIATION = 4.0  # of 255

Tone = Literal["dark", "bright", "even"]
Shape = Literal["landscape", "portrait", "square"]
Floats = npt.NDArray[np.float64]

# Upper edges of the hues, in degrees, of colours that are neither dull nor dark.
HUES = (
    (15, "red"),
    (42, "orange"),
    (66, "yellow"),
    (165, "green"),
    (190, "teal"),
    (255, "blue"),
    (295, "purple"),
    (345, "pink"),
    (360, "red"),
)


@dataclass(frozen=True, slots=True)
class Palette:
    """Measured facts of one photo.

    ``colours`` are the names of the one or two that lead, largest first; ``mostly`` says whether
    the first covers half the frame. ``petals`` is the share (0 to 1) of vivid colours that leaves,
    sky and earth don't have, ``greens`` the share of green.
    """

    colours: tuple[str, ...]
    mostly: bool
    monochrome: bool
    plain: bool
    tone: Tone
    shape: Shape
    petals: float
    greens: float


def measure(photo: Image.Image) -> Palette:
    """Measure an RGB photo."""
    small = photo.resize((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX)
    rgb = np.asarray(small, np.float64).reshape(-1, 3)
    luma = rgb @ np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
    chroma = rgb.max(1) - rgb.min(1)
    monochrome = bool(np.percentile(chroma, 98) < GREY_CHROMA)
    hue, saturation, value = _hsv(rgb)
    shares = _shares(hue, saturation, value)
    return Palette(
        colours=_leading(shares),
        mostly=dict(shares)[_leading(shares)[0]] >= MOSTLY_SHARE,
        monochrome=monochrome,
        plain=bool(luma.std() < PLAIN_DEVIATION and chroma.std() < PLAIN_DEVIATION),
        tone=_tone(float(luma.mean())),
        shape=_shape(photo.width / photo.height),
        petals=_petals(hue, saturation, value),
        greens=dict(shares).get("green", 0.0),
    )


def _hsv(rgb: Floats) -> tuple[Floats, Floats, Floats]:
    """Hue in degrees, saturation and value between 0 and 1 (Smith, SIGGRAPH 1978)."""
    value, spread = rgb.max(1), np.ptp(rgb, axis=1)
    safe = np.where(spread == 0, 1, spread)
    red, green, blue = rgb.T
    sector = np.select(
        [value == red, value == green],
        [((green - blue) / safe) % 6, (blue - red) / safe + 2],
        (red - green) / safe + 4,
    )
    return sector * 60, spread / np.maximum(value, 1), value / 255


def _shares(hue: Floats, saturation: Floats, value: Floats) -> list[tuple[str, float]]:
    """Every colour's share of the frame, largest first, ties by name."""
    edges, names = [edge for edge, _ in HUES], np.array([name for _, name in HUES])
    vivid = names[np.minimum(np.searchsorted(edges, hue), len(names) - 1)]
    earthy = (hue >= 10) & (hue <= 48)
    named = np.select(
        [
            value < BLACK_VALUE,
            (saturation < 0.15) & (value > 0.85),
            (saturation < 0.15) | ((saturation < 0.3) & (value < 0.3)),
            earthy & (saturation < 0.42) & (value > 0.6),
            earthy & (value <= 0.65),
        ],
        ["black", "white", "grey", "beige", "brown"],
        vivid,
    )
    found, counts = np.unique(named, return_counts=True)
    shares = [
        (str(name), float(count) / len(named)) for name, count in zip(found, counts, strict=True)
    ]
    return sorted(shares, key=lambda item: (-item[1], item[0]))


def _leading(shares: list[tuple[str, float]]) -> tuple[str, ...]:
    """The two that a viewer would name: vivid colours count for more than neutral ones."""
    large = [(name, share) for name, share in shares if share >= NAMED_SHARE] or shares[:1]
    ranked = sorted(large, key=lambda item: -item[1] * (1 if item[0] in NEUTRAL else VIVID_WEIGHT))
    return tuple(name for name, _ in ranked[:2])


def _petals(hue: Floats, saturation: Floats, value: Floats) -> float:
    warm = (hue < 62) | (hue > 270)
    return float(np.mean((saturation > 0.5) & (value > 0.4) & warm))


def _tone(mean: float) -> Tone:
    if mean < DARK_MEAN:
        return "dark"
    return "bright" if mean > BRIGHT_MEAN else "even"


def _shape(ratio: float) -> Shape:
    if ratio > 1.1:
        return "landscape"
    return "portrait" if ratio < 1 / 1.1 else "square"
