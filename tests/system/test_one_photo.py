"""The way of one photo through the whole stack, as a program takes it."""

import io
import json
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import skimage
import sklearn.datasets
from jose import jwt
from PIL import Image

from tests.photos import SECRET, png_bomb, real_photo, truncated_jpeg, twelve_megapixel_jpeg
from tests.stack import Stack

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

DEADLINE_S = 60


class User:
    """Somebody with a token, and nobody's photos yet."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack["GATEWAY_URL"]
        self._http = requests.Session()
        self.token = stack.token(f"u{uuid.uuid4().hex[:12]}")
        self.id = jwt.get_unverified_claims(self.token)["sub"]
        self._http.headers["Authorization"] = f"Bearer {self.token}"

    def get(self, path: str, **arguments: Any) -> requests.Response:
        return self._http.get(self._url + path, timeout=30, **arguments)

    def delete(self, path: str, **arguments: Any) -> requests.Response:
        return self._http.delete(self._url + path, timeout=30, **arguments)

    def upload(self, data: bytes, name: str = "photo.jpg") -> requests.Response:
        files = {"image": (name, data)}
        return self._http.post(f"{self._url}/v1/images", files=files, timeout=30)

    def finished(self, accepted: requests.Response) -> dict[str, Any]:
        """The image once its status is terminal."""
        assert accepted.status_code == 202, accepted.text
        path = accepted.headers["Location"]
        for _ in range(DEADLINE_S // 20):
            image: dict[str, Any] = self.get(f"{path}?wait=20").json()
            if image["status"] in {"completed", "failed"}:
                return image
        raise AssertionError(f"still {image['status']}")


@pytest.fixture
def new_user(stack: Stack) -> Callable[[], User]:
    return lambda: User(stack)


@pytest.fixture
def s3(stack: Stack) -> Any:
    return stack.client("s3")


def keys(s3: Any, stack: Stack) -> list[str]:
    listing = s3.list_object_versions(Bucket=stack["IMAGES_BUCKET"])
    return [entry["Key"] for entry in listing.get("Versions", [])]


def test_a_phone_photo_gets_three_texts_and_loses_its_location(
    stack: Stack, s3: Any, new_user: Callable[[], User], tmp_path: Path
) -> None:
    user = new_user()
    photo = twelve_megapixel_jpeg(orientation=6, gps=True)

    image = user.finished(user.upload(photo))

    assert image["status"] == "completed"
    captions = image["captions"]
    assert 0 < len(captions["concise"].split()) <= 10
    assert captions["creative"]
    assert 0 < len(captions["alt_text"]) <= 125
    assert image["provider"]["degraded"] is True
    stored = Image.open(io.BytesIO(photo))
    upright = (stored.height, stored.width)
    assert (image["original"]["width"], image["original"]["height"]) == upright
    thumbnail = requests.get(image["thumbnail"]["url"], timeout=10)
    with Image.open(io.BytesIO(thumbnail.content)) as opened:
        assert max(opened.size) == 300
        assert opened.height > opened.width
    kept = [key for key in keys(s3, stack) if image["image_id"] in key]
    assert {key.rsplit("/", 1)[1] for key in kept} == {
        "original.jpg",
        "thumbnail.jpg",
        "model.jpg",
    }
    for key in kept:
        data = s3.get_object(Bucket=stack["IMAGES_BUCKET"], Key=key)["Body"].read()
        assert SECRET not in data
        with Image.open(io.BytesIO(data)) as opened:
            assert set(opened.getexif()) <= {0x0112}, key


def test_the_presigned_original_opens_without_a_token(new_user: Callable[[], User]) -> None:
    user = new_user()
    image = user.finished(user.upload(real_photo()))

    original = requests.get(image["original"]["url"], timeout=10)

    assert original.status_code == 200
    assert len(original.content) == image["original"]["bytes"]


def test_a_truncated_photo_fails_with_its_reason_and_the_next_goes_through(
    new_user: Callable[[], User],
) -> None:
    user = new_user()

    broken = user.upload(truncated_jpeg())
    good = user.upload(real_photo())

    failed = user.finished(broken)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "undecodable_image")
    assert failed["error"]["detail"]
    assert user.finished(good)["status"] == "completed"


def test_a_picture_of_too_many_pixels_fails_before_it_is_decoded(
    new_user: Callable[[], User],
) -> None:
    user = new_user()

    failed = user.finished(user.upload(png_bomb(30_000, 30_000), name="bomb.png"))

    assert (failed["status"], failed["error"]["code"]) == ("failed", "image_too_many_pixels")
    assert failed["error"]["retryable"] is False


def test_a_text_named_jpg_is_refused(new_user: Callable[[], User]) -> None:
    refused = new_user().upload(b"I am no photo, whatever my name says.", name="photo.jpg")

    assert refused.status_code == 415
    assert refused.json()["code"] == "unsupported_media_type"


def test_eleven_megabytes_are_refused_and_leave_nothing(
    stack: Stack, s3: Any, new_user: Callable[[], User]
) -> None:
    user = new_user()
    large = real_photo() + bytes(11 * 1024 * 1024)

    refused = user.upload(large)

    assert refused.status_code == 413
    assert refused.json()["code"] == "image_too_large"
    assert user.get("/v1/images").json()["items"] == []
    assert not [key for key in keys(s3, stack) if user.id in key]


def test_somebody_else_s_photo_is_not_found(new_user: Callable[[], User]) -> None:
    ana, bob = new_user(), new_user()
    image = ana.finished(ana.upload(real_photo()))

    assert bob.get(f"/v1/images/{image['image_id']}").status_code == 404
    assert bob.get("/v1/images").json()["items"] == []


def test_one_trace_id_leads_from_the_request_to_the_captions(
    stack: Stack, new_user: Callable[[], User]
) -> None:
    user = new_user()
    trace_id = uuid.uuid4().hex
    accepted = requests.post(
        f"{stack['GATEWAY_URL']}/v1/images",
        files={"image": real_photo()},
        headers={
            "traceparent": f"00-{trace_id}-{trace_id[:16]}-01",
            "Authorization": f"Bearer {user.token}",
        },
        timeout=30,
    )

    user.finished(accepted)

    for service in ("gateway-1", "ingest-1", "captioner-1"):
        lines = (stack.state / "log" / f"{service}.log").read_text().splitlines()
        assert any(json.loads(line).get("trace_id") == trace_id for line in lines), service


# What is in each photo; the local captioner is approximate, so not every one need be named.
PHOTOS: dict[str, tuple[str, ...]] = {
    "chelsea.png": ("cat",),
    "coffee.png": ("coffee", "cup", "espresso"),
    "astronaut.png": ("person", "astronaut", "woman"),
    "rocket.jpg": ("rocket", "launch"),
    "camera.png": ("person", "tripod", "camera"),
    "motorcycle_left.png": ("motorcycle", "bike"),
    "china.jpg": ("building", "temple", "palace", "pagoda"),
    "flower.jpg": ("flower", "dahlia"),
    "coins.png": ("coin",),
    "moon.png": ("moon",),
}


def test_of_ten_photos_at_least_seven_have_something_in_them_named(
    new_user: Callable[[], User],
) -> None:
    user = new_user()
    accepted = {name: user.upload(sample(name)) for name in PHOTOS}

    captions = {name: user.finished(answer)["captions"] for name, answer in accepted.items()}

    named = [
        name
        for name, words in PHOTOS.items()
        if any(word in captions[name]["concise"].lower() for word in words)
    ]
    assert len(named) >= 7, {name: captions[name]["concise"] for name in PHOTOS}
    assert len({caption["concise"] for caption in captions.values()}) >= 9


def sample(name: str) -> bytes:
    for folder in (
        Path(skimage.__file__).parent / "data",
        Path(sklearn.datasets.__file__).parent / "images",
    ):
        if (folder / name).exists():
            return (folder / name).read_bytes()
    raise FileNotFoundError(name)


def test_the_readme_s_curl_lines_work(stack: Stack, tmp_path: Path) -> None:
    """Runs the README's own block, with this stack's folder in place of the default one."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    block = readme.split("## From a program", 1)[1].split("```sh", 1)[1].split("```", 1)[0]
    (tmp_path / "photo.jpg").write_bytes(real_photo())
    script = block.replace(". .local/stack.env", f". {stack.state}/stack.env").replace(
        "make -s token", f"make -s -C {Path(__file__).parents[2]} token STATE_DIR={stack.state}"
    )

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert '"status": "completed"' in done.stdout or '"status":"completed"' in done.stdout
