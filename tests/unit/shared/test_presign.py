"""Our signer against botocore's: the same URL for the same moment."""

from datetime import UTC, datetime
from typing import Any

import botocore.auth
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from shared.presign import LIFETIME_S, ROUNDING_S, Credentials, Presigner

MOMENT = 1_790_000_100.0  # a multiple of ROUNDING_S


def botocore_url(
    monkeypatch: pytest.MonkeyPatch, url: str, credentials: Credentials, region: str
) -> str:
    monkeypatch.setattr(
        botocore.auth, "get_current_datetime", lambda: datetime.fromtimestamp(MOMENT, UTC)
    )
    request = AWSRequest("GET", url)
    signer = S3SigV4QueryAuth(
        BotocoreCredentials(credentials.access_key, credentials.secret_key, credentials.token),
        "s3",
        region,
        expires=LIFETIME_S,
    )
    signer.add_auth(request)
    return str(request.url)


def parameters(url: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in url.split("?", 1)[1].split("&"))


@pytest.mark.parametrize(
    ("endpoint", "plain"),
    [
        pytest.param(
            "https://s3.eu-west-1.amazonaws.com",
            "https://photos.s3.eu-west-1.amazonaws.com/images/a%20b/%C3%A9.jpg",
            id="AWS by host name",
        ),
        pytest.param(
            "http://127.0.0.1:4566",
            "http://127.0.0.1:4566/photos/images/a%20b/%C3%A9.jpg",
            id="an emulator by path",
        ),
    ],
)
@pytest.mark.parametrize("token", [None, "session/token+="])
def test_the_signature_is_botocore_s(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, plain: str, token: str | None
) -> None:
    credentials = Credentials("AKIDEXAMPLE", "secret", token)
    ours = Presigner(
        endpoint=endpoint, region="eu-west-1", bucket="photos", clock=lambda: MOMENT
    ).get_url("images/a b/é.jpg", credentials)

    theirs = botocore_url(monkeypatch, plain, credentials, "eu-west-1")

    assert ours.url.split("?")[0] == theirs.split("?")[0]
    assert parameters(ours.url) == parameters(theirs)


def at(moment: float, **credentials: Any) -> tuple[str, float]:
    signer = Presigner(endpoint="http://127.0.0.1:1", region="r", bucket="b", clock=lambda: moment)
    signed = signer.get_url("k", Credentials("a", "s", **credentials))
    return signed.url, signed.expires_at


def test_the_url_stays_the_same_for_five_minutes_so_that_browsers_cache() -> None:
    assert at(MOMENT) == at(MOMENT + ROUNDING_S - 1)
    assert at(MOMENT) != at(MOMENT + ROUNDING_S)


def test_a_signer_signs_anew_with_other_credentials_and_at_the_next_five_minutes() -> None:
    now = [MOMENT]
    signer = Presigner(endpoint="http://127.0.0.1:1", region="r", bucket="b", clock=lambda: now[0])
    first = signer.get_url("k", Credentials("a", "s"))

    now[0] += ROUNDING_S
    later = signer.get_url("k", Credentials("a", "s"))
    rotated = signer.get_url("k", Credentials("a2", "s2", "t2", expires_at=now[0] + 60))

    assert (first.url, first.expires_at) == at(MOMENT)
    assert (later.url, later.expires_at) == at(MOMENT + ROUNDING_S)
    assert parameters(rotated.url)["X-Amz-Security-Token"] == "t2"
    assert rotated.expires_at == now[0] + 60


def test_a_url_promises_no_longer_life_than_its_credentials() -> None:
    assert at(MOMENT, expires_at=MOMENT + 60)[1] == MOMENT + 60
    assert at(MOMENT)[1] == MOMENT + LIFETIME_S
