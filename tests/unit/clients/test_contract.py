"""Every call of the user's contract, over HTTP."""

import zipfile
from collections.abc import Iterator
from io import BytesIO

import pytest

from clients.api import CaptionApi
from clients.connection import Patience
from clients.problems import ApiProblem, Unreachable
from clients.resources import ExportPart, Image
from tests.unit.clients.fake_api import JPEG, FakeApi, Fault, running
from tests.unit.clients.fake_rest import DELETION, Rest

QUICK = Patience(attempts=3, first_pause=0.01, longest_pause=1.0, timeout=5, upload_timeout=5)


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with running(FakeApi()) as api:
        yield api


@pytest.fixture
def rest(server: FakeApi) -> Rest:
    server.rest = Rest(server)
    return server.rest


@pytest.fixture
def client(server: FakeApi) -> Iterator[CaptionApi]:
    with CaptionApi(server.url, "token", patience=QUICK) as client:
        yield client


@pytest.fixture
def image(client: CaptionApi, rest: Rest) -> Image:
    return client.submit(JPEG + b"photo", key="k")


def test_the_account_tells_quota_and_photos(client: CaptionApi, image: Image) -> None:
    account = client.me()

    assert (account.user_id, account.groups, account.images) == ("ana", ["admins"], 1)
    assert (account.quota.remaining, account.quota.limit) == (59, 60)


def test_a_batch_is_counted(client: CaptionApi, rest: Rest) -> None:
    assert client.batch("b.1").counts.total == 2


def test_one_photo_is_read_and_waited_for(client: CaptionApi, image: Image, rest: Rest) -> None:
    read = client.image(image.image_id, wait=20)

    assert read.settled
    assert rest.asked[-1].query == {"wait": "20"}


def test_a_photo_is_read_again_only_in_another_version(
    client: CaptionApi, image: Image, rest: Rest
) -> None:
    same = client.image_if_changed(image.image_id, version=image.version, wait=5)
    other = client.image_if_changed(image.image_id, version=image.version - 1)

    assert same is None
    assert other is not None
    assert other.version == image.version
    assert [asked.query for asked in rest.asked] == [{"wait": "5"}, {}]


def test_an_id_is_no_path(client: CaptionApi, rest: Rest) -> None:
    with pytest.raises(ApiProblem) as caught:
        client.image("../me")

    assert caught.value.code == "not_found"


def test_an_edit_of_the_version_that_was_read_is_taken(client: CaptionApi, image: Image) -> None:
    edited = client.edit(image.image_id, {"concise": "My cat"}, version=image.version)

    assert edited.captions is not None
    assert (edited.captions.concise, edited.captions.creative) == ("My cat", "c")
    assert edited.captions.edited
    assert edited.version == image.version + 1


def test_an_edit_of_another_version_is_refused(client: CaptionApi, image: Image) -> None:
    with pytest.raises(ApiProblem) as caught:
        client.edit(image.image_id, {"concise": "x"}, version=image.version - 1)

    assert (caught.value.status, caught.value.code) == (412, "precondition_failed")


def test_captioning_again_asks_for_what_was_given(
    client: CaptionApi, image: Image, rest: Rest
) -> None:
    again = client.caption_again(image.image_id, language="fr", provider="local")

    assert again.status == "queued"
    assert rest.asked[-1].json() == {"language": "fr", "provider": "local"}


def test_a_failed_photo_is_tried_again(server: FakeApi, client: CaptionApi, image: Image) -> None:
    server.status = "failed"

    assert client.retry(image.image_id).status == "queued"


def test_another_try_of_a_good_photo_is_refused(client: CaptionApi, image: Image) -> None:
    with pytest.raises(ApiProblem) as caught:
        client.retry(image.image_id)

    assert caught.value.code == "not_failed"


def test_the_file_comes_back_with_or_without_its_captions(client: CaptionApi, image: Image) -> None:
    assert client.download(image.image_id) == JPEG + b"photo"
    assert client.download(image.image_id, with_captions=True) == JPEG + b"photoXMP"


def test_a_deleted_photo_is_gone(server: FakeApi, client: CaptionApi, image: Image) -> None:
    client.delete(image.image_id)

    assert server.images == {}


