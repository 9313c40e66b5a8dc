from clients.resources import Image
from services.ui.batches import Batch, Stage, stage_of
from tests.unit.ui.samples import completed, image


def batch_of(*photos: tuple[str, str]) -> Batch:
    batch = Batch("b")
    for image_id, status in photos:
        batch.put(image(image_id, status))
    return batch


def newer(image_id: str, status: str, version: int = 2) -> Image:
    return image(image_id, status).model_copy(update={"version": version})


def test_list_answer_moves_the_photos_it_names_and_no_other():
    batch = batch_of(("a", "queued"), ("b", "queued"))

    news = batch.fold([newer("a", "captioning")])

    assert news == ["a"]
    assert [stage_of(photo) for photo in batch.photos.values()] == [Stage.CAPTIONING, Stage.WAITING]


def test_same_answer_again_is_no_news():
    assert batch_of(("a", "queued")).fold([image("a", "queued")]) == []


def test_answer_that_was_overtaken_changes_nothing():
    batch = Batch("b")
    batch.put(newer("a", "completed", 4))

    assert batch.fold([newer("a", "captioning", 3)]) == []
    assert batch.photos["a"].status == "completed"


def test_reloaded_page_finds_the_photos_of_its_batch():
    batch = Batch("b")
    assert batch.is_listed

    batch.fold([completed("2"), completed("1")])

    assert list(batch.photos) == ["1", "2"]
    assert not batch.is_listed


def test_photo_whose_answer_is_on_its_way_is_not_shown_twice():
    batch = Batch("b")

    news = batch.fold([image("a", "queued")], unsure=frozenset({"file"}))
    batch.put(image("a", "queued"))

    assert news == []
    assert batch.adopt(frozenset()) == []
    assert list(batch.photos) == ["a"]


def test_listed_photo_that_is_none_of_the_files_is_taken_up_once_that_is_known():
    batch = Batch("b")
    batch.fold([image("a", "queued")], unsure=frozenset({"one", "two"}))

    still_unsure = batch.adopt(frozenset({"two", "three"}))
    known = batch.adopt(frozenset({"three"}))

    assert (still_unsure, known) == ([], ["a"])
    assert batch.adopt(frozenset()) == []


def test_photo_that_was_done_and_is_listed_no_longer_is_gone():
    batch = batch_of(("a", "completed"), ("b", "queued"))

    news = batch.fold([], expected=batch.settled)

    assert news == ["a"]
    assert list(batch.photos) == ["b"]


def test_photo_that_came_after_the_list_was_asked_for_is_kept():
    batch = Batch("b")
    expected = batch.settled
    batch.put(image("a", "completed"))

    batch.fold([], expected=expected)

    assert list(batch.photos) == ["a"]


def test_status_from_the_future_counts_as_under_way():
    assert stage_of(image("a", "polishing")) is Stage.CAPTIONING
