"""How near a small JPEG comes to the best that could be made of its photo."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from skimage.metrics import structural_similarity


def ssim_to_best(picture: Path, photo: Path) -> float:
    """Mean SSIM (Wang et al. 2004) to the photo decoded whole, upright, scaled by LANCZOS.

    Raises ValueError if ``picture`` lies down where the photo stands, or the other way.
    """
    with Image.open(picture) as made, Image.open(photo) as original:
        upright = ImageOps.exif_transpose(original)
        if (upright.width > upright.height) != (made.width > made.height):
            raise ValueError(f"{picture.name} is not upright as {photo.name} is")
        best = upright.resize(made.size, Image.Resampling.LANCZOS)
        one, other = np.asarray(best), np.asarray(made.convert("RGB"))
        return float(
            structural_similarity(  # type: ignore[no-untyped-call]  # its own types are partial
                one, other, channel_axis=2, data_range=255
            )
        )