def test_an_export_is_written_to_a_file(client: CaptionApi, image: Image) -> None:
    file = BytesIO()

    parts = client.export(file)

    assert parts is None
    assert zipfile.ZipFile(file).namelist() == [f"originals/{image.image_id}.jpg"]


def test_a_large_export_comes_in_parts(client: CaptionApi, image: Image, rest: Rest) -> None:
    rest.in_parts = True
    nothing, file = BytesIO(), BytesIO()

    export = client.export(nothing)
    assert export is not None
    assert export.parts is not None
    client.export_part(export.parts[0], file)

    assert nothing.getvalue() == b""
    assert [part.part for part in export.parts] == [1, 2]
    assert zipfile.ZipFile(file).testzip() is None


def test_an_export_that_breaks_off_is_no_success(
    client: CaptionApi, image: Image, rest: Rest
) -> None:
    rest.cut_off = True

    with pytest.raises(Unreachable):
        client.export(BytesIO())


def test_a_refused_export_says_why(server: FakeApi, client: CaptionApi, rest: Rest) -> None:
    server.faults = [Fault(429, "too_many_downloads")]

    with pytest.raises(ApiProblem) as caught:
        client.export(BytesIO())

    assert caught.value.code == "too_many_downloads"


def test_the_token_goes_to_no_other_host(client: CaptionApi, rest: Rest) -> None:
    part = ExportPart(part=1, images=1, max_bytes=1, url="@elsewhere.test/parts/1")

    with pytest.raises(ValueError, match="gateway only"):
        client.export_part(part, BytesIO())


def test_deleting_everything_gives_a_receipt(client: CaptionApi, rest: Rest) -> None:
    receipt = client.delete_all()

    assert receipt.completed
    assert (receipt.deleted.records, receipt.deleted.object_versions) == (1, 4)


def test_a_long_deletion_is_asked_for(client: CaptionApi, rest: Rest) -> None:
    rest.deletion = "running"

    begun = client.delete_all()
    ended = client.deletion(begun.deletion_id)

    assert (begun.deletion_id, begun.completed, begun.completed_at) == (DELETION, False, None)
    assert ended.completed


def test_deleting_everything_is_not_asked_twice(
    server: FakeApi, client: CaptionApi, rest: Rest
) -> None:
    server.drop = 1

    with pytest.raises(Unreachable):
        client.delete_all()

    assert server.requests == ["DELETE /v1/me/data"]


def test_a_file_goes_to_the_store_directly(client: CaptionApi, rest: Rest) -> None:
    options = {"labels": "false", "language": "fr", "keep_exif": "true"}

    upload = client.begin_upload("image/jpeg", len(JPEG), options=options)
    client.post(upload, JPEG)
    image = client.complete_upload(upload.upload_id)

    begun, posted, _ = rest.asked
    assert image.status == "queued"
    assert begun.json() == {
        "content_type": "image/jpeg",
        "bytes": 3,
        "options": {"labels": False, "language": "fr", "keep_exif": True},
    }
    assert "Authorization" not in posted.headers
    parts = [posted.data.index(f'name="{name}"'.encode()) for name in (*upload.fields, "file")]
    assert parts == sorted(parts)
    assert JPEG in posted.data


def test_an_upload_without_its_file_is_refused(client: CaptionApi, rest: Rest) -> None:
    with pytest.raises(ApiProblem) as caught:
        client.complete_upload("0193-upload")

    assert caught.value.code == "upload_missing"


def test_a_file_that_the_store_refuses_is_a_problem(
    server: FakeApi, client: CaptionApi, rest: Rest
) -> None:
    upload = client.begin_upload("image/jpeg", 3)
    server.faults = [Fault(403, "", page=b"<Error><Code>AccessDenied</Code></Error>")]

    with pytest.raises(ApiProblem) as caught:
        client.post(upload, JPEG)

    assert (caught.value.status, caught.value.code) == (403, "unknown")


def test_completing_is_repeated_after_a_broken_connection(
    server: FakeApi, client: CaptionApi, rest: Rest
) -> None:
    upload = client.begin_upload("image/jpeg", 3)
    client.post(upload, JPEG)
    server.drop = 1

    assert client.complete_upload(upload.upload_id).status == "queued"
