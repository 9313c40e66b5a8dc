"""The container's code under AWS's own inference toolkit, as the PyTorch containers run it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytest.importorskip("torch", reason="needs torch: make test-sagemaker")
toolkit = pytest.importorskip(
    "sagemaker_inference.transformer", reason="needs sagemaker-inference: make test-sagemaker"
)

CODE = Path(__file__).parents[2] / "infra" / "sagemaker"


class Context:
    """What the model server hands the toolkit with a request, and what is set on it."""

    def __init__(self, model_dir: Path, headers: dict[str, str]) -> None:
        self.system_properties = {"model_dir": str(model_dir)}
        self.request_processor = [self]
        self.headers = headers
        self.status = 200
        self.content_type: str | None = None

    def get_request_properties(self) -> dict[str, str]:
        return self.headers

    def set_response_status(self, code: int, phrase: str) -> None:
        self.status = code

    def set_response_content_type(self, _: int, content_type: str) -> None:
        self.content_type = content_type


@pytest.fixture
def invoke(blip: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(CODE)
    transformer = toolkit.Transformer()

    def invoked(body: bytes, content_type: str) -> tuple[Context, str]:
        context = Context(blip, {"Content-Type": content_type, "Accept": "application/json"})
        [answer] = transformer.transform([{"body": bytearray(body)}], context)
        return context, answer

    return invoked


def _jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "green").save(buffer, "JPEG")
    return buffer.getvalue()


def test_photo_is_answered_as_json(invoke: Any) -> None:
    context, answer = invoke(_jpeg(), "image/jpeg")

    assert (context.status, context.content_type) == (200, "application/json")
    assert set(json.loads(answer)) == {"caption", "model", "duration_ms"}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        pytest.param(b"no photo", "image/jpeg", 400, id="no photo"),
        pytest.param(b"{}", "application/json", 415, id="no image type"),
    ],
)
def test_bad_request_is_the_callers_fault_and_the_next_photo_is_captioned(
    invoke: Any, body: bytes, content_type: str, status: int
) -> None:
    refused, _ = invoke(body, content_type)
    served, answer = invoke(_jpeg(), "image/jpeg")

    assert refused.status == status
    assert served.status == 200
    assert json.loads(answer)["caption"]
