import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage.metrics import structural_similarity

from services.ingest.decode import Limits
from services.ingest.renditions import MODEL_PIXELS, Prepared, Rendition, model_size, prepare
from shared.media import MediaType
from tests import photos

LIMITS = Limits()
TURNABLE = ["PNG", "WEBP", "TIFF"]


def made(data: bytes) -> Prepared:
    return prepare(data, limits=LIMITS)


def shown(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


def upright(prepared: Prepared) -> list[list[tuple[int, ...]]]:
    return [
        photos.corner_colours(shown(rendition.data))
        for rendition in (prepared.thumbnail, prepared.model)
    ]


@pytest.mark.parametrize("orientation", photos.ORIENTATIONS)
def test_jpeg_of_every_orientation_comes_out_upright(orientation):
    stored = photos.stored_as(photos.corners(1600, 1000), orientation)

    prepared = made(
        photos.encoded(stored, "JPEG", exif=photos.orientation_exif(orientation), quality=95)
    )

    assert upright(prepared) == [list(photos.CORNERS)] * 2
    assert (prepared.original.width, prepared.original.height) == (1600, 1000)
    assert (prepared.thumbnail.width, prepared.thumbnail.height) == (300, 188)
    assert shown(prepared.original.data).getexif().get(0x0112, 1) == orientation


@pytest.mark.parametrize("orientation", photos.ORIENTATIONS)
@pytest.mark.parametrize("format_", TURNABLE)
def test_other_formats_of_every_orientation_come_out_upright(format_, orientation):
    stored = photos.stored_as(photos.corners(), orientation)
    options = {"lossless": True} if format_ == "WEBP" else {}
    exif = photos.orientation_exif(orientation)

    prepared = made(photos.encoded(stored, format_, exif=exif, **options))

    assert upright(prepared) == [list(photos.CORNERS)] * 2
    assert (prepared.original.width, prepared.original.height) == (160, 120)


@pytest.mark.parametrize("orientation", photos.ORIENTATIONS)
@pytest.mark.parametrize("format_", ["AVIF", "HEIF"])
def test_container_formats_turn_themselves_once(format_, orientation):
    stored = photos.stored_as(photos.corners(), orientation)
    exif = photos.orientation_exif(orientation)

    prepared = made(photos.encoded(stored, format_, exif=exif, quality=95))

    assert upright(prepared) == [list(photos.CORNERS)] * 2
    assert (prepared.original.width, prepared.original.height) == (160, 120)


@pytest.mark.parametrize(
    ("size", "thumbnail", "model"),
    [
        pytest.param((1, 1), (1, 1), (1, 1), id="one-pixel"),
        pytest.param((1, 3000), (1, 300), (1, 1568), id="needle"),
        pytest.param((5000, 10), (300, 1), (1568, 3), id="strip"),
        pytest.param((8000, 6000), (300, 225), (1238, 928), id="48-megapixels"),
        pytest.param((200, 100), (200, 100), (200, 100), id="small-keeps-its-size"),
        pytest.param((300, 299), (300, 299), (300, 299), id="exactly-thumbnail-size"),
    ],
)
@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_sizes(format_, size, thumbnail, model):
    prepared = made(photos.encoded(Image.new("RGB", size, "teal"), format_))

    assert shown(prepared.thumbnail.data).size == thumbnail
    assert shown(prepared.model.data).size == model
    assert (prepared.original.width, prepared.original.height) == size


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (1073, 1073), (9999, 17), (6, 4)])
def test_model_input_is_within_both_limits(size):
    width, height = model_size(size)

    assert width * height <= MODEL_PIXELS
    assert max(width, height) <= 1568


@pytest.mark.parametrize("name", photos.REAL_PHOTOS)
def test_thumbnail_of_a_real_photo_looks_like_a_careful_one(name):
    careful = photos.real_picture(name)
    careful = careful.resize(
        shown(made(photos.real_photo(name)).thumbnail.data).size, Image.Resampling.LANCZOS
    )

    thumbnail = shown(made(photos.real_photo(name)).thumbnail.data)

    assert mean_difference(thumbnail, careful) < 6


@pytest.mark.parametrize("name", ["china", "coffee"])
def test_model_input_of_a_large_photo_looks_like_a_careful_one(name):
    photo = photos.encoded(
        photos.real_picture(name).resize((4000, 3000), Image.Resampling.BICUBIC), "JPEG", quality=90
    )
    model = shown(made(photo).model.data)
    careful = shown(photo).resize(model.size, Image.Resampling.LANCZOS)
    # What JPEG takes away is none of the scaling's doing.
    careful_jpeg = shown(photos.encoded(careful, "JPEG", quality=85))

    assert similarity(model, careful) > similarity(careful_jpeg, careful) - 0.003


@pytest.mark.parametrize("progressive", [False, True])
def test_twelve_megapixel_photo_is_prepared(progressive):
    prepared = made(photos.twelve_megapixel_jpeg(orientation=6, gps=True, progressive=progressive))

    assert (prepared.original.width, prepared.original.height) == (3000, 4000)
    assert (prepared.thumbnail.width, prepared.thumbnail.height) == (225, 300)
    assert (prepared.model.width, prepared.model.height) == (928, 1238)


