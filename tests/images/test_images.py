"""The images as a deployment runs them, and the stack of containers on an emulator."""

import json
import os
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests

from tests.images.engine import TARGETS, Engine, start
from tests.photos import corners, encoded, real_photo

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]
if not os.environ.get("CAPTION_IMAGES"):
    pytest.skip("needs a Docker engine: make test-images", allow_module_level=True)

GATEWAY = "http://127.0.0.1:8080"
SERVICES = ("gateway", "sweeper", "ingest", "captioner", "ui")
# What an image adds to its base, in MB. The captioner carries onnxruntime, the local models and
# huggingface-hub; the page Streamlit's pandas and pyarrow.
LIMITS_MB = {"gateway": 100, "ingest": 130, "captioner": 300, "ui": 530}


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = start()
    if engine is None:
        pytest.fail("no Docker engine here: install one, or name a tool by DOCKER_ENGINE_TOOL")
    for tag in TARGETS:
        engine.build(tag)
    return engine


@pytest.fixture(scope="module")
def stack(engine: Engine) -> Iterator[Engine]:
    engine.compose("down", "--volumes", "--timeout", "5")
    try:
        engine.compose("up", "--detach", "--no-build", "--wait", *SERVICES)
        yield engine
    finally:
        sys.stdout.write(engine.compose("logs", "--tail", "20"))
        engine.compose("down", "--volumes", "--timeout", "5")


@pytest.fixture(scope="module")
def http(stack: Engine) -> requests.Session:
    """A session with the token of an editor."""
    said = stack.compose("exec", "-T", "gateway", "cat", "/settings/stack.env")
    values = dict(line.split("=", 1) for line in said.splitlines())
    cognito = boto3.client(
        "cognito-idp",
        endpoint_url="http://127.0.0.1:4567",
        region_name=values["AWS_REGION"],
        aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
    )
    answer = cognito.admin_initiate_auth(
        UserPoolId=values["COGNITO_ISSUER"].rsplit("/", 1)[1],
        ClientId=values["API_CLIENT_ID"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": values["LOCAL_USER"], "PASSWORD": values["LOCAL_PASSWORD"]},
    )
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {answer['AuthenticationResult']['AccessToken']}"
    return session


def submitted(http: requests.Session, data: bytes) -> str:
    answer = http.post(
        f"{GATEWAY}/v1/images",
        data=data,
        headers={"Content-Type": "image/jpeg", "Idempotency-Key": uuid.uuid4().hex},
        timeout=30,
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["image_id"])


def finished(http: requests.Session, image_id: str) -> dict[str, Any]:
    path = f"{GATEWAY}/v1/images/{image_id}"
    for _ in range(9):
        image: dict[str, Any] = http.get(path, params={"wait": "20"}, timeout=30).json()
        if image["status"] in {"completed", "failed"}:
            return image
    raise AssertionError("not finished in three minutes")


def opened(url: str) -> bytes:
    """What a presigned URL gives a browser, for which names under .localhost are the loopback."""
    address = url.replace("//aws.localhost:", "//127.0.0.1:")
    answer = requests.get(address, headers={"Host": "aws.localhost:4566"}, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize("service", LIMITS_MB)
def test_an_image_runs_as_a_numbered_user_and_adds_little_to_its_base(
    engine: Engine, service: str
) -> None:
    [image] = json.loads(engine.docker("image", "inspect", f"caption-{service}"))
    [base] = json.loads(engine.docker("image", "inspect", "python:3.11-slim"))

    added = (image["Size"] - base["Size"]) / 1e6
    sys.stdout.write(f"caption-{service} adds {added:.0f} MB to its base\n")
    assert image["Config"]["User"] == "10001:10001"
    assert image["Config"]["Healthcheck"]["Test"][0] == "CMD"
    assert added < LIMITS_MB[service]


@pytest.mark.parametrize("service", LIMITS_MB)
def test_an_image_holds_no_secret_no_index_and_no_other_service(
    engine: Engine, service: str
) -> None:
    history = engine.docker(
        "history", "--no-trunc", "--format", "{{.CreatedBy}}", f"caption-{service}"
    )
    listing = ["run", "--rm", "--entrypoint", "sh", f"caption-{service}", "-c"]
    found = engine.docker(
        *listing, "ls /app/services; test -e /etc/pip.conf && echo pip.conf; true"
    )

    assert "index-url" not in history
    assert service in found.split()
    others = {"gateway", "ingest", "captioner", "ui"} - {service}
    assert not others & set(found.split())
    assert "pip.conf" not in found


def test_one_photo_goes_from_upload_to_captions(stack: Engine, http: requests.Session) -> None:
    image = finished(http, submitted(http, real_photo()))

    assert image["status"] == "completed"
    assert image["captions"]["concise"]
    assert opened(image["thumbnail"]["url"]).startswith(b"\xff\xd8")


def test_the_page_answers_and_sends_to_the_hosted_sign_in(stack: Engine) -> None:
    assert requests.get("http://127.0.0.1:8501/_stcore/health", timeout=10).ok
    login = requests.get(
        "http://127.0.0.1:8501/auth/login",
        params={"provider": "default"},
        allow_redirects=False,
        timeout=10,
    )
    assert login.status_code < 500


@pytest.mark.parametrize("service", ["ingest", "captioner"])
def test_a_worker_told_to_stop_under_load_loses_nothing_and_exits_cleanly(
    stack: Engine, http: requests.Session, service: str
) -> None:
    ids = [submitted(http, encoded(corners(900 + n, 700), "JPEG")) for n in range(12)]

    stack.compose("stop", "--timeout", "60", service)
    [state] = json.loads(stack.docker("inspect", f"captions-{service}-1"))
    stack.compose("start", service)

    assert state["State"]["ExitCode"] == 0
    images = [finished(http, image_id) for image_id in ids]
    assert [image["status"] for image in images] == ["completed"] * 12
