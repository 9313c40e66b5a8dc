"""``python -m scripts.smoke --gateway URL``: one photo goes through, as any program hands it in.

Asks which release answers, hands in a photo that nobody has seen before, waits for its captions,
opens its thumbnail, and deletes it. Exit code 1 where anything of it is not as it has to be. The
token is that of CAPTION_TOKEN, or of the ready-made user of a stack in containers.
"""

import argparse
import io
import os
import secrets
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import boto3
import requests
from PIL import Image as Pixels

from clients.api import CaptionApi
from clients.problems import ApiError
from clients.resources import Image
from infra.local.signin import access_token
from infra.local.written import read

TIMEOUT_S = 15.0
WAIT_S = 20  # the longest that the gateway holds a request
ROUNDS = 9  # three minutes: a worker may have to start first


class Unfit(Exception):
    """What is deployed does not do what it has to."""


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run all checks; the exit code."""
    asked = _parser().parse_args(argv)
    gateway = asked.gateway.rstrip("/")
    try:
        check_release(gateway, asked.commit)
        if asked.probes:
            check_probes(gateway)
        token = _token(asked, environ)
        with CaptionApi(gateway, token) as api:
            check_photo(api)
    except (Unfit, ApiError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    return 0


def check_release(gateway: str, commit: str | None) -> None:
    """The gateway runs the build of ``commit``; without one, any."""
    answer = _get(f"{gateway}/version").json()
    print(f"version {answer['version']}, commit {answer['commit']}")
    if commit is not None and answer["commit"] != commit:
        raise Unfit(f"the gateway runs {answer['commit']}, not {commit}")


def check_probes(gateway: str) -> None:
    """Both probes pass. From outside of a deployment on AWS they can't be reached."""
    for path in ("/healthz", "/readyz"):
        print(f"{path} {_get(gateway + path).json()['status']}")


def check_photo(api: CaptionApi, *, rounds: int = ROUNDS) -> None:
    """A photo is captioned, its thumbnail opens, and it is gone again afterwards."""
    begun = time.monotonic()
    image = api.submit(new_photo(), key=uuid.uuid4().hex, content_type="image/jpeg")
    try:
        image = _settled(api, image, rounds)
        _judge(image)
        print(f"captioned in {time.monotonic() - begun:.1f} s")
    finally:
        api.delete(image.image_id)


def new_photo() -> bytes:
    """A JPEG file like no other, so that no cache knows its captions."""
    shade = Pixels.new("L", (256, 256), secrets.randbelow(256))
    pixels = Pixels.merge("RGB", (Pixels.linear_gradient("L"), Pixels.radial_gradient("L"), shade))
    file = io.BytesIO()
    pixels.resize((1024, 768)).save(file, "JPEG", comment=uuid.uuid4().bytes)
    return file.getvalue()


def _settled(api: CaptionApi, image: Image, rounds: int) -> Image:
    for _ in range(rounds):
        if image.settled:
            return image
        image = api.image(image.image_id, wait=WAIT_S)
    raise Unfit(f"the photo is still {image.status} after {rounds * WAIT_S} s")


def _judge(image: Image) -> None:
    if image.status != "completed" or image.captions is None:
        raise Unfit(f"the photo is {image.status}: {image.error}")
    if image.thumbnail is None or not _get(image.thumbnail.url).content.startswith(b"\xff\xd8"):
        raise Unfit("the photo has no thumbnail that opens")


def _get(url: str) -> requests.Response:
    shown = url.partition("?")[0]  # a signature lets anybody in who reads the log
    try:
        answer = requests.get(url, timeout=TIMEOUT_S)
    except requests.RequestException as error:
        raise Unfit(f"{shown}: {type(error).__name__}") from None
    if not answer.ok:
        raise Unfit(f"{shown}: {answer.status_code}")
    return answer


def _token(asked: argparse.Namespace, environ: Mapping[str, str]) -> str:
    if asked.stack_env is None:
        if "CAPTION_TOKEN" not in environ:
            raise Unfit("needs CAPTION_TOKEN, or --stack-env")
        return environ["CAPTION_TOKEN"]
    values = read(asked.stack_env)
    if values is None:
        raise Unfit(f"no file {asked.stack_env}")
    cognito = boto3.Session().client(
        "cognito-idp",
        endpoint_url=asked.sign_in or values["AWS_ENDPOINT_URL"],
        region_name=values["AWS_REGION"],
        aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
    )
    return access_token(
        cognito,
        pool_id=values["COGNITO_ISSUER"].rpartition("/")[2],
        client_id=values["API_CLIENT_ID"],
        user=values["LOCAL_USER"],
        password=values["LOCAL_PASSWORD"],
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="smoke", description="One photo through a deployment.")
    parser.add_argument("--gateway", required=True, help="its address")
    parser.add_argument("--commit", help="the build that has to answer")
    parser.add_argument("--probes", action="store_true", help="ask /healthz and /readyz too")
    parser.add_argument("--stack-env", type=Path, help="stack.env of a stack on this machine")
    parser.add_argument("--sign-in", help="Cognito's endpoint, if it is not that of stack.env")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
