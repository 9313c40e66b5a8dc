"""What was ever sent must parse for ever; what was never ours must be refused with a reason."""

from pathlib import Path

import pytest

from shared.contracts import BODY_LIMIT, ImageIngested, ImageUploaded, parse_message
from shared.errors import Malformed

SENT = sorted((Path(__file__).parent / "messages").glob("*.json"))


@pytest.mark.parametrize("path", SENT, ids=lambda path: path.stem)
def test_every_message_ever_sent_still_parses(path: Path) -> None:
    message = parse_message(path.read_text())

    assert message.kind == path.stem


@pytest.mark.parametrize("kind", [ImageUploaded, ImageIngested], ids=lambda kind: kind.__name__)
def test_every_message_class_has_a_sent_body_kept(
    kind: type[ImageUploaded | ImageIngested],
) -> None:
    assert f"{kind.model_fields['kind'].default}.json" in {path.name for path in SENT}


def test_an_unknown_field_from_newer_code_is_ignored() -> None:
    body = SENT[0].read_text().rstrip().removesuffix("}") + ',"added_later": [1, 2]}'

    assert parse_message(body).job == "b7a1f2"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param("not json", id="no json"),
        pytest.param("[]", id="a list"),
        pytest.param('{"kind": "image.uploaded.v9"}', id="unknown kind"),
        pytest.param('{"kind": "image.uploaded.v1"}', id="fields missing"),
        pytest.param('{"kind": "image.uploaded.v1", "user_id": 7}', id="wrong type"),
        pytest.param("[" * 20_000, id="deep nesting"),
        pytest.param("x" * (BODY_LIMIT + 1), id="too long"),
    ],
)
def test_what_is_not_ours_is_malformed(body: str) -> None:
    with pytest.raises(Malformed):
        parse_message(body)


def test_the_reason_names_fields_and_never_their_values() -> None:
    body = SENT[1].read_text().replace('"epoch":0', '"epoch":"a secret"')

    with pytest.raises(Malformed) as refusal:
        parse_message(body)

    assert "epoch" in refusal.value.reason
    assert "secret" not in refusal.value.reason
