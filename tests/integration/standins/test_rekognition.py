"""The Rekognition stand-in, asked by the real client."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from PIL import Image

from tests.integration.standins.conftest import ClientOf
from tests.photos import corners, encoded, real_photo
from tests.standins.pictures import look
from tests.standins.running import Standin

PHOTO = encoded(corners(), "JPEG")
LARGE_BODY = pytest.mark.filterwarnings("ignore:Sending a large body")


def grey(width: int, height: int) -> bytes:
    return encoded(Image.new("L", (width, height)), "PNG")


async def detect(client_of: ClientOf, image: bytes = PHOTO, **more: Any) -> Any:
    async with client_of("rekognition") as client:
        return await client.detect_labels(**{"Image": {"Bytes": image}, **more})


async def refusal(client_of: ClientOf, *args: Any, **more: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as raised:
        await detect(client_of, *args, **more)
    answer = raised.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


async def test_labels_are_of_the_photo_that_was_sent(standin: Standin, client_of: ClientOf) -> None:
    photo = look(real_photo("flower"))

    answer = await detect(client_of, real_photo("flower"))

    names = {label["Name"]: label["Confidence"] for label in answer["Labels"]}
    assert names == {"Stand-in": 99.0, "Landscape": 98.0, f"Colour {photo.colour}": 97.0}
    (kept,) = await standin.requests("rekognition")
    assert kept["operation"] == "DetectLabels"
    assert kept["body"]["Image"]["Bytes"] == photo.shown
    assert (await standin.images())["rekognition"] == {photo.sha256: 1}


async def test_number_and_confidence_of_labels_are_as_asked_for(client_of: ClientOf) -> None:
    one = await detect(client_of, MaxLabels=1)
    two = await detect(client_of, MinConfidence=98)

    assert [label["Name"] for label in one["Labels"]] == ["Stand-in"]
    assert len(two["Labels"]) == 2


async def test_moderation_finds_what_it_is_told_and_nothing_else(
    standin: Standin, client_of: ClientOf
) -> None:
    async with client_of("rekognition") as client:
        clean = await client.detect_moderation_labels(Image={"Bytes": PHOTO})
        await standin.fault(rekognition={"mode": "none", "text": "Violence\nWeapons"})
        found = await client.detect_moderation_labels(Image={"Bytes": PHOTO})

    assert clean["ModerationLabels"] == []
    assert [label["Name"] for label in found["ModerationLabels"]] == ["Violence", "Weapons"]


@LARGE_BODY
@pytest.mark.parametrize(
    ("image", "code"),
    [
        pytest.param(encoded(corners(), "WEBP"), "InvalidImageFormatException", id="webp"),
        pytest.param(PHOTO[:200], "InvalidImageFormatException", id="cut"),
        pytest.param(PHOTO + bytes(5 * 2**20), "ImageTooLargeException", id="over-5-mb"),
        pytest.param(grey(10_001, 80), "ImageTooLargeException", id="one-pixel-over"),
        pytest.param(grey(79, 400), "InvalidParameterException", id="one-pixel-under"),
        pytest.param(grey(9, 9), "InvalidParameterException", id="tiny"),
    ],
)
async def test_image_outside_the_limits_is_refused(
    client_of: ClientOf, image: bytes, code: str
) -> None:
    assert await refusal(client_of, image) == (400, code)


@LARGE_BODY
async def test_image_at_the_limits_is_taken(client_of: ClientOf) -> None:
    await detect(client_of, grey(10_000, 80))
    await detect(client_of, PHOTO + bytes(5 * 2**20 - len(PHOTO)))


async def test_bucket_is_out_of_reach(client_of: ClientOf) -> None:
    image = {"S3Object": {"Bucket": "images", "Name": "one"}}

    assert await refusal(client_of, Image=image) == (400, "InvalidS3ObjectException")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"mode": "throttle"}, 400, "ThrottlingException"),
        (
            {"mode": "throttle", "code": "ProvisionedThroughputExceededException"},
            400,
            "ProvisionedThroughputExceededException",
        ),
        ({"mode": "error"}, 500, "InternalServerError"),
        ({"mode": "refusal"}, 400, "InvalidImageFormatException"),
        ({"mode": "retired"}, 400, "UnknownOperationException"),
    ],
    ids=["throttle", "provisioned", "error", "refusal", "retired"],
)
async def test_failure_by_command(
    standin: Standin, client_of: ClientOf, fault: dict[str, Any], status: int, code: str
) -> None:
    await standin.fault(rekognition=fault)

    assert await refusal(client_of) == (status, code)
    assert (await standin.calls())["rekognition"] == {fault["mode"]: 1}


async def test_bad_json_has_no_labels(standin: Standin, client_of: ClientOf) -> None:
    await standin.fault(rekognition={"mode": "bad_json"})

    assert "Labels" not in await detect(client_of)


@pytest.mark.parametrize("mode", ["timeout", "slow"])
async def test_client_gives_up_on_an_answer_that_takes_too_long(
    standin: Standin, client_of: ClientOf, mode: str
) -> None:
    await standin.fault(rekognition={"mode": mode, "delay_ms": 20_000})

    async with client_of("rekognition", patience=0.5) as client:
        with pytest.raises(ReadTimeoutError):
            await client.detect_labels(Image={"Bytes": PHOTO})


async def test_disconnect_closes_without_an_answer(standin: Standin, client_of: ClientOf) -> None:
    await standin.fault(rekognition={"mode": "disconnect"})

    with pytest.raises(ConnectionClosedError):
        await detect(client_of)
