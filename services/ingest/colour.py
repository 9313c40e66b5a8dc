"""Any picture mode to the one that screens and models expect: opaque eight-bit sRGB."""

import io
from typing import cast

from PIL import Image, ImageCms

# What LANCZOS and block reduction work on directly.
_RESIZABLE = frozenset({"L", "RGB", "RGBa", "CMYK", "LAB"})
_PROFILE_SPACES = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK", "LAB": "Lab "}
_SIXTEEN_TO_EIGHT_BITS = 1 / 256


def plain(image: Image.Image) -> Image.Image:
    """``image`` in a mode that can be resized: L, RGB, CMYK, LAB, or RGBa where it is transparent.

    Premultiplied (RGBa), so that the colour hidden under transparent pixels doesn't bleed in.
    """
    if image.has_transparency_data and not image.mode.startswith("I;16"):
        straight = image if image.mode == "RGBA" else image.convert("RGBA")
        return straight.convert("RGBa")
    if image.mode in _RESIZABLE:
        return image
    if image.mode.startswith("I;16"):
        # Scaled here because `convert` clips at 255; only the native byte order can be.
        native = image if image.mode == "I;16" else image.convert("I")
        return native.point(lambda value: value * _SIXTEEN_TO_EIGHT_BITS).convert("L")
    if image.mode in {"I", "F"}:
        return _stretched(image)
    return image.convert("L" if image.mode == "1" else "RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """``image`` (from `plain`) as RGB in sRGB, on white, its info empty.

    A profile that is broken or made for another mode is ignored, as browsers do.
    """
    if image.mode == "RGBa":
        image = _on_white(image)
    converted = _converted(image, profile)
    if converted.mode != "RGB":
        converted = converted.convert("RGB")
    # Else encoders would write the comments found there.
    converted.info = {}
    return converted


def _stretched(image: Image.Image) -> Image.Image:
    """32-bit integers and floats have no fixed white: the lightest value there is serves as it."""
    low, high = cast("tuple[float, float]", image.getextrema())
    scale = 255 / (high - low) if high > low else 0.0
    offset = -low * scale
    return image.convert("F").point(lambda value: value * scale + offset).convert("L")


def _on_white(image: Image.Image) -> Image.Image:
    straight = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(straight, mask=straight)
    canvas.info = image.info
    return canvas


def _converted(image: Image.Image, profile: bytes | None) -> Image.Image:
    try:
        if image.mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        elif profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        else:
            return image
        if _is_srgb(source) or source.profile.xcolor_space != _PROFILE_SPACES[image.mode]:
            return image
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return converted or image


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    return (profile.profile.profile_description or "").startswith("sRGB")
