"""The whole stack with the stand-ins: every provider of the chain in its turn."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.photos import corners, encoded
from tests.stack import Stack, whole_stack
from tests.system.test_one_photo import User

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own, whose model services are played."""
    state = tmp_path_factory.mktemp("played") / "state"
    with whole_stack(state, MODELS="standin") as running:
        yield running


@pytest.fixture(autouse=True)
def _good_health(played: Stack) -> None:
    for path in ("/_faults", "/_calls"):
        requests.delete(played["STANDIN_URL"] + path, timeout=10).raise_for_status()


def read(stack: Stack, path: str) -> Any:
    return requests.get(stack["STANDIN_URL"] + path, timeout=10).json()


def captioned(stack: Stack, width: int) -> dict[str, Any]:
    """A new photo, ``width`` by 200, once it is finished."""
    user = User(stack)
    return user.finished(user.upload(encoded(corners(width, 200), "JPEG")))


def test_first_provider_answers_for_the_photo_it_was_sent(played: Stack) -> None:
    images = [captioned(played, width) for width in (301, 302)]

    for image, width in zip(images, (301, 302), strict=True):
        assert image["status"] == "completed"
        assert image["provider"]["name"] == "bedrock"
        assert image["provider"]["degraded"] is False
        assert f"{width} by 200" in image["captions"]["concise"]
        assert "Stand-in" in [label["name"] for label in image["labels"]]
    assert read(played, "/_calls")["bedrock"] == {"ok": 2}
    assert list(read(played, "/_images")["bedrock"].values()) == [1, 1]


@pytest.mark.parametrize(
    ("modes", "answers"),
    [
        ({"bedrock": "retired"}, "sagemaker"),
        ({"bedrock": "refusal", "sagemaker": "bad_json"}, "huggingface"),
        ({"bedrock": "bad_json", "sagemaker": "refusal", "huggingface": "retired"}, "local"),
    ],
    ids=["second", "third", "last"],
)
def test_next_provider_answers_where_others_fail(
    played: Stack, modes: dict[str, str], answers: str
) -> None:
    faults = {service: {"mode": mode} for service, mode in modes.items()}
    set_ = requests.put(played["STANDIN_URL"] + "/_faults", json=faults, timeout=10)
    assert set_.status_code == 200, set_.text

    image = captioned(played, 310 + len(modes))

    assert image["status"] == "completed"
    assert (image["provider"]["name"], image["provider"]["degraded"]) == (answers, True)
    tried = [attempt["provider"] for attempt in image["provider"]["attempts"]]
    assert list(dict.fromkeys(tried)) == [*modes, answers]
