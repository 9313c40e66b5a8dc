"""Chosen photos as one ZIP, and photos deleted a few at a time."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from zipfile import ZipFile

from clients.problems import NotSignedIn, Refused, Unavailable, Unreachable
from clients.resources import Original
from services.ui import deleting, selection, selection_export
from services.ui.deleting import Deletion
from services.ui.selection import Selection
from services.ui.selection_export import Export
from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.samples import completed

GONE = Unavailable("dependency_unavailable", 503, "")
SIGNED_OUT = NotSignedIn("invalid_token", 401, "")


@dataclass
class Absent(FakeClient):
    """Deletes nothing but what is in ``reach``."""

    reach: frozenset[str] = frozenset()
    tried: int = 0

    def delete(self, image_id: str) -> None:
        self.tried += 1
        if image_id not in self.reach:
            raise Unreachable("timeout")
        super().delete(image_id)


def stocked(*content_types: str) -> FakeClient:
    client = FakeClient()
    for n, content_type in enumerate(content_types):
        original = Original(content_type=content_type, bytes=1000)
        client.add(completed(str(n)).model_copy(update={"original": original}))
    return client


@contextmanager
def exported(client: FakeClient, *image_ids: str) -> Iterator[Export]:
    export = Export(image_ids)
    selection_export.start(export, client, sleep=lambda _: None).join(20)
    assert export.is_finished
    try:
        yield export
    finally:
        if export.file is not None:
            export.file.close()


def archive_of(export: Export) -> ZipFile:
    assert export.file is not None
    return ZipFile(export.file)


def test_archive_holds_table_records_and_photos():
    with exported(stocked("image/jpeg", "image/gif"), "0", "1") as export:
        archive = archive_of(export)
        rows = list(csv.reader(io.StringIO(archive.read("captions.csv").decode("utf-8-sig"))))
        records = json.loads(archive.read("images.json"))
        assert sorted(archive.namelist()) == [
            "captions.csv",
            "images.json",
            "photos/0.jpg",
            "photos/1.gif",
        ]
    assert (export.problem, export.missing, export.done) == (None, 0, 2)
    assert [row[0] for row in rows] == ["image_id", "0", "1"]
    assert records[1]["original"]["url"] == "photos/1.gif"
    assert records[1]["thumbnail"] is None


def test_captions_go_into_photos_that_can_hold_them():
    client = stocked("image/jpeg", "image/gif")

    with exported(client, "0", "1"):
        downloads = [call for call in client.calls if call[0] == "download"]

    assert downloads == [
        ("download", "0", True),
        ("download", "1", True),
        ("download", "1", False),
    ]


def test_photo_deleted_meanwhile_is_named_and_the_others_are_there():
    with exported(stocked("image/jpeg"), "0", "9") as export:
        archive = archive_of(export)

        assert (export.missing, export.problem) == (1, None)
        assert archive.read("errors.txt") == b"9: deleted meanwhile\n"
        assert "photos/0.jpg" in archive.namelist()


def test_short_outage_is_waited_out():
    client = stocked("image/jpeg")
    client.faults = [GONE, Unreachable("reset"), Refused("too_many", 429, "", retry_after=1)]

    with exported(client, "0") as export:
        assert export.file is not None


def test_long_outage_leaves_no_half_of_a_file():
    client = stocked("image/jpeg")
    client.faults = [GONE] * 4

    with exported(client, "0") as export:
        assert export.file is None
        assert "try again" in str(export.problem)


def test_refused_token_ends_an_export():
    client = stocked("image/jpeg")
    client.faults = [SIGNED_OUT]

    with exported(client, "0") as export:
        assert (export.signed_out, export.file) == (True, None)


def test_too_many_or_too_large_photos_are_refused_with_a_way_out():
    large = completed("a").model_copy(
        update={"original": Original(content_type="image/png", bytes=150 * 1024 * 1024)}
    )

    assert selection.objection([large], 100) is None
    assert "Choose fewer" in str(selection.objection([large], 101))
    assert "200 MB" in str(selection.objection([large, large], 2))


def test_table_of_the_clipboard_evaluates_nothing():
    photo = completed("a")
    assert photo.captions is not None
    captions = photo.captions.model_copy(update={"concise": '=HYPERLINK("x")'})

    row = selection.row(photo.model_copy(update={"captions": captions}))

    assert next(csv.reader(io.StringIO(row)))[4] == '\'=HYPERLINK("x")'
    assert selection.header().startswith("image_id,")


def test_deleted_photo_is_not_chosen_again_by_an_old_message():
    chosen = Selection()
    chosen.choose(["a", "b"], [completed("a"), completed("b")])

    chosen.drop(["a"])
    chosen.choose(["a", "b"], [completed("a")])

    assert list(chosen.photos) == ["b"]


def deleted(client: FakeClient, *image_ids: str) -> Deletion:
    deletion = Deletion(image_ids)
    deleting.start(deletion, client).join(20)
    assert deletion.is_finished
    return deletion


def test_deletion_tells_what_it_could_not():
    client = stocked("image/jpeg", "image/jpeg")
    client.faults = [GONE]

    deletion = deleted(client, "0", "1")

    assert (len(deletion.deleted), len(deletion.missed), len(deletion.unanswered)) == (1, 1, 1)
    assert set(client.known) == deletion.missed


def test_deletion_stops_asking_a_gateway_that_is_away():
    client = Absent()

    deletion = deleted(client, *(str(n) for n in range(50)))

    assert len(deletion.missed) == 50
    assert client.tried <= 8


def test_refused_token_ends_a_deletion():
    client = stocked("image/jpeg")
    client.faults = [SIGNED_OUT] * 4

    assert deleted(client, "0").signed_out
