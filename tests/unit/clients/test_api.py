from collections.abc import Iterator

import pytest

from clients.api import CaptionApi
from clients.problems import ApiProblem, Unreachable
from clients.resources import Image, Page
from clients.sessions import Patience
from shared.api import ImagePage, ImageView
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


def test_the_clients_models_have_every_field_of_the_contract() -> None:
    assert Image.model_fields.keys() == ImageView.model_fields.keys()
    assert Page.model_fields.keys() == ImagePage.model_fields.keys()


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
    with pytest.raises(ApiProblem) as caught:
        client.edit("an-id", {"concise": "x"})

    assert caught.value.status == 500


def test_every_image_reads_all_pages(server: FakeApi, client: CaptionApi) -> None:
    for number in range(205):
        server.submit(JPEG, str(number), None)

    assert len(list(client.every_image())) == 205
    assert server.requests == ["GET /v1/images"] * 3
