"""Examples for the document: one photo of a cat, in the states that answers show it."""

from typing import Any

from shared.media import MediaType

_ID = "0193a1b2-7c00-7000-8000-0123456789ab"
_URL = "https://images.example/images/u/0193a1b2/thumbnail.jpg?X-Amz-Signature=0f3a"
_UNTIL = "2026-11-22T13:00:00.000Z"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

QUEUED: dict[str, Any] = {
    "image_id": _ID,
    "status": "queued",
    "version": 1,
    "created_at": "2026-11-22T12:00:00.000Z",
    "updated_at": "2026-11-22T12:00:00.000Z",
    "batch": "holiday",
    "original": None,
    "thumbnail": None,
    "labels": None,
    "photo": None,
    "captions": None,
    "provider": None,
    "timeline": [],
    "error": None,
}
COMPLETED: dict[str, Any] = QUEUED | {
    "status": "completed",
    "version": 7,
    "updated_at": "2026-11-22T12:00:03.412Z",
    "original": {
        "content_type": "image/jpeg",
        "bytes": 482113,
        "width": 4032,
        "height": 3024,
        "sha256": _SHA256,
        "url": _URL.replace("thumbnail", "original"),
        "url_expires_at": _UNTIL,
    },
    "thumbnail": {
        "content_type": "image/jpeg",
        "bytes": 9120,
        "width": 300,
        "height": 225,
        "url": _URL,
        "url_expires_at": _UNTIL,
    },
    "labels": [{"name": "Cat", "confidence": 0.98, "source": "rekognition"}],
    "photo": {"taken_at": "2026-11-21T16:40:07+01:00", "camera": "Canon EOS R5"},
    "captions": {
        "concise": "A cat sleeping on a striped mat",
        "creative": "Curled into a comma, she lets the afternoon finish the sentence.",
        "alt_text": "A grey cat asleep on a blue and white striped mat in the sun",
        "language": "en",
        "edited": False,
        "edited_at": None,
    },
    "provider": {
        "name": "bedrock",
        "model": "anthropic.claude-haiku",
        "degraded": False,
        "attempts": [
            {
                "provider": "bedrock",
                "model": "anthropic.claude-haiku",
                "outcome": "ok",
                "reason": None,
                "duration_ms": 1240,
                "input_tokens": 1630,
                "output_tokens": 82,
                "cost_usd": 0.0012,
            }
        ],
    },
    "timeline": [
        {"stage": "queued", "started_at": "2026-11-22T12:00:00.000Z", "duration_ms": 12},
        {"stage": "ingest", "started_at": "2026-11-22T12:00:00.012Z", "duration_ms": 1871},
        {"stage": "labels", "started_at": "2026-11-22T12:00:00.210Z", "duration_ms": 402},
        {"stage": "queued", "started_at": "2026-11-22T12:00:01.883Z", "duration_ms": 17},
        {"stage": "caption", "started_at": "2026-11-22T12:00:01.900Z", "duration_ms": 1512},
    ],
}
PAGE: dict[str, Any] = {"items": [COMPLETED], "next_cursor": None}
EDIT: dict[str, Any] = {"captions": {"alt_text": "Our cat Minou asleep in the sun"}}
RECAPTION: dict[str, Any] = {"language": "fr", "style": "like a museum label"}
DIRECT_UPLOAD: dict[str, Any] = {
    "content_type": MediaType.JPEG.content_type,
    "bytes": 482113,
    "options": {"batch": "holiday", "keep_exif": True},
}
DELETION: dict[str, Any] = {
    "deletion_id": "0193a1b2-9000-7000-8000-0123456789ab",
    "status": "completed",
    "deleted": {"records": 12, "objects": 36, "object_versions": 40},
    "requested_at": "2026-11-22T12:00:00.000Z",
    "completed_at": "2026-11-22T12:00:02.100Z",
}
FORM: dict[str, Any] = {
    "upload_id": _ID,
    "url": "https://images.example/",
    "fields": {"key": f"incoming/u/{_ID}", "Content-Type": "image/jpeg", "policy": "eyJleHAi"},
    "expires_at": "2026-11-22T12:05:00.000Z",
}
BATCH: dict[str, Any] = {
    "batch": "holiday",
    "counts": {
        "total": 12,
        "queued": 0,
        "ingesting": 1,
        "captioning": 2,
        "completed": 8,
        "failed": 1,
    },
    "complete": True,
}
ACCOUNT: dict[str, Any] = {
    "user_id": "c8d1f2a4-0000-4000-8000-0123456789ab",
    "groups": [],
    "quota": {"limit": 60, "window_s": 3600, "remaining": 48, "resets_at": _UNTIL},
    "images": 12,
    "images_complete": True,
    "retention_days": 90,
}
EXPORT: dict[str, Any] = {
    "export_id": _ID,
    "created_at": "2026-11-22T12:00:00.000Z",
    "expires_at": "2026-11-23T12:00:00.000Z",
    "parts": [
        {
            "part": 1,
            "images": 500,
            "max_bytes": 1_840_200_000,
            "url": f"/v1/me/exports/{_ID}/parts/1?after={_ID}&through={_ID}",
        }
    ],
}
