"""The fake gateway through the real client: what the page's tests rely on."""

import hashlib
import io
import zipfile
from collections.abc import Iterator

import pytest
import requests
from PIL import Image

from clients.api import CaptionApi
from clients.connection import Patience
from clients.problems import ApiProblem, NotSignedIn, Refused, Unavailable, Unreachable
from tests.unit.ui.fake_gateway import FakeGateway, running


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    with running(FakeGateway()) as gateway:
        yield gateway


@pytest.fixture
def client(gateway: FakeGateway) -> Iterator[CaptionApi]:
    with client_of(gateway) as client:
        yield client


def client_of(gateway: FakeGateway, token: str = "good") -> CaptionApi:  # noqa: S107  of no use anywhere
    return CaptionApi(gateway.url, token, patience=Patience(attempts=1, timeout=5.0))


def picture(format_: str = "JPEG", colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, format_)
    return out.getvalue()


def test_direct_upload_becomes_one_photo(client, gateway):
    data = picture()
    upload = client.begin_upload("image/jpeg", len(data), options={"batch": "b", "style": "dry"})
    client.post(upload, data)

    first = client.complete_upload(upload.upload_id)
    again = client.complete_upload(upload.upload_id)

    assert first == again
    assert first.image_id == upload.upload_id
    assert (first.batch, first.status) == ("b", "completed")
    assert "In the style: dry" in first.captions.creative
    assert client.me().quota.remaining == 59
    assert gateway.requests["POST /bucket"] == 1


def test_bucket_takes_only_what_was_promised(client, gateway):
    upload = client.begin_upload("image/jpeg", 100)

    with pytest.raises(ApiProblem) as too_large:
        client.post(upload, bytes(101))
    forged = upload.model_copy(update={"fields": {**upload.fields, "key": "images/ben/x"}})
    with pytest.raises(ApiProblem) as elsewhere:
        client.post(forged, b"x")

    assert (too_large.value.status, elsewhere.value.status) == (400, 403)
    with pytest.raises(Refused, match="upload_missing"):
        client.complete_upload(upload.upload_id)


def test_expired_upload_gives_its_unit_back_once(client, gateway):
    gateway.upload_life_s = -1
    upload = client.begin_upload("image/jpeg", 100)

    for _ in range(2):
        with pytest.raises(Refused, match="upload_expired"):
            client.complete_upload(upload.upload_id)

    assert client.me().quota.remaining == 60


def test_spent_quota_names_the_wait(client, gateway):
    gateway.people["good"].left = 0

    with pytest.raises(Refused, match="quota_exceeded") as refused:
        client.begin_upload("image/jpeg", 100)

    assert refused.value.retry_after == 60


def test_browser_may_post_to_the_bucket_and_nothing_else(gateway):
    def asked(path: str, method: str) -> requests.Response:
        headers = {"Origin": "http://page.test", "Access-Control-Request-Method": method}
        return requests.options(gateway.url + path, headers=headers, timeout=5)

    allowed = asked("/bucket", "POST")

    assert allowed.headers["Access-Control-Allow-Origin"] == "http://page.test"
    assert allowed.headers["Access-Control-Allow-Methods"] == "POST"
    assert asked("/bucket", "PUT").status_code == 403
    assert "Access-Control-Allow-Origin" not in asked("/v1/images", "GET").headers


def test_edit_of_a_stale_version_is_refused(client, gateway):
    image_id = gateway.add(picture())
    seen = client.image(image_id)

    edited = client.edit(image_id, {"concise": "Mine"}, version=seen.version)

    assert (edited.captions.concise, edited.captions.edited) == ("Mine", True)
    with pytest.raises(Refused, match="precondition_failed"):
        client.edit(image_id, {"concise": "Theirs"}, version=seen.version)


def test_captions_made_again_differ_and_drop_the_edits(client, gateway):
    image_id = gateway.add(picture())
    before = client.edit(image_id, {"alt_text": "Mine"})

    after = client.caption_again(image_id, language="de", provider="bedrock")

    assert after.captions.concise.startswith("Ein Foto in")
    assert after.captions.alt_text != before.captions.alt_text
    assert (after.provider.name, after.provider.degraded) == ("bedrock", False)
    assert after.version > before.version


def test_download_has_the_captions_inside_where_the_format_can(client, gateway):
    jpeg, gif = gateway.add(picture()), gateway.add(picture("GIF"))

    assert b"AltTextAccessibility" in client.download(jpeg, with_captions=True)
    with pytest.raises(Refused, match="metadata_unsupported"):
        client.download(gif, with_captions=True)