def test_wide_gamut_colours_are_converted_and_the_profile_stays_in_the_original():
    profile = photos.wide_gamut_profile()
    red = Image.new("RGB", (64, 64), (255, 0, 0))

    prepared = made(photos.encoded(red, "JPEG", icc_profile=profile, quality=95))

    assert nearest(prepared.model, (32, 32)) == "blue"
    assert nearest(prepared.thumbnail, (32, 32)) == "blue"
    assert "icc_profile" not in shown(prepared.model.data).info
    assert shown(prepared.original.data).info["icc_profile"] == profile


def test_srgb_and_broken_and_misplaced_profiles_change_nothing():
    picture = photos.corners()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = made(photos.encoded(picture, "PNG")).model.data

    for profile in (srgb, b"not a profile", photos.wide_gamut_profile()[:200]):
        assert made(photos.encoded(picture, "PNG", icc_profile=profile)).model.data == plain
    grey = made(photos.encoded(picture.convert("L"), "JPEG", icc_profile=srgb))
    assert shown(grey.model.data).mode == "RGB"


def test_cmyk_is_shown_in_its_colours():
    cmyk = photos.corners().convert("CMYK")

    for format_ in ("JPEG", "TIFF"):
        assert upright(made(photos.encoded(cmyk, format_))) == [list(photos.CORNERS)] * 2


def test_sixteen_bit_grey_is_scaled_not_clipped():
    grey = Image.new("I;16", (40, 40), 0x8000)

    for format_ in ("PNG", "TIFF"):
        prepared = made(photos.encoded(grey, format_))
        assert shown(prepared.model.data).getpixel((20, 20)) == (128, 128, 128)


def test_big_endian_sixteen_bit_tiff_is_scaled_too():
    prepared = made(photos.big_endian_tiff(0x8000))

    assert shown(prepared.model.data).getpixel((20, 20)) == (128, 128, 128)


def test_float_tiff_is_stretched_to_what_it_holds():
    floats = Image.new("F", (40, 40), 0.25)
    floats.paste(0.75, (20, 0, 40, 40))

    model = shown(made(photos.encoded(floats, "TIFF")).model.data)

    assert model.getpixel((4, 20)) == (0, 0, 0)
    assert model.getpixel((35, 20)) == (255, 255, 255)


def test_constant_float_tiff_is_no_division_by_zero():
    prepared = made(photos.encoded(Image.new("F", (40, 40), 7.5), "TIFF"))

    assert shown(prepared.model.data).size == (40, 40)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_shown_on_white(mode):
    picture = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (20, 0, 40, 40))

    prepared = made(photos.encoded(picture.convert(mode), "PNG"))

    for rendition in (prepared.thumbnail, prepared.model):
        assert nearest(rendition, (4, 20)) == "white"
        assert nearest(rendition, (35, 20)) == "black"


def test_hidden_colour_does_not_bleed_out_of_transparency():
    picture = Image.new("RGBA", (3000, 2000), (255, 0, 0, 0))
    for x in range(0, 3000, 2):
        picture.paste((255, 255, 255, 255), (x, 0, x + 1, 2000))

    model = shown(made(photos.encoded(picture, "PNG")).model.data)

    assert min(model.convert("L").tobytes()) > 250


@pytest.mark.parametrize("mode", ["1", "P", "L"])
@pytest.mark.parametrize("format_", ["PNG", "GIF", "TIFF"])
def test_other_modes_become_rgb(mode, format_):
    picture = photos.corners().convert(mode)

    model = shown(made(photos.encoded(picture, format_)).model.data)

    assert model.mode == "RGB"
    assert mean_difference(model.convert("L"), picture.convert("L")) < 12


def test_lab_tiff_is_shown_in_its_colours():
    lab = ImageCms.profileToProfile(
        photos.corners(),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    assert lab is not None

    assert upright(made(photos.encoded(lab, "TIFF"))) == [list(photos.CORNERS)] * 2


@pytest.mark.parametrize("format_", ["GIF", "PNG", "WEBP", "TIFF", "AVIF", "MPO"])
def test_first_frame_stands_for_all(format_):
    prepared = made(photos.animated(format_))

    assert upright(prepared) == [list(photos.CORNERS)] * 2


@pytest.mark.parametrize("format_", ["GIF", "PNG", "WEBP"])
def test_animation_survives_in_the_original(format_):
    prepared = made(photos.animated(format_, loop=0))

    assert getattr(shown(prepared.original.data), "n_frames", 1) == 2


def test_derived_pictures_are_jpegs_without_metadata():
    prepared = made(photos.encoded(photos.corners(), "GIF", comment=photos.SECRET))

    for rendition in (prepared.thumbnail, prepared.model):
        assert rendition.media_type is MediaType.JPEG
        assert photos.SECRET not in rendition.data
        assert not shown(rendition.data).getexif()


def similarity(one: Image.Image, other: Image.Image) -> float:
    pair = [np.asarray(each.convert("L")) for each in (one, other)]
    return structural_similarity(*pair, data_range=255)


def nearest(rendition: Rendition, place: tuple[int, int]) -> str:
    names = {
        "red": (255, 0, 0),
        "blue": (0, 0, 255),
        "white": (255, 255, 255),
        "black": (0, 0, 0),
    }
    pixel = shown(rendition.data).getpixel(place)
    return min(names, key=lambda name: photos.distance(names[name], pixel))


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    pairs = list(zip(one.convert("L").tobytes(), other.convert("L").tobytes(), strict=True))
    return sum(abs(a - b) for a, b in pairs) / len(pairs)
