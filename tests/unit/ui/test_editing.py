"""What saving a text comes to, whatever happened to it in between."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from clients.problems import NotSignedIn, Refused, Unreachable
from clients.resources import Image
from services.ui import editing
from services.ui.components.texts import Outcome, Wish
from tests.unit.ui.fake_client import FakeClient, completed

BASE = "A cat on a mat"


def wish(text: str, *, base: str = BASE) -> Wish:
    return Wish(text, base, number=1)


def saved(client: FakeClient, photo: Image, wanted: Wish) -> tuple[Image, Outcome]:
    return editing.save(client, photo, "alt_text", wanted)


def alt_text(client: FakeClient) -> str:
    captions = client.known["a"].captions
    assert captions is not None
    return captions.alt_text


@pytest.fixture
def client() -> FakeClient:
    client = FakeClient()
    client.add(completed("a"))
    return client


def test_text_is_saved_in_the_version_that_was_seen(client):
    photo, outcome = saved(client, client.known["a"], wish("Mine"))

    assert outcome.kind == "saved"
    assert client.calls == [("edit", "a", {"alt_text": "Mine"}, 1)]
    assert photo.version == 2


def test_same_wish_again_is_saved_already(client):
    photo, _ = saved(client, client.known["a"], wish("Mine"))

    _, outcome = saved(client, photo, wish("Mine"))

    assert outcome.kind == "saved"
    assert len(client.calls) == 1


def test_wish_of_a_run_that_was_cut_short_is_saved_once_only(client):
    seen = client.known["a"]
    saved(client, seen, wish("Mine"))

    photo, outcome = saved(client, seen, wish("Mine"))

    assert outcome.kind == "saved"
    assert photo.version == 2


def test_tidied_text_counts_as_the_one_that_was_asked_for(client):
    photo = client.add(edited(client, alt_text="Mine and yours"))

    _, outcome = saved(client, photo, wish("Mine\n  and yours "))

    assert outcome.kind == "saved"
    assert client.calls == []


def edited(client: FakeClient, **texts: str) -> Image:
    photo = client.known["a"]
    assert photo.captions is not None
    captions = photo.captions.model_copy(update=texts)
    return photo.model_copy(update={"captions": captions, "version": photo.version + 1})


def test_change_of_another_text_in_between_does_not_matter(client):
    seen = client.known["a"]
    client.add(edited(client, concise="Theirs"))

    photo, outcome = saved(client, seen, wish("Mine"))

    assert outcome.kind == "saved"
    assert photo.captions is not None
    assert (photo.captions.concise, photo.captions.alt_text) == ("Theirs", "Mine")


def test_text_that_was_never_seen_is_not_overwritten(client):
    seen = client.known["a"]
    client.add(edited(client, alt_text="Theirs"))

    photo, outcome = saved(client, seen, wish("Mine"))

    assert outcome.kind == "changed"
    assert alt_text(client) == "Theirs"
    assert photo.version == 2


@dataclass
class Restless(FakeClient):
    """A photo that is another version at every call."""

    stir: Callable[[], object] = field(default=lambda: None)

    def edit(self, *args, **options):
        self.stir()
        return super().edit(*args, **options)


def test_photo_that_never_rests_is_given_up():
    client = Restless()
    client.add(completed("a"))
    client.stir = lambda: client.add(edited(client, concise=f"{client.known['a'].version}"))

    _, outcome = saved(client, client.known["a"], wish("Mine"))

    assert outcome.kind == "refused"
    assert "could not be saved" in outcome.sentence
    assert len(client.calls) == 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(Unreachable(""), "could not be saved just now", id="unreachable"),
        pytest.param(Refused("not_ready", 409, ""), "New captions are being written", id="busy"),
        pytest.param(Refused("invalid_field", 422, ""), "too long, or has letters", id="field"),
        pytest.param(Refused("not_found", 404, ""), "not there any more", id="gone"),
        pytest.param(Refused("whatever", 400, ""), "was not saved", id="unknown"),
    ],
)
def test_refusal_is_said_in_a_sentence(client, fault, words):
    client.faults = [fault]

    photo, outcome = saved(client, client.known["a"], wish("Mine"))

    assert outcome.kind == "refused"
    assert words in outcome.sentence
    assert photo == client.known["a"]


def test_refused_token_is_not_swallowed(client):
    client.faults = [NotSignedIn("invalid_token", 401, "")]

    with pytest.raises(NotSignedIn):
        saved(client, client.known["a"], wish("Mine"))
