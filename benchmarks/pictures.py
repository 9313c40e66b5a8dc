"""The photographs that are measured: real ones out of packages, made large here at set-up."""

from pathlib import Path

from PIL import Image, ImageChops

from tests.photos import REAL_PHOTOS, encoded, orientation_exif, real_picture

SIZE = (4000, 3000)
# Name and EXIF orientation: phones store what they see and say how to turn it.
_PHOTOS = {"china": 1, "flower": 6, "coffee": 1}
_QUALITY = 94  # with the grain, 3.5 to 3.9 MB: what phones make of 12 megapixels
_GRAIN = 24  # standard deviation of 8-bit values, of which 15 % is blended in


def twelve_megapixel_jpegs(folder: Path) -> list[Path]:
    """Three baseline JPEGs of 4000 x 3000 and 3.5 to 3.9 MB."""
    paths = []
    for name, orientation in _PHOTOS.items():
        path = folder / f"{name}.jpg"
        path.write_bytes(_jpeg(_large(name), orientation))
        paths.append(path)
    return paths


def distinct_jpegs(folder: Path, count: int) -> list[Path]:
    """12 MP photos of which no two have the same pixels, so that none is answered from memory."""
    picture = _large("china")
    paths = []
    for number in range(count):
        path = folder / f"{number}.jpg"
        path.write_bytes(_jpeg(ImageChops.offset(picture, 16 * number, 0), 1))
        paths.append(path)
    return paths


def small_jpeg() -> bytes:
    """A photo of 200 KB (196,653 bytes) as it is in its package."""
    return REAL_PHOTOS["china"].read_bytes()


def _large(name: str) -> Image.Image:
    picture = real_picture(name).resize(SIZE, Image.Resampling.BICUBIC)
    # Scaling up leaves it smooth, and a sensor doesn't: without grain the file would be a fifth.
    grain = Image.effect_noise(SIZE, _GRAIN).convert("RGB")
    return Image.blend(picture, grain, 0.15)


def _jpeg(picture: Image.Image, orientation: int) -> bytes:
    return encoded(picture, "JPEG", quality=_QUALITY, exif=orientation_exif(orientation))
