"""The history that reads are measured on is one that our services could have stored."""

from benchmarks.histories import history
from shared.items import from_item
from shared.records import Status


def test_history_is_of_finished_photos_and_one_under_way() -> None:
    images, (owner, *items) = history("ana", 3, hash_key="h" * 32)

    records = [from_item(item) for item in items]

    assert owner["SK"] == {"S": "CONTROL"}
    assert sorted(images, reverse=True) == list(images)
    assert {record.image_id for record in records} == set(images)
    assert {r.image_id: r.status for r in records if not r.status.is_terminal} == {
        images[0]: Status.CAPTIONING
    }
    assert all(record.is_captioned for record in records if record.image_id != images[0])
