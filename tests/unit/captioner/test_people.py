"""Which names are taken for those of people, and which for a place, a thing or the user's own."""

import pytest

from services.captioner.people import known_words, names_a_person, unnamed


@pytest.mark.parametrize(
    "text",
    [
        "Barack Obama speaking at a podium",
        "Emma smiles at the camera",
        "A birthday cake for Anna's party",
        "President Lincoln on a hill",
        "The actor Tom Hanks in a park",
        "Greta Miller, a young woman, at sea",
        "Xanthippe Quux, a smiling woman, at sea",
        "The singer Zaz on a stage",
    ],
)
def test_a_name_is_found(text):
    assert names_a_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "St. Paul's Cathedral in London",
        "Golden Gate Bridge at dawn",
        "A John Deere tractor in a field",
        "A Golden Retriever wearing a hat",
        "King's College at night",
        'A sign that reads "Emma\'s Diner"',
        "A rose and a lily in May",
        "Charlotte, a city at night",
        "The George Washington Bridge",
        "Two men shaking hands",
        "A Cavalier King Charles Spaniel on a sofa",
        "The Mona Lisa in a museum",
        "Heather on a hillside",
        "A Christian cross on a hill",
        "A Persian Cat and a Gordon Setter",
    ],
)
def test_a_place_or_a_thing_is_not(text):
    assert not names_a_person(text)


def test_a_name_that_the_request_brought_is_known():
    known = known_words("Person", "a card for Emma's birthday")

    assert not names_a_person("Emma blows out the candles", known)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A man named John Miller with a dog", "A man with a dog"),
        ("A girl, called Emma, on a swing", "A girl, on a swing"),
        ("A boat named Aurora", "A boat named Aurora"),
    ],
)
def test_an_introduction_is_left_out(text, told):
    assert unnamed(text) == told
