"""One photo of which everything is known, and its page without a browser."""

from typing import Any

from streamlit.testing.v1 import AppTest

from clients.problems import ApiError
from clients.resources import Image, Label, Original, Photo, Provider, Stage, Try
from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.one_run import opened
from tests.unit.ui.samples import NOW, completed


def photo_page(client: FakeClient, image_id: str = "a", *, told: object = None) -> AppTest:
    """The page; ``told`` is what the browser says of the texts that it wants saved."""
    state = {} if told is None else {f"texts-{image_id}": {"wishes": told}}
    return opened("history", client, address={"image": image_id}, **state)


def whole(**fields: Any) -> Image:
    """A photo of which everything is known."""
    attempts = [
        Try(provider="bedrock", model="m", outcome="throttled", reason="too_many", duration_ms=180),
        Try(provider="sagemaker", model="m", outcome="circuit_open", duration_ms=0),
        Try(provider="new one", model="m", outcome="who knows", duration_ms=10),
        Try(
            provider="huggingface",
            model="qwen",
            outcome="ok",
            duration_ms=1240,
            input_tokens=1630,
            output_tokens=82,
            cost_usd=0.0012,
        ),
    ]
    known: dict[str, Any] = {
        "original": Original(
            url="http://objects.test/o", content_type="image/jpeg", width=40, height=30, bytes=2048
        ),
        "labels": [Label(name="Cat & <i>mat</i>", confidence=0.984)],
        "photo": Photo(taken_at="2026-05-01T18:04:09+02:00", camera="Fuji"),
        "provider": Provider(name="huggingface", model="qwen", degraded=True, attempts=attempts),
        "timeline": [Stage(stage="queued", started_at=NOW, duration_ms=40)],
    }
    return completed("a").model_copy(update=known | fields)


def client_with(photo: Image) -> FakeClient:
    client = FakeClient()
    client.add(photo)
    return client


def refusing(fault: ApiError) -> Any:
    """A call that comes to nothing."""

    def call(*args: Any, **options: Any) -> Any:
        raise fault

    return call
