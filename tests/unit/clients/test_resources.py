"""The client's models are the contract's, and take more than the contract gives."""

import pytest
from pydantic import BaseModel

from clients import resources
from shared import api
from shared.records import Attempt

PAIRS = [
    (resources.Original, api.OriginalView),
    (resources.Picture, api.ThumbnailView),
    (resources.Label, api.LabelView),
    (resources.Photo, api.PhotoView),
    (resources.Captions, api.CaptionsView),
    (resources.Try, Attempt),
    (resources.Provider, api.ProviderView),
    (resources.Stage, api.TimelineView),
    (resources.Failure, api.ErrorView),
    (resources.Image, api.ImageView),
    (resources.Page, api.ImagePage),
    (resources.Counts, api.BatchCounts),
    (resources.Batch, api.BatchView),
    (resources.Quota, api.QuotaView),
    (resources.Account, api.AccountView),
    (resources.DirectUpload, api.DirectUploadView),
    (resources.ExportPart, api.ExportPartView),
    (resources.Export, api.ExportView),
    (resources.Deletion, api.DeletionView),
]
ALWAYS = {"image_id": "a", "version": 1, "created_at": "", "updated_at": ""}


@pytest.mark.parametrize(("ours", "contract"), PAIRS, ids=lambda model: model.__name__)
def test_every_field_of_the_contract_is_there(
    ours: type[BaseModel], contract: type[BaseModel]
) -> None:
    of_headers = {"etag"} if ours is resources.Page else set()

    assert ours.model_fields.keys() - of_headers == contract.model_fields.keys()


def test_unknown_fields_statuses_and_codes_are_taken() -> None:
    image = resources.Image.model_validate(
        ALWAYS
        | {
            "status": "polishing",
            "sparkle": 1,
            "error": {"code": "too_purple", "retryable": True, "since": "now"},
            "timeline": [{"stage": "polish", "started_at": "", "duration_ms": 1, "by": "x"}],
        }
    )

    assert image.status == "polishing"
    assert image.error is not None
    assert image.error.code == "too_purple"
    assert not image.settled


def test_what_is_null_is_not_known() -> None:
    parts = dict.fromkeys(set(resources.Image.model_fields) - set(ALWAYS) - {"status"})

    image = resources.Image.model_validate(ALWAYS | parts | {"status": "queued"})

    assert image.captions is None
    assert image.timeline == []


@pytest.mark.parametrize(
    ("part", "known"),
    [
        ("original", {"width": 4}),
        ("thumbnail", {"url": "http://objects.test/a"}),
        ("captions", {"concise": "A cat"}),
        ("provider", {"name": "local"}),
        ("error", {"code": "timed_out"}),
    ],
)
def test_a_part_that_lost_something_is_still_read(part: str, known: dict[str, object]) -> None:
    lost = {"content_type": None, "alt_text": None, "degraded": None, "stage": None}

    image = resources.Image.model_validate(ALWAYS | {"status": "failed", part: lost | known})

    ((name, value),) = known.items()
    assert getattr(getattr(image, part), name) == value
