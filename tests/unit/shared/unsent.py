"""What a client of AWS would send, answered before it is sent."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

from aiobotocore.awsrequest import AioAWSResponse
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders

# Status and body, and headers if they matter.
Answer = tuple[int, bytes] | tuple[int, bytes, dict[str, str]] | Exception


class Unsent:
    """The requests of ``client``, answered by these in turn, and then by 200 with ``body``."""

    def __init__(self, client: Any, *answers: Answer, body: bytes = b"{}") -> None:
        self.requests: list[AWSPreparedRequest] = []
        self._answers = list(answers)
        self._body = body
        client.meta.events.register("before-send", self._answer)

    @property
    def headers(self) -> list[dict[str, str]]:
        """Those of each request that say more than its number and its body's length."""
        return [
            {
                name: value.decode() if isinstance(value, bytes) else value
                for name, value in dict(request.headers.items()).items()
                if name not in {"amz-sdk-invocation-id", "Content-Length"}
            }
            for request in self.requests
        ]

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> Any:
        self.requests.append(request)
        answer = self._answers.pop(0) if self._answers else (200, self._body)
        if isinstance(answer, Exception):
            raise answer
        status, body, *headers = answer
        raw = SimpleNamespace(read=AsyncMock(return_value=body))
        told = HTTPHeaders.from_dict(*headers) if headers else HTTPHeaders()
        return AioAWSResponse(request.url, status, told, raw)