def test_doomed_photo_fails_and_another_try_helps(client, gateway):
    data = picture()
    gateway.doomed[hashlib.sha256(data).hexdigest()] = "timed_out"
    photo = client.submit(data, key="k")
    assert (photo.status, photo.error.code) == ("failed", "timed_out")

    assert client.retry(photo.image_id).status == "completed"
    with pytest.raises(Refused, match="not_failed"):
        client.retry(photo.image_id)


def test_users_see_their_own_photos_only(client, gateway):
    mine, theirs = gateway.add(picture()), gateway.add(picture(), owner="ben")

    with client_of(gateway, "ben") as other:
        assert [photo.image_id for photo in other.images().items] == [theirs]
        with pytest.raises(Refused, match="not_found"):
            other.image(mine)
        other.delete(mine)
        with pytest.raises(Refused, match="forbidden"):
            other.admin.queues()

    assert client.image(mine).image_id == mine
    with client_of(gateway, "forged") as nobody, pytest.raises(NotSignedIn):
        nobody.me()


def test_list_filters_and_pages(client, gateway):
    ids = [gateway.add(picture(), batch="b" if n % 2 else None) for n in range(5)]
    failed = gateway.add(picture(), failed_by="timed_out", days_ago=1)

    page = client.images(limit=2, batch="b")
    [only] = client.images(status="failed").items

    assert [photo.image_id for photo in page.items] == [ids[3], ids[1]]
    assert page.next_cursor is None
    assert only.image_id == failed
    first = client.images(limit=4)
    assert len(client.images(limit=4, cursor=first.next_cursor).items) == 2
    with pytest.raises(Refused, match="invalid_cursor"):
        client.images(cursor=first.next_cursor, q="cat")


def test_list_that_is_known_is_not_sent_again(gateway):
    image_id = gateway.add(picture())
    headers = {"Authorization": "Bearer good"}
    first = requests.get(f"{gateway.url}/v1/images", headers=headers, timeout=5)
    known = headers | {"If-None-Match": first.headers["ETag"]}

    same = requests.get(f"{gateway.url}/v1/images", headers=known, timeout=5)
    gateway.images[image_id].touch()
    other = requests.get(f"{gateway.url}/v1/images", headers=known, timeout=5)

    assert first.headers["ETag"].startswith("W/")
    assert (same.status_code, other.status_code) == (304, 200)


def test_wait_ends_with_the_photo(client, gateway):
    gateway.step_s = 0.05

    photo = client.submit(picture(), key="k")
    done = client.image(photo.image_id, wait=10)

    assert (photo.status, done.status) == ("queued", "completed")
    assert done.version == 4
    assert [stage.stage for stage in done.timeline][-1] == "caption"


def test_export_holds_texts_and_originals(client, gateway):
    image_id = gateway.add(picture())
    out = io.BytesIO()

    assert client.export(out) is None

    with zipfile.ZipFile(out) as archive:
        assert f"originals/{image_id}.jpg" in archive.namelist()
        assert image_id in archive.read("captions.csv").decode()


def test_large_export_comes_in_parts(client, gateway):
    gateway.export_at_once = 2
    for _ in range(3):
        gateway.add(picture())

    export = client.export(io.BytesIO())

    assert [part.images for part in export.parts] == [2, 1]
    out = io.BytesIO()
    client.export_part(export.parts[1], out)
    assert zipfile.is_zipfile(out)


def test_deletion_of_everything_has_a_receipt(client, gateway):
    gateway.deletion_s = 0.2
    gateway.add(picture())
    kept = gateway.add(picture(), owner="ben")

    begun = client.delete_all()

    assert (begun.status, begun.deleted.records) == ("running", 1)
    assert client.images().items == []
    assert list(gateway.images) == [kept]
    gateway.people["good"].deleted_at = 0
    assert client.deletion(begun.deletion_id).completed


def test_operators_see_letters_and_send_them_back(client, gateway):
    [ingest, caption] = client.admin.queues().queues
    assert (ingest.dead_letters, caption.dead_letters) == (0, 3)
    assert len(client.admin.dead_letters("caption").items) == 3

    moved = client.admin.redrive("caption").messages

    assert moved == 3
    assert client.admin.dead_letters("caption").items == []
    client.admin.purge("caption-dlq")
    assert len(client.admin.usage(days=3).days) == 3
    assert client.admin.usage().days[0].failed_by_code
    assert client.admin.queue_history(hours=1).points
    client.admin.switch_provider("local", enabled=False)
    by_name = {each.name: each for each in client.admin.providers().providers}
    assert not by_name["local"].enabled
    assert by_name["bedrock"].end_of_life


def test_outages_look_like_outages(client, gateway):
    gateway.down = True
    with pytest.raises(Unavailable):
        client.me()

    gateway.down, gateway.gone = False, True
    with pytest.raises(Unreachable):
        client.me()
