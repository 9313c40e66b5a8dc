import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from clients.api import CaptionApi
from clients.connection import Patience
from clients.problems import ApiProblem, NotSignedIn, Refused, Unavailable, Unreachable
from tests.unit.clients.fake_api import JPEG, FakeApi, Fault, running

QUICK = Patience(attempts=3, first_pause=0.01, longest_pause=1.0, timeout=5, upload_timeout=5)


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with running(FakeApi()) as api:
        yield api


@pytest.fixture
def client(server: FakeApi) -> Iterator[CaptionApi]:
    with CaptionApi(server.url, "token", patience=QUICK) as client:
        yield client


def test_values_and_fields_of_a_newer_gateway_are_read(client: CaptionApi) -> None:
    image = client.submit(JPEG, key="k")

    assert image.status == "queued"
    assert image.provider is not None
    assert image.provider.attempts[0].outcome == "from_tomorrow"
    assert image.timeline[0].stage == "from_tomorrow"


def test_what_the_gateway_asks_to_repeat_is_repeated(server: FakeApi, client: CaptionApi) -> None:
    server.faults = [Fault(503, "dependency_unavailable", 0), Fault(429, "too_many_uploads", 0)]

    client.submit(JPEG, key="k")

    assert len(server.requests) == 3


def test_a_key_in_flight_is_waited_for(server: FakeApi, client: CaptionApi) -> None:
    server.faults = [Fault(409, "idempotency_in_flight", 0)]

    assert client.submit(JPEG, key="k").status == "queued"


def test_attempts_have_an_end(server: FakeApi, client: CaptionApi) -> None:
    server.faults = [Fault(503, "overloaded", 0)] * 9

    with pytest.raises(ApiProblem) as caught:
        client.submit(JPEG, key="k")

    assert len(server.requests) == QUICK.attempts
    assert (caught.value.code, caught.value.status) == ("overloaded", 503)
    assert caught.value.request_id == "abc"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(503, "dependency_unavailable"),
        Fault(429, "rate_limited", 3600),
        Fault(429, "quota_exceeded", 0),
        Fault(422, "invalid_option", 0),
        Fault(500, "internal_error"),
    ],
)
def test_nothing_else_is_repeated(server: FakeApi, client: CaptionApi, fault: Fault) -> None:
    server.faults = [fault]

    with pytest.raises(ApiProblem):
        client.submit(JPEG, key="k")

    assert len(server.requests) == 1


def test_a_broken_connection_is_tried_again_where_that_is_safe(
    server: FakeApi, client: CaptionApi
) -> None:
    server.drop = 2

    client.submit(JPEG, key="k")

    assert len(server.images) == 1


def test_a_broken_connection_is_not_tried_again_where_it_could_do_things_twice(
    server: FakeApi, client: CaptionApi
) -> None:
    server.drop = 1

    with pytest.raises(Unreachable):
        client.caption_again("an-id", language="fr")

    assert len(server.requests) == 1


def test_an_error_that_is_no_problem_document_is_one_here(
    server: FakeApi, client: CaptionApi
) -> None:
    server.faults = [Fault(502, "", page=b"<h1>Bad Gateway</h1>")]

    with pytest.raises(ApiProblem) as caught:
        client.images()

    assert (caught.value.status, caught.value.code) == (502, "unknown")


@pytest.mark.parametrize(
    ("status", "kind"), [(401, NotSignedIn), (404, Refused), (429, Refused), (500, Unavailable)]
)
def test_problems_are_told_apart_by_what_helps(
    server: FakeApi, client: CaptionApi, status: int, kind: type[ApiProblem]
) -> None:
    server.faults = [Fault(status, "a_code")]

    with pytest.raises(kind) as caught:
        client.images()

    assert (caught.value.code, caught.value.detail) == ("a_code", "A fault.")


def test_a_gateway_that_is_gone_is_unreachable() -> None:
    with running(FakeApi()) as server:
        url = server.url

    with CaptionApi(url, "token", patience=QUICK) as client, pytest.raises(Unreachable):
        client.images()


def test_a_silent_gateway_is_unreachable_after_the_time_allowed(server: FakeApi) -> None:
    server.delay_s = 2.0
    patience = Patience(attempts=1, upload_timeout=0.5)

    with (
        CaptionApi(server.url, "token", patience=patience) as client,
        pytest.raises(Unreachable) as caught,
    ):
        client.submit(JPEG, key="k")

    assert str(caught.value) == "ReadTimeout"


def test_the_token_is_in_no_log(server: FakeApi, caplog: pytest.LogCaptureFixture) -> None:
    with (
        CaptionApi(server.url, "s3cret", patience=QUICK) as client,
        caplog.at_level(logging.DEBUG),
    ):
        client.submit(JPEG, key="k")

    assert "POST /v1/images" in caplog.text
    assert "s3cret" not in caplog.text


def test_threads_that_come_and_go_share_the_connections(
    server: FakeApi, client: CaptionApi, caplog: pytest.LogCaptureFixture
) -> None:
    for drop in range(10):
        with ThreadPoolExecutor(max_workers=4) as pool:
            keys = [f"{drop}-{number}" for number in range(8)]
            list(pool.map(lambda key: client.submit(JPEG, key=key), keys))

    assert len(server.images) == 80
    assert server.connections <= 4
    assert caplog.text == ""


def test_more_calls_at_once_than_connections_are_kept_all_work(server: FakeApi) -> None:
    server.delay_s = 0.05
    keys = [str(number) for number in range(12)]

    with (
        CaptionApi(server.url, "token", patience=QUICK, connections=2) as client,
        ThreadPoolExecutor(max_workers=12) as pool,
    ):
        images = list(pool.map(lambda key: client.submit(JPEG, key=key), keys))

    assert len({image.image_id for image in images}) == 12


def test_a_page_is_read_again_only_if_it_changed(server: FakeApi, client: CaptionApi) -> None:
    client.submit(JPEG, key="1", options={"batch": "b"})
    page = client.images(batch="b", limit=5)
    assert page.etag is not None

    same = client.images_if_changed(page.etag, batch="b", limit=5)
    client.submit(JPEG, key="2", options={"batch": "b"})
    other = client.images_if_changed(page.etag, batch="b", limit=5)

    assert same is None
    assert other is not None
    assert len(other.items) == 2
    assert other.etag not in {None, page.etag}


def test_every_image_reads_all_pages(server: FakeApi, client: CaptionApi) -> None:
    for number in range(205):
        server.submit(JPEG, str(number), None)

    assert len(list(client.every_image())) == 205
    assert server.requests == ["GET /v1/images"] * 3
