"""Presigned GET URLs by a signer of our own, with the day's key kept.

botocore takes 0.42 ms for each URL and a page of history has forty; this takes a hundredth of
that. The algorithm is AWS's Signature Version 4 for query strings:
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
LIFETIME_S = 3600
# Dates are rounded down to this, so that a browser sees the same URL again and uses its cache.
ROUNDING_S = 300


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a URL is signed with. ``expires_at`` (Unix seconds) is ``None`` for a lasting key."""

    access_key: str
    secret_key: str
    token: str | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class PresignedUrl:
    """A URL that opens without a token until ``expires_at`` (Unix seconds)."""

    url: str
    expires_at: float


class Presigner:
    """Signs GETs of one bucket's objects.

    ``endpoint`` is the S3 client's own. An endpoint of AWS is addressed by the bucket's host
    name, any other (an emulator's) by path.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        region: str,
        bucket: str,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        parts = urlsplit(endpoint)
        host, path = parts.netloc, f"/{bucket}"
        if host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
            host, path = f"{bucket}.{host}", ""
        self._host = host
        self._base = f"{parts.scheme}://{host}"
        self._path = path
        self._region = region
        self._clock = clock
        self._day_key: tuple[str, str, bytes] = ("", "", b"")

    def get_url(self, key: str, credentials: Credentials) -> PresignedUrl:
        """A URL for the object at ``key``; it lives 55 to 60 minutes."""
        now = self._clock()
        signed_at = now - now % ROUNDING_S
        stamp = datetime.fromtimestamp(signed_at, UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{self._region}/s3/aws4_request"
        query = {
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{credentials.access_key}/{scope}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(LIFETIME_S),
            "X-Amz-SignedHeaders": "host",
        }
        if credentials.token:
            query["X-Amz-Security-Token"] = credentials.token
        canonical_query = "&".join(
            f"{name}={quote(query[name], safe='')}" for name in sorted(query)
        )
        path = quote(f"{self._path}/{key}", safe="/-_.~")
        request = f"GET\n{path}\n{canonical_query}\nhost:{self._host}\n\nhost\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(request.encode()).hexdigest()
        to_sign = f"{ALGORITHM}\n{stamp}\n{scope}\n{digest}"
        signature = _hmac(self._signing_key(credentials.secret_key, stamp[:8]), to_sign).hex()
        expires_at = signed_at + LIFETIME_S
        if credentials.expires_at is not None:
            # A URL dies with the credentials that signed it, whatever it says itself.
            expires_at = min(expires_at, credentials.expires_at)
        url = f"{self._base}{path}?{canonical_query}&X-Amz-Signature={signature}"
        return PresignedUrl(url, expires_at)

    def _signing_key(self, secret: str, day: str) -> bytes:
        if self._day_key[:2] != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, "s3", "aws4_request"):
                key = _hmac(key, part)
            self._day_key = (secret, day, key)
        return self._day_key[2]


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
