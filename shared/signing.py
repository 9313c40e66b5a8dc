"""A signer of our own for calls in JSON, which are DynamoDB's, SQS's and a few others'.

botocore's goes seven times through a call's headers, as through an e-mail's, and works the day's
key out each time: a quarter of what a call cost. This one signs the same, and passes on to
botocore's what is not of that form. The algorithm is AWS's Signature Version 4:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from urllib.parse import urlsplit

from botocore.auth import AUTH_TYPE_MAPS, SIGNED_HEADERS_BLACKLIST, SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import get_current_datetime
from botocore.credentials import ReadOnlyCredentials

# What a client's ``signature_version`` is to be. botocore's rules for endpoints and operations take
# for "v4" what is before the dash.
JSON_CALLS = "v4-json"

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNSIGNED = frozenset(SIGNED_HEADERS_BLACKLIST)
# Headers by which a call would be signed otherwise, or which signing it would replace.
_OTHERWISE = frozenset(
    {"authorization", "date", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"}
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class JsonCallSigner(SigV4Auth):
    """Signs a request; botocore makes one for each, with what the credentials are at that time."""

    # Of the base, whose stubs leave two of them out.
    credentials: ReadOnlyCredentials | None  # type: ignore[assignment]
    _region_name: str
    _service_name: str

    def add_auth(self, request: AWSRequest) -> None:
        """Put date, session token and signature into the headers, as botocore does."""
        credentials, data, host = self.credentials, request.data, plain_host(request.url)
        headers = {name.lower(): value for name, value in request.headers.items()}
        if (
            credentials is None
            or host is None
            or not isinstance(data, bytes)
            or not _says_all_in_its_body(request, headers)
        ):
            super().add_auth(request)
            return
        stamp = now()
        request.context["timestamp"] = stamp
        request.headers["X-Amz-Date"] = headers["x-amz-date"] = stamp
        if credentials.token:
            request.headers["X-Amz-Security-Token"] = credentials.token
            headers["x-amz-security-token"] = credentials.token
        headers["host"] = host
        request.headers["Authorization"] = authorization(
            headers, data, stamp, credentials, region=self._region_name, service=self._service_name
        )


def _says_all_in_its_body(request: AWSRequest, headers: dict[str, str]) -> bool:
    """Whether there is nothing else to sign, and nothing to be signed in another way."""
    return (
        request.method == "POST"
        and not request.params
        and len(headers) == len(request.headers)  # none is there twice
        and _OTHERWISE.isdisjoint(headers)
        and "checksum" not in request.context
        and request.context.get("payload_signing_enabled", True)
    )


def now() -> str:
    """The time as a signature has it, by botocore's clock."""
    return get_current_datetime().strftime(SIGV4_TIMESTAMP)


def authorization(
    headers: Mapping[str, str],
    body: bytes,
    stamp: str,
    credentials: ReadOnlyCredentials,
    *,
    region: str,
    service: str,
) -> str:
    """What the header ``Authorization`` is to be of a POST of ``body`` to the path ``/``.

    ``headers`` are all others by their names in lower case, among them ``host``, ``x-amz-date``,
    which is ``stamp``, and the session token if there is one.
    """
    names = sorted(headers.keys() - _UNSIGNED)
    signed = ";".join(names)
    lines = "".join([f"{name}:{' '.join(headers[name].split())}\n" for name in names])
    content = sha256(body).hexdigest()
    digest = sha256(f"POST\n/\n\n{lines}\n{signed}\n{content}".encode()).hexdigest()
    day = stamp[:8]
    scope = f"{day}/{region}/{service}/aws4_request"
    key = _signing_key(credentials.secret_key, day, region, service)
    signature = _hmac(key, f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}").hex()
    return (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={signed}, Signature={signature}"
    )


@lru_cache(maxsize=64)
def plain_host(url: str) -> str | None:
    """The host to sign, if the address is a name or an IPv4 address and nothing else."""
    parts = urlsplit(url)
    host = parts.hostname
    if parts.path != "/" or parts.query or parts.fragment or not host:
        return None
    if any(sign in parts.netloc for sign in "@["):
        return None
    port = parts.port
    return host if port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f"{host}:{port}"


@lru_cache(maxsize=8)  # the last few services and credentials of a process
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


AUTH_TYPE_MAPS[JSON_CALLS] = JsonCallSigner  # where botocore looks for a signer by its name
