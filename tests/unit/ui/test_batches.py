from services.ui.batches import Batch, Item, Stage, stage_of
from tests.unit.ui.fake_client import completed, failed, image


def sent(image_id: str, status: str = "queued") -> Item:
    return Item(name=f"{image_id}.jpg", key=image_id, photo=image(image_id, status))


def test_list_answer_moves_the_photos_it_names_and_no_other():
    batch = Batch(id="b", items=[sent("a"), sent("b")], loaded=True)

    news = batch.fold([image("a", "captioning")])

    assert news
    assert [item.stage for item in batch.items] == [Stage.CAPTIONING, Stage.WAITING]


def test_same_answer_again_is_no_news():
    batch = Batch(id="b", items=[sent("a")], loaded=True)

    assert not batch.fold([image("a", "queued")])


def test_reloaded_page_finds_the_photos_of_its_batch():
    batch = Batch(id="b")
    assert not batch.is_finished()

    batch.fold([completed("2"), completed("1")])

    assert [item.key for item in batch.items] == ["1", "2"]
    assert batch.is_finished()


def test_photo_whose_answer_is_on_its_way_is_not_listed_twice():
    batch = Batch(id="b", items=[Item(name="x.jpg", key="k", data=b"x")], loaded=True)

    batch.fold([image("a", "queued")])

    assert len(batch.items) == 1


def test_counts_tell_done_from_failed_and_unsent():
    unsent = Item(name="notes.txt", key="k", problem="not a photo")
    batch = Batch(
        id="b",
        items=[
            Item(name="a", key="a", photo=completed("a")),
            Item(name="b", key="b", photo=failed("b", code="timed_out")),
            unsent,
            sent("c"),
        ],
        loaded=True,
    )

    counts = batch.counts()

    assert (counts.total, counts.done, counts.failed, counts.ended) == (4, 1, 2, 3)
    assert not batch.is_finished()


def test_status_from_the_future_counts_as_under_way():
    assert stage_of(image("a", "polishing")) is Stage.CAPTIONING


class SentBetweenTwoLooks(Item):
    """An item whose sender is through just after somebody has looked at it."""

    looks = 0

    def __getattribute__(self, name: str):
        value = super().__getattribute__(name)
        if name == "photo":
            SentBetweenTwoLooks.looks += 1
            if SentBetweenTwoLooks.looks == 1:
                self.photo = image("a", "queued")
        return value


def test_photo_that_is_sent_while_the_list_is_read_is_not_listed_twice():
    batch = Batch(id="b", items=[SentBetweenTwoLooks(name="x.jpg", key="k")], loaded=True)

    batch.fold([image("a", "queued")])

    assert len(batch.items) == 1
