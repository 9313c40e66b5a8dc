"""Response headers that the contract promises, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

HEADERS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "X-Request-Id": {
            "description": "The request's own if it was a sane token, else made here.",
            "schema": {"type": "string", "maxLength": 128},
            "required": True,
        },
        "ETag": {
            "description": "What a conditional request quotes; an image's is its version, that of "
            "a page of the list is weak and opaque.",
            "schema": {"type": "string", "pattern": '^(W/)?"[!#-~]+"$'},
        },
        "Location": {
            "description": "Where the thing is that was made.",
            "schema": {"type": "string"},
        },
        "Retry-After": {
            "description": "Seconds after which it is worth asking again.",
            "schema": {"type": "integer", "minimum": 0},
        },
        "RateLimit-Policy": {
            "description": 'Quota and window: `"captions";q=60;w=3600`.',
            "schema": {"type": "string"},
        },
        "RateLimit": {
            "description": 'What is left, and for how many seconds: `"captions";r=59;t=60`.',
            "schema": {"type": "string"},
        },
        "Idempotency-Replayed": {
            "description": "`true` where the answer is that of an earlier request with this key.",
            "schema": {"type": "string", "const": "true"},
        },
        "Content-Disposition": {
            "description": "A name to save the file under.",
            "schema": {"type": "string"},
        },
        "WWW-Authenticate": {
            "description": "How to sign in (RFC 6750).",
            "schema": {"type": "string"},
        },
    }
)
