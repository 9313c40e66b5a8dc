"""Two parts that botocore gets from us: what it knows of AWS, and its HTTP.

Its own would be an eighth of an idle gateway's memory, and would not compare a server's name with
that in its certificate.
"""

import gzip
import json
from functools import cache
from pathlib import Path
from ssl import SSLContext
from typing import Any

from aiobotocore.httpsession import AIOHTTPSession
from aiohttp import TCPConnector
from botocore.httpsession import create_urllib3_context, get_cert_path
from botocore.loaders import JSONFileLoader, Loader

# Whose endpoints a client of ours is made with, by the names that botocore's file has for them; it
# asks STS for some kinds of credentials. For any other service it would fall back on the form that
# nearly all addresses have.
SERVICES = frozenset(
    {
        *("bedrock", "dynamodb", "monitoring", "rekognition", "runtime.sagemaker", "s3"),
        *("secretsmanager", "sqs", "sts"),
    }
)


class _NeededParts(JSONFileLoader):
    """Loads files without what is for readers or for services of others."""

    def load_file(self, file_path: str) -> Any:
        """The content of the file, compressed or not; ``None`` if there is none."""
        for suffix, opened in ((".json", open), (".json.gz", gzip.open)):
            path = Path(file_path + suffix)
            if path.is_file():
                with opened(path, "rb") as file:
                    return _needed(Path(file_path).name, json.load(file))
        return None


def _needed(name: str, content: Any) -> Any:
    if name == "endpoints":  # of 400 services
        for partition in content["partitions"]:
            services = partition["services"].items()
            partition["services"] = {name: each for name, each in services if name in SERVICES}
    if name == "service-2":
        _drop_documentation((content["operations"], content["shapes"]))
    return content


def _drop_documentation(content: Any) -> None:
    if isinstance(content, dict):
        if isinstance(content.get("documentation"), str):  # a member may have that name
            del content["documentation"]
        content = content.values()
    elif not isinstance(content, list | tuple):
        return
    for each in content:
        _drop_documentation(each)


@cache
def loader() -> Loader:
    """What botocore knows of AWS, read once for all sessions of the process."""
    known = Loader(file_loader=_NeededParts())
    # Endpoints are remembered by all that the rules may look at. Theirs for S3 name an object's
    # key and never look at it, so that they would be gone through again for each new object.
    known.load_service_model("s3", "endpoint-rule-set-1")["parameters"].pop("Key", None)
    return known


class HttpSession(AIOHTTPSession):
    """A client's connections, with one TLS context for all clients of the process.

    To make one reads every authority's certificate: 40 ms in which the event loop stands still, at
    the first call of each client.
    """

    # Of the base, whose stubs leave them out.
    _cert_file: str | None
    _connector_args: dict[str, Any]
    _max_pool_connections: int
    _verify: Any  # yes, no, or the path of a bundle

    def _create_connector(self, proxy_url: str | None) -> TCPConnector:
        if proxy_url or self._cert_file or not self._verify:
            plain: TCPConnector = super()._create_connector(proxy_url)  # type: ignore[misc]
            return plain
        tls = _tls(get_cert_path(self._verify))
        return TCPConnector(limit=self._max_pool_connections, ssl=tls, **self._connector_args)


@cache
def _tls(authorities: str) -> SSLContext:
    context: SSLContext = create_urllib3_context()
    # botocore has its own HTTP compare names, and aiohttp leaves it to the context: between the
    # two, a certificate of any name would do.
    context.check_hostname = True
    context.load_verify_locations(authorities)
    return context
