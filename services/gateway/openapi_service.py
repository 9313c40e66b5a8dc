"""The operations without a token: sign-in, probes and this document."""

from http import HTTPStatus

from services.gateway.openapi_models import HealthView, ReadyView, VersionView
from services.gateway.openapi_parts import Answer, Operation, Parameter

_TAG = "Service"

SERVICE = (
    Operation(
        "GET",
        "/auth/openid-configuration",
        "getOpenIdConfiguration",
        _TAG,
        "The sign-in provider's discovery document",
        (Answer(HTTPStatus.OK, "With an `end_session_endpoint` here.", {"type": "object"}),),
        problems=("dependency_unavailable",),
        public=True,
    ),
    Operation(
        "GET",
        "/auth/logout",
        "signOut",
        _TAG,
        "Sign out at the provider",
        (Answer(HTTPStatus.FOUND, "To the provider's own sign-out.", headers=("Location",)),),
        parameters=(
            Parameter(
                "post_logout_redirect_uri",
                "query",
                "Where to go from there: one of the addresses registered for it, which are the "
                "deployment's own.",
                {"type": "string", "format": "uri"},
            ),
            Parameter(
                "logout_uri",
                "query",
                "Cognito's name for the same.",
                {"type": "string", "format": "uri"},
            ),
        ),
        problems=("malformed_request",),
        public=True,
    ),
    Operation(
        "GET",
        "/healthz",
        "getHealth",
        _TAG,
        "Is the process up?",
        (Answer(HTTPStatus.OK, "It is.", HealthView, example={"status": "ok"}),),
        public=True,
    ),
    Operation(
        "GET",
        "/readyz",
        "getReadiness",
        _TAG,
        "Do its dependencies answer?",
        (Answer(HTTPStatus.OK, "They do.", ReadyView),),
        problems=("dependency_unavailable",),
        public=True,
    ),
    Operation(
        "GET",
        "/version",
        "getVersion",
        _TAG,
        "Which build is this?",
        (Answer(HTTPStatus.OK, "This.", VersionView),),
        public=True,
    ),
    Operation(
        "GET",
        "/openapi.json",
        "getOpenApi",
        _TAG,
        "This document",
        (
            Answer(HTTPStatus.OK, "OpenAPI 3.1.", {"type": "object"}, ("ETag",)),
            Answer(HTTPStatus.NOT_MODIFIED, "The client has it.", headers=("ETag",)),
        ),
        public=True,
    ),
    Operation(
        "GET",
        "/docs",
        "getDocs",
        _TAG,
        "This document, for people",
        (
            Answer(HTTPStatus.OK, "A page.", {}, ("ETag",), content_types=("text/html",)),
            Answer(HTTPStatus.NOT_MODIFIED, "The client has it.", headers=("ETag",)),
        ),
        public=True,
    ),
)
