"""A short way for calls whose body is JSON: DynamoDB's and SQS's, which most of our calls are.

Of what such a call costs, most is neither its content nor the network: botocore works out its
address by rules, makes three more forms of the request and hears a dozen events for what others may
have to add. Here it checks and serializes the call and parses the answer, and little lies between.

It is a way for good weather, with one try. Whatever is no answer, nor a refusal that another try
would meet again, takes botocore's own way from there, with its retries and their quota; and so does
every other call of that client for a while: an outage is no time for extra tries. What a try took
is taken off what botocore may wait.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from zlib import crc32

from aiobotocore.client import AioBaseClient
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import BotoCoreError, ReadTimeoutError
from botocore.handlers import generate_idempotent_uuid
from botocore.hooks import first_non_none_response

from shared.signing import JSON_CALLS, authorization, now, plain_host

if TYPE_CHECKING:
    from aiobotocore.session import AioSession
    from botocore.model import OperationModel

ROUGH_S = 5.0  # how long after a try in vain a client's calls go botocore's way
_SERVICES = ("dynamodb", "sqs")  # as botocore's events name them
# Of DynamoDB, and botocore doesn't try them again either. SQS has none that we meet every day.
_LASTING = frozenset({"ConditionalCheckFailedException", "TransactionCanceledException"})


def shorten_calls(session: "AioSession") -> None:
    """Have the clients that ``session`` is to make use the short way.

    By the event that botocore has for extending a client's class:
    https://docs.aws.amazon.com/boto3/latest/guide/events.html
    """
    for service in _SERVICES:
        session.register(f"creating-client-class.{service}", _extend)


def _extend(base_classes: list[type], **_: Any) -> None:
    base_classes.insert(0, _ShortCalls)


@dataclass(frozen=True, slots=True)
class _Address:
    url: str
    host: str
    region: str  # and service, that a signature is for
    service: str


async def _is_whole(response: Any) -> bool:
    """Whether the body is what DynamoDB sent: botocore compares it, and tries again."""
    checksum = response.headers.get("x-amz-crc32")
    return checksum is None or int(checksum) == crc32(await response.content)


class _InVain(Exception):
    """A try that is botocore's to make again."""


