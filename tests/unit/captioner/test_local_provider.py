"""The local provider on real photographs, on nothing at all, and on bytes that are no photo."""

import asyncio
import io
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.captioner.provider import CaptionRequest
from services.captioner.providers.local import LocalProvider
from services.captioner.vision import MODELS_DIR, BadModelFile
from shared.errors import Permanent


@pytest.fixture(scope="module")
def provider() -> Iterator[LocalProvider]:
    local = LocalProvider()
    yield local
    local.close()


def _jpeg(photo: Image.Image) -> bytes:
    buffer = io.BytesIO()
    photo.convert("RGB").save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _sample(package: str, name: str) -> bytes:
    with resources.as_file(resources.files(package).joinpath(name)) as path:
        return _jpeg(Image.open(path))


@pytest.mark.parametrize(
    ("package", "name", "expected"),
    [
        ("skimage.data", "chelsea.png", "cat"),
        ("skimage.data", "astronaut.png", "person"),
        ("skimage.data", "coffee.png", "cup of coffee"),
        ("skimage.data", "camera.png", "tripod"),
        ("skimage.data", "motorcycle_left.png", "motorcycle"),
        ("sklearn.datasets", "images/china.jpg", "building"),
        ("sklearn.datasets", "images/flower.jpg", "flower"),
    ],
)
async def test_subject_of_a_real_photo_is_in_every_text_and_in_the_labels(
    provider: LocalProvider, package: str, name: str, expected: str
) -> None:
    answer = await provider.caption(CaptionRequest(_sample(package, name)))

    assert expected in answer.concise.lower()
    assert expected in answer.creative.lower()
    assert expected in answer.alt_text.lower()
    assert expected in {label.name.lower() for label in answer.labels}
    assert all(0 <= label.confidence <= 1 for label in answer.labels)
    assert answer.model == "detector+template"


async def test_noise_is_not_given_a_subject(provider: LocalProvider) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (300, 400, 3), np.uint8)

    answer = await provider.caption(CaptionRequest(_jpeg(Image.fromarray(noise))))

    assert answer.labels == ()
    assert "no subject recognised" in answer.alt_text


async def test_flat_colour_is_called_by_its_colour(provider: LocalProvider) -> None:
    answer = await provider.caption(
        CaptionRequest(_jpeg(Image.new("RGB", (300, 200), (30, 60, 220))))
    )

    assert answer.labels == ()
    assert answer.concise == "A plain blue surface"


async def test_grey_scan_is_called_black_and_white(provider: LocalProvider) -> None:
    answer = await provider.caption(CaptionRequest(_sample("skimage.data", "camera.png")))

    assert "black and white" in answer.alt_text


async def test_two_photos_of_animals_get_different_texts(provider: LocalProvider) -> None:
    cat = _sample("skimage.data", "chelsea.png")
    mirrored = _jpeg(Image.open(io.BytesIO(cat)).rotate(180).convert("L"))

    one, other = await asyncio.gather(
        provider.caption(CaptionRequest(cat)), provider.caption(CaptionRequest(mirrored))
    )

    assert one.concise != other.concise
    assert one.alt_text != other.alt_text


async def test_same_photo_reads_the_same_again(provider: LocalProvider) -> None:
    request = CaptionRequest(_sample("sklearn.datasets", "images/flower.jpg"))

    assert await provider.caption(request) == await provider.caption(request)


async def test_answer_is_english_whatever_was_asked(provider: LocalProvider) -> None:
    photo = _sample("sklearn.datasets", "images/china.jpg")

    answer = await provider.caption(CaptionRequest(photo, language="de", style="as a pirate"))

    assert answer.language == "en"
    assert answer == await provider.caption(CaptionRequest(photo))


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no photo at all", id="text"),
        pytest.param(_jpeg(Image.new("RGB", (400, 400), "red"))[:600], id="truncated"),
        pytest.param(b"\xff\xd8\xff\xe0" + b"\0" * 64, id="header-only"),
    ],
)
async def test_bytes_that_do_not_decode_are_permanent(
    provider: LocalProvider, image: bytes
) -> None:
    with pytest.raises(Permanent) as failure:
        await provider.caption(CaptionRequest(image))

    assert failure.value.code == "undecodable_image"


async def test_png_is_refused_since_the_model_input_is_a_jpeg(provider: LocalProvider) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "PNG")

    with pytest.raises(Permanent):
        await provider.caption(CaptionRequest(buffer.getvalue()))


async def test_event_loop_stays_free_while_a_photo_is_looked_at(provider: LocalProvider) -> None:
    caption = asyncio.create_task(
        provider.caption(CaptionRequest(_sample("skimage.data", "chelsea.png")))
    )
    turns = 0

    while not caption.done():
        turns += 1
        await asyncio.sleep(0)

    assert turns > 10
    assert (await caption).labels


def test_foreign_model_file_stops_the_start(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(MODELS_DIR, models)
    with (models / "superclasses.json").open("a") as file:
        file.write("\n")

    with pytest.raises(BadModelFile, match=r"superclasses\.json"):
        LocalProvider(models)
