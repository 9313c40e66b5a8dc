"""The container's code with tiny models: what it loads, what it takes and what it answers."""

import inspect
import io
import json
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("torch", reason="needs torch: make test-sagemaker")

from infra.sagemaker import inference
from tests.sagemaker.checkpoints import WORDS


def _photo(kind: str = "JPEG", *, size: tuple[int, int] = (64, 48), colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


def _captioned(folder: Path, body: bytes, content_type: str = "image/jpeg") -> dict[str, object]:
    captioner = inference.model_fn(str(folder))
    prediction = inference.predict_fn(inference.input_fn(body, content_type), captioner)
    answer: dict[str, object] = json.loads(inference.output_fn(prediction, "application/json"))
    return answer


@pytest.mark.parametrize(
    ("kind", "name"), [("blip", "blip"), ("vit_gpt2", "vision-encoder-decoder")]
)
def test_each_kind_of_model_answers_a_sentence_its_name_and_its_time(
    kind: str, name: str, request: pytest.FixtureRequest
) -> None:
    answer = _captioned(request.getfixturevalue(kind), _photo())

    assert set(answer) == {"caption", "model", "duration_ms"}
    assert answer["model"] == name
    assert isinstance(answer["duration_ms"], int)
    words = str(answer["caption"]).split()
    assert words
    assert set(words) <= set(WORDS)


def test_name_on_the_hub_is_shown_instead_of_a_kind(
    blip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(inference.HUB_MODEL, "Salesforce/blip-image-captioning-base")

    assert _captioned(blip, _photo())["model"] == "Salesforce/blip-image-captioning-base"


def test_the_model_sees_the_photo(blip: Path) -> None:
    captioner = inference.model_fn(str(blip))
    seen = [
        captioner.image_processor(images=photo, return_tensors="pt").pixel_values
        for photo in (
            inference.input_fn(_photo(colour="red"), "image/jpeg"),
            inference.input_fn(_photo(colour="blue"), "image/jpeg"),
        )
    ]

    assert [tuple(pixels.shape) for pixels in seen] == [(1, 3, 32, 32)] * 2
    states = [captioner.network.vision_model(pixels).last_hidden_state for pixels in seen]
    assert not states[0].allclose(states[1])


def test_sentence_ends_at_the_limit_of_tokens(blip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(inference.MAX_NEW_TOKENS, "3")

    assert 1 <= len(str(_captioned(blip, _photo())["caption"]).split()) <= 3


def test_png_is_taken_too(blip: Path) -> None:
    assert _captioned(blip, _photo("PNG"), "image/png; charset=binary")["caption"]


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        pytest.param(b"no photo", "image/jpeg", "not a photo", id="text"),
        pytest.param(b"", "image/jpeg", "not a photo", id="nothing"),
        pytest.param(_photo()[:300], "image/jpeg", "not a photo", id="truncated"),
        pytest.param(_photo("PNG"), "image/jpeg", "not a photo", id="PNG named JPEG"),
        pytest.param(_photo("GIF"), "image/gif", "image/jpeg, image/png", id="GIF"),
        pytest.param(b"{}", "application/json", "image/jpeg, image/png", id="JSON"),
    ],
)
def test_what_is_no_photo_is_refused(body: bytes, content_type: str, reason: str) -> None:
    with pytest.raises(Exception, match=reason):
        inference.input_fn(body, content_type)


def test_photo_of_too_many_pixels_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(inference.MAX_PIXELS, "3000")

    with pytest.raises(Exception, match="3000 pixels"):
        inference.input_fn(_photo(size=(64, 48)), "image/jpeg")


def test_only_json_is_answered() -> None:
    assert inference.output_fn({}, "text/html, */*;q=0.1") == "{}"
    with pytest.raises(Exception, match="application/json"):
        inference.output_fn({}, "text/html")


def test_folder_without_a_model_needs_a_name_on_the_hub(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=inference.HUB_MODEL):
        inference.model_fn(str(tmp_path))


def test_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    tmp_path.joinpath("config.json").write_text('{"model_type": "gpt2"}')

    with pytest.raises(ValueError, match="gpt2"):
        inference.model_fn(str(tmp_path))


def test_handlers_have_as_many_arguments_as_the_toolkit_counts() -> None:
    handlers = (inference.model_fn, inference.input_fn, inference.predict_fn, inference.output_fn)

    counted = [len(inspect.signature(handler).parameters) for handler in handlers]

    assert counted == [1, 2, 2, 2]  # one more would be handed the toolkit's context
