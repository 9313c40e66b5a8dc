"""Copies of a photo are photos of their own, as complete as the one that was copied."""

from benchmarks.behind import Original
from benchmarks.histories import history
from shared.items import from_item, related_keys
from shared.object_store import image_object_key

HASH_KEY = "a key that is long enough for it"


def original() -> Original:
    _, (control, *items) = history("ana", 2, hash_key=HASH_KEY)
    record = from_item(items[0])
    (key,) = related_keys(items[0])
    captions = {"PK": {"S": "USER#ana"}, "SK": {"S": key}, "image_id": {"S": record.image_id}}
    return Original(record, captions, control)


def test_copies_are_finished_photos_of_another_user() -> None:
    copied = original()

    items = copied.copies("ben", 3)

    records = [from_item(item) for item in items if item["SK"]["S"].startswith("IMAGE#")]
    assert len(records) == 3
    assert {record.user_id for record in records} == {"ben"}
    assert [record.image_id for record in records] == sorted({r.image_id for r in records})
    assert all(
        record.model_dump(exclude_none=True).keys()
        == copied.record.model_dump(exclude_none=True).keys()
        for record in records
    )


def test_copies_share_no_key_with_the_original_or_each_other() -> None:
    copied = original()

    items = copied.copies("ben", 3)

    keys = {(item["PK"]["S"], item["SK"]["S"]) for item in items}
    assert len(keys) == len(items) == 1 + 3 + 3  # control item, records, cached captions
    for item in items:
        if item["SK"]["S"].startswith("IMAGE#"):
            record = from_item(item)
            assert record.thumbnail is not None
            key = image_object_key("ben", record.image_id, "thumbnail.jpg")
            assert record.thumbnail.key == key
            assert {("USER#ben", key) for key in related_keys(item)} <= keys
