"""The operations on the caller's own account, and those of operators."""

from http import HTTPStatus

from services.gateway import openapi_examples as examples
from services.gateway.deletion import DeletionRequest
from services.gateway.openapi_parts import (
    IMAGE_ID,
    JSON,
    QUOTA,
    Answer,
    Operation,
    Parameter,
    RequestBody,
)
from services.gateway.openapi_problems import JSON_BODY
from shared.api import AccountView, DeletionView, ExportView

_ZIP = ("application/zip",)
_DELETION_ID = Parameter(
    "deletion_id", "path", "The receipt's id.", IMAGE_ID.schema, examples.DELETION["deletion_id"]
)
_EXPORT_ID = Parameter("export_id", "path", "The export's id.", IMAGE_ID.schema, IMAGE_ID.example)
_RUNNING = examples.DELETION | {"status": "running", "completed_at": None}

ACCOUNT = (
    Operation(
        "GET",
        "/v1/me",
        "getMe",
        "Account",
        "Who I am, and what is left of my quota",
        (Answer(HTTPStatus.OK, "The caller.", AccountView, QUOTA, examples.ACCOUNT),),
    ),
    Operation(
        "GET",
        "/v1/me/export",
        "exportMe",
        "Account",
        "Everything of mine, as a ZIP",
        (
            Answer(
                HTTPStatus.OK,
                "`images.json`, `captions.csv` and the stored originals.",
                {},
                ("Content-Disposition",),
                content_types=_ZIP,
            ),
            Answer(
                HTTPStatus.ACCEPTED,
                "More than 500 images: an export in parts.",
                ExportView,
                ("Location",),
                examples.EXPORT | {"parts": None},
            ),
        ),
        "Up to 500 images are streamed; more come in parts.",
        problems=("too_many_downloads",),
    ),
    Operation(
        "GET",
        "/v1/me/exports/{export_id}",
        "getExport",
        "Account",
        "The parts of an export",
        (Answer(HTTPStatus.OK, "Where they are.", ExportView, example=examples.EXPORT),),
        "For a day from its making.",
        (_EXPORT_ID,),
        problems=("not_found",),
    ),
    Operation(
        "GET",
        "/v1/me/exports/{export_id}/parts/{part}",
        "getExportPart",
        "Account",
        "One part of an export",
        (
            Answer(
                HTTPStatus.OK,
                "A ZIP like that of a small export.",
                {},
                ("Content-Disposition",),
                content_types=_ZIP,
            ),
        ),
        "Ask for the `url` that the export names.",
        (
            _EXPORT_ID,
            Parameter(
                "part",
                "path",
                "Its number.",
                {"type": "integer", "minimum": 0, "maximum": 99999},
                1,
            ),
            Parameter(
                "after", "query", "As in `url`.", IMAGE_ID.schema, IMAGE_ID.example, required=True
            ),
            Parameter(
                "through", "query", "As in `url`.", IMAGE_ID.schema, IMAGE_ID.example, required=True
            ),
        ),
        problems=("not_found", "too_many_downloads"),
    ),
    Operation(
        "DELETE",
        "/v1/me/data",
        "deleteMyData",
        "Account",
        "Delete everything of mine",
        (
            Answer(HTTPStatus.OK, "Done.", DeletionView, example=examples.DELETION),
            Answer(
                HTTPStatus.ACCEPTED,
                "Out of sight at once; the rest goes on.",
                DeletionView,
                ("Location", "Retry-After"),
                _RUNNING,
            ),
        ),
        "Every record, object and object version, uploads in flight included. Asked again while "
        "one runs, it is the same deletion.",
        body=RequestBody({JSON: DeletionRequest}, {JSON: {"confirm": "delete my data"}}),
        problems=JSON_BODY,
    ),
    Operation(
        "GET",
        "/v1/me/data/deletions/{deletion_id}",
        "getDeletion",
        "Account",
        "How a deletion stands",
        (
            Answer(
                HTTPStatus.OK,
                "The receipt.",
                DeletionView,
                ("Retry-After",),
                examples.DELETION,
            ),
        ),
        parameters=(_DELETION_ID,),
        problems=("not_found",),
    ),
)
