"""Our POST forms against botocore's: the same policy and the same signature."""

import base64
import json
from datetime import UTC, datetime

import botocore.auth
import pytest
from botocore.auth import S3SigV4PostAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from shared.presign import POST_LIFETIME_S, Credentials, PostForm, Presigner

MOMENT = 1_790_000_123.0
KEY = "incoming/ana é/1"


def form(
    credentials: Credentials, endpoint: str = "https://s3.eu-west-1.amazonaws.com"
) -> PostForm:
    presigner = Presigner(
        endpoint=endpoint, region="eu-west-1", bucket="photos", clock=lambda: MOMENT
    )
    return presigner.post_form(KEY, credentials, content_type="image/png", length_max=77)


@pytest.mark.parametrize("token", [None, "session/token+="])
def test_fields_and_signature_are_botocore_s(
    monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    monkeypatch.setattr(
        botocore.auth, "get_current_datetime", lambda: datetime.fromtimestamp(MOMENT, UTC)
    )
    ours = form(Credentials("AKIDEXAMPLE", "secret", token)).fields
    policy = json.loads(base64.b64decode(ours["policy"]))
    request = AWSRequest("POST", "https://photos.s3.eu-west-1.amazonaws.com")
    own = [{"bucket": "photos"}, {"key": KEY}, {"Content-Type": "image/png"}]
    request.context["s3-presign-post-fields"] = {"key": KEY, "Content-Type": "image/png"}
    request.context["s3-presign-post-policy"] = {
        "expiration": policy["expiration"],
        "conditions": [*own, ["content-length-range", 1, 77]],
    }
    S3SigV4PostAuth(
        BotocoreCredentials("AKIDEXAMPLE", "secret", token), "s3", "eu-west-1"
    ).add_auth(request)
    theirs = request.context["s3-presign-post-fields"]

    # The order of the conditions is free, and so the text and its signature differ.
    signed = {"policy", "x-amz-signature"}
    assert {name: ours[name] for name in ours.keys() - signed} == {
        name: theirs[name] for name in theirs.keys() - signed
    }
    expected = json.loads(base64.b64decode(theirs["policy"]))
    assert sorted(map(repr, policy["conditions"])) == sorted(map(repr, expected["conditions"]))


def test_the_policy_ends_after_five_minutes_or_with_the_credentials() -> None:
    lasting = form(Credentials("a", "s"))
    passing = form(Credentials("a", "s", "t", MOMENT + 60))

    assert lasting.expires_at == MOMENT + POST_LIFETIME_S
    assert passing.expires_at == MOMENT + 60
    ends = json.loads(base64.b64decode(passing.fields["policy"]))["expiration"]
    assert datetime.fromisoformat(ends).timestamp() == MOMENT + 60


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        pytest.param(
            "https://s3.eu-west-1.amazonaws.com",
            "https://photos.s3.eu-west-1.amazonaws.com/",
            id="AWS by host name",
        ),
        pytest.param("http://127.0.0.1:4566", "http://127.0.0.1:4566/photos", id="by path"),
    ],
)
def test_the_form_goes_to_the_bucket(endpoint: str, url: str) -> None:
    assert form(Credentials("a", "s"), endpoint).url == url
