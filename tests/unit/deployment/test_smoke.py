from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO

import pytest
from PIL import Image as Pixels

from clients.api import CaptionApi
from scripts.smoke import Unfit, check_photo, main, new_photo
from tests.unit.clients.fake_api import JPEG, Asked, FakeApi, Reply, running
from tests.unit.clients.fake_rest import Rest

TOKEN = {"CAPTION_TOKEN": "token"}


@dataclass
class Deployed(Rest):
    """The fake gateway with what only a deployment has: a version, probes and thumbnails."""

    commit: str = "abc"
    ready: int = 200
    thumbnail: bytes | None = JPEG

    def __call__(self, asked: Asked) -> Reply:
        match asked.path:
            case "/version":
                return Reply(200, {"version": "0.1.0", "commit": self.commit})
            case "/healthz" | "/readyz":
                return Reply(self.ready, {"status": "ok"})
            case "/thumbnail":
                return Reply(404, b"") if self.thumbnail is None else Reply(200, self.thumbnail)
        reply = super().__call__(asked)
        if asked.method == "GET" and isinstance(reply.body, dict) and "image_id" in reply.body:
            picture = {
                "url": f"{self.server.url}/thumbnail?Signature=abc",
                "expires_at": "2026-11-22T12:00:00.000Z",
                "width": 1,
                "height": 1,
            }
            return replace(reply, body=reply.body | {"thumbnail": picture})
        return reply


@pytest.fixture
def deployed() -> Iterator[Deployed]:
    with running(FakeApi()) as api:
        api.rest = Deployed(api)
        yield api.rest


def smoke(deployed: Deployed, *arguments: str) -> int:
    return main(["--gateway", deployed.server.url, *arguments], TOKEN)


def test_a_photo_that_is_captioned_passes_and_is_deleted(deployed, capsys):
    assert smoke(deployed, "--probes", "--commit", "abc") == 0

    assert not deployed.server.images
    assert deployed.server.keys
    said = capsys.readouterr().out
    assert "version 0.1.0, commit abc\n/healthz ok\n/readyz ok\ncaptioned in" in said


def test_another_release_than_the_one_deployed_fails_before_a_photo_is_handed_in(deployed, capsys):
    assert smoke(deployed, "--commit", "def") == 1

    assert "runs abc, not def" in capsys.readouterr().err
    assert not deployed.server.keys


def test_a_gateway_that_is_not_ready_fails(deployed):
    deployed.ready = 503

    assert smoke(deployed, "--probes") == 1


def test_a_photo_that_fails_is_reported_and_deleted(deployed, capsys):
    deployed.server.status = "failed"

    assert smoke(deployed) == 1

    assert "the photo is failed" in capsys.readouterr().err
    assert deployed.server.keys
    assert not deployed.server.images


def test_a_thumbnail_that_is_no_picture_fails(deployed, capsys):
    deployed.thumbnail = b"<html>"

    assert smoke(deployed) == 1

    assert "thumbnail" in capsys.readouterr().err


def test_a_thumbnail_that_does_not_open_is_reported_without_its_signature(deployed, capsys):
    deployed.thumbnail = None

    assert smoke(deployed) == 1

    said = capsys.readouterr().err
    assert "/thumbnail: 404" in said
    assert "Signature" not in said


def test_a_photo_that_nobody_captions_ends_the_wait_and_is_deleted(deployed):
    deployed.server.status = "processing"

    with (
        CaptionApi(deployed.server.url, "token") as api,
        pytest.raises(Unfit, match="still processing"),
    ):
        check_photo(api, rounds=2)

    assert deployed.server.keys
    assert not deployed.server.images


def test_a_gateway_that_nobody_reaches_is_a_sentence(capsys):
    assert main(["--gateway", "http://127.0.0.1:1"], TOKEN) == 1

    assert "FAILED" in capsys.readouterr().err


def test_without_a_token_it_says_what_it_needs(deployed, capsys):
    assert main(["--gateway", deployed.server.url], {}) == 1

    assert "CAPTION_TOKEN" in capsys.readouterr().err


def test_no_two_photos_are_alike():
    first, second = new_photo(), new_photo()

    assert first != second
    assert Pixels.open(BytesIO(first)).size == (1024, 768)