class _ShortCalls(AioBaseClient):
    # Of the base, whose stubs leave them out.
    _client_config: Any
    _endpoint: Any
    _request_signer: Any
    _resolve_endpoint_ruleset: Any
    _serializer: Any
    _service_model: Any
    _user_agent_creator: Any

    _address: _Address | None = None
    _rough_until = 0.0  # by the monotonic clock

    async def _make_api_call(self, operation_name: str, api_params: dict[str, Any]) -> Any:
        by_botocore = partial(super()._make_api_call, operation_name, api_params)  # type: ignore[misc]
        begun = time.monotonic()
        if begun < self._rough_until:
            return await by_botocore()
        is_probe = self._rough_until > 0
        if is_probe:
            # One call looks whether it is over; the others go on without a try more.
            self._rough_until = begun + ROUGH_S
        model = self._service_model.operation_model(operation_name)
        # Both ways are one call, and a transaction that is repeated has to say so.
        generate_idempotent_uuid(api_params, model)
        request = await self._request(model, api_params)
        if request is None:
            return await by_botocore()
        try:
            parsed, refusal = await self._try(model, request)
        except _InVain as vain:
            ended = time.monotonic()
            self._rough_until = ended + ROUGH_S
            error = vain.__cause__ or ReadTimeoutError(endpoint_url=request.url)
            return await self._within(by_botocore, error, waited=ended - begun)
        if is_probe:
            self._rough_until = 0.0
        if refusal is not None:
            raise refusal
        return parsed

    async def _within(
        self, by_botocore: Callable[[], Awaitable[Any]], error: BaseException, *, waited: float
    ) -> Any:
        """The call by botocore, in the time that its tries have for answers less what was
        ``waited`` already. Raises ``error`` after that.
        """
        tries = self._client_config.retries["total_max_attempts"]
        scope = asyncio.timeout(tries * self._client_config.read_timeout - waited)
        try:
            async with scope:
                return await by_botocore()
        except TimeoutError:
            if not scope.expired():
                raise
            raise error from None

    async def _try(
        self, model: "OperationModel", request: AWSPreparedRequest
    ) -> tuple[dict[str, Any], Exception | None]:
        """The answer, and the error that it is. Raises ``_InVain`` if botocore is to try."""
        is_only_try = self._client_config.retries["total_max_attempts"] == 1
        try:
            response = await self._send(model, request)
            parsed = await self._parse(model, response)
        except BotoCoreError as error:
            if is_only_try:
                raise
            raise _InVain from error
        code = parsed.get("Error", {}).get("Code")
        is_answer = response.status_code < HTTPStatus.MULTIPLE_CHOICES
        is_whole = await _is_whole(response)
        if not is_only_try and not (is_whole and (is_answer or code in _LASTING)):
            raise _InVain
        parsed.setdefault("ResponseMetadata", {})["RetryAttempts"] = 0
        # The event by which botocore lets others see what came of a call, and names SQS's errors.
        context: dict[str, Any] = {}
        await self.meta.events.emit(
            self._event("after-call", model),
            http_response=response,
            parsed=parsed,
            model=model,
            context=context,
        )
        if is_answer:
            return parsed, None
        refusal: Any = self.exceptions.from_code(context.get("error_code_override", code))
        return parsed, refusal(parsed, model.name)

    async def _request(
        self, model: "OperationModel", params: dict[str, Any]
    ) -> AWSPreparedRequest | None:
        """The signed call; none if it has to be signed in another way than ours.

        Raises ``ParamValidationError`` as botocore does, for clients that have it look.
        """
        credentials = self._request_signer._credentials  # noqa: SLF001  botocore's has no other name
        address = self._address or await self._find_address(model, params)
        if credentials is None or address is None:
            return None
        frozen = await credentials.get_frozen_credentials()
        serialized = self._serializer.serialize_to_request(params, model)
        stamp = now()
        headers: Any = {**serialized["headers"], "X-Amz-Date": stamp}
        if frozen.token:
            headers["X-Amz-Security-Token"] = frozen.token
        signed = {name.lower(): value for name, value in headers.items()}
        signed["host"] = address.host
        headers["Authorization"] = authorization(
            signed,
            serialized["body"],
            stamp,
            frozen,
            region=address.region,
            service=address.service,
        )
        headers["User-Agent"] = self._user_agent_creator.to_string()
        headers["amz-sdk-invocation-id"] = str(uuid.uuid4())
        headers["amz-sdk-request"] = "attempt=1"
        return AWSPreparedRequest("POST", address.url, headers, serialized["body"], False)

    async def _find_address(
        self, model: "OperationModel", params: dict[str, Any]
    ) -> _Address | None:
        """Where botocore's rules would send the call, which is the same for all of a client's."""
        context: dict[str, Any] = {}
        url, headers, _ = await self._resolve_endpoint_ruleset(model, params, context)
        url = f"{url.rstrip('/')}/"
        host = plain_host(url)
        is_ours = self._client_config.signature_version == JSON_CALLS
        if host is None or headers or not is_ours or context.get("auth_type", "v4") != "v4":
            return None
        signing = context.get("signing", {})
        self._address = _Address(
            url,
            host,
            signing.get("region", self._request_signer.region_name),
            signing.get("signing_name", self._request_signer.signing_name),
        )
        return self._address

    async def _send(self, model: "OperationModel", request: AWSPreparedRequest) -> Any:
        """What came back, an ``AioAWSResponse`` that has been read."""
        # The event by which botocore lets others see a request, or answer it.
        answers = await self.meta.events.emit(self._event("before-send", model), request=request)
        return first_non_none_response(answers) or await self._endpoint.http_session.send(request)

    async def _parse(self, model: "OperationModel", response: Any) -> dict[str, Any]:
        """The answer or the error as botocore tells it, with ``ResponseMetadata``."""
        content = {
            "headers": response.headers,
            "status_code": response.status_code,
            "body": await response.content,
            "context": {"operation_name": model.name},
        }
        # The client's own parser is never ours: it is made without asking the session.
        factory = self._endpoint._response_parser_factory  # noqa: SLF001  nobody else has it
        parser = factory.create_parser(self._service_model.resolved_protocol)
        parsed: dict[str, Any] = await parser.parse(content, model.output_shape)
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            # Its name in botocore, too, is one for itself: what an error tells besides its code.
            await self._endpoint._add_modeled_error_fields(  # noqa: SLF001
                content, parsed, model, parser
            )
        return parsed

    def _event(self, name: str, model: "OperationModel") -> str:
        return f"{name}.{self._service_model.service_id.hyphenize()}.{model.name}"
