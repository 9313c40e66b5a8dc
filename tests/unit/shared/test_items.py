"""Records to DynamoDB items and back."""

import math
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.items import Update, active_shard, from_item, image_key, to_attribute, to_item
from shared.records import ACTIVE_SHARDS, Attempt, Label, Provider, Status, StoredImage
from tests.unit.shared.test_records import record

# Numbers keep nine decimals.
number = st.floats(0, 1, allow_nan=False).map(lambda value: round(value, 9))
text = st.text(min_size=1, max_size=40)


@given(
    caption=text,
    confidence=number,
    pixels=st.integers(1, 50_000),
    cost=st.none() | number,
    check_at=st.none() | st.floats(1.6e9, 2e9).map(lambda value: round(value, 3)),
)
def test_a_record_survives_the_way_through_an_item(
    caption: str, confidence: float, pixels: int, cost: float | None, check_at: float | None
) -> None:
    attempt = Attempt(provider="local", model="m", outcome="ok", duration_ms=3, cost_usd=cost)
    before = record(
        status=Status.COMPLETED,
        concise_caption=caption,
        check_at=check_at,
        label_details=(Label(name=caption, confidence=confidence, source="local"),),
        original=StoredImage(
            key="k", content_type="image/png", bytes=9, width=pixels, height=1, sha256="0"
        ),
        provider=Provider(name="local", model="m", degraded=True, attempts=(attempt,)),
    )

    assert from_item(to_item(before)) == before


documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
)


@given(documents)
def test_attributes_are_those_of_boto3(document: object) -> None:
    assert to_attribute(document) == TypeSerializer().serialize(document)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_stored_to_nine_decimals(value: float) -> None:
    assert float(to_attribute(value)["N"]) == round(value, 9)


@pytest.mark.parametrize("value", [math.nan, math.inf, b"bytes", {1, 2}, object()])
def test_what_a_record_can_not_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        to_attribute([value])


def test_a_number_too_small_for_dynamodb_is_stored_as_zero() -> None:
    label = Label(name="Cat", confidence=3e-173, source="local")

    stored = from_item(to_item(record(label_details=(label,))))

    assert stored.label_details == (Label(name="Cat", confidence=0.0, source="local"),)


def test_the_error_of_a_damaged_item_does_not_quote_it() -> None:
    item = to_item(record(concise_caption="A secret cat")) | {"version": {"S": "secret"}}

    with pytest.raises(ValidationError) as refusal:
        from_item(item)

    assert "secret" not in str(refusal.value)


def test_an_item_has_the_documented_key() -> None:
    item = to_item(record())

    assert item["PK"] == {"S": "USER#u"}
    assert item["SK"] == {"S": "IMAGE#0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}


def test_only_an_unfinished_record_is_in_the_sparse_index() -> None:
    assert "active_shard" not in to_item(record())
    assert "active_shard" in to_item(record(check_at=1.0))


@given(st.uuids())
def test_shards_stay_within_their_number(image_id: object) -> None:
    assert 0 <= int(active_shard(str(image_id))) < ACTIVE_SHARDS


def test_an_update_aliases_every_name_and_removes_what_is_none() -> None:
    arguments: dict[str, Any] = (
        Update()
        .set(status=Status.FAILED, lease_id=None)
        .add("version", 1)
        .when("{job} = :job", job="j1")
        .when("attribute_not_exists({lease_until}) OR {lease_until} <= :now", now=5)
        .when_in("status", [Status.QUEUED])
        .arguments()
    )

    assert arguments["UpdateExpression"] == (
        "SET #status = :v0, #version = #version + :v1 REMOVE #lease_id"
    )
    assert arguments["ConditionExpression"] == (
        "(#job = :v2) AND (attribute_not_exists(#lease_until) OR #lease_until <= :v3)"
        " AND #status IN (:v4)"
    )
    assert arguments["ExpressionAttributeValues"][":v0"] == {"S": "failed"}
    assert arguments["ExpressionAttributeNames"]["#lease_until"] == "lease_until"


def test_keys_of_different_users_differ() -> None:
    assert image_key("a", "i") != image_key("b", "i")
