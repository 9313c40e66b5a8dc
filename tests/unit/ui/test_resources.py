"""The page reads a tolerant part of the contract; this keeps it a part of it."""

import pytest
from pydantic import BaseModel

from services.ui import resources
from shared import api

PAIRS = [
    (resources.Picture, api.OriginalView),
    (resources.Captions, api.CaptionsView),
    (resources.Label, api.LabelView),
    (resources.Provider, api.ProviderView),
    (resources.Failure, api.ErrorView),
    (resources.Photo, api.ImageView),
    (resources.PhotoPage, api.ImagePage),
    (resources.Problem, api.ProblemBody),
]


@pytest.mark.parametrize(("ours", "contract"), PAIRS, ids=lambda model: model.__name__)
def test_page_reads_nothing_that_the_contract_lacks(
    ours: type[BaseModel], contract: type[BaseModel]
) -> None:
    assert set(ours.model_fields) <= set(contract.model_fields)


def test_unknown_fields_statuses_and_codes_are_taken():
    photo = resources.Photo.model_validate(
        {
            "image_id": "a",
            "status": "polishing",
            "sparkle": 1,
            "captions": None,
            "error": {"code": "too_purple", "retryable": True, "since": "now"},
        }
    )

    assert photo.status == "polishing"


def test_only_id_and_status_are_needed():
    assert resources.Photo.model_validate({"image_id": "a", "status": "queued"}).captions is None
