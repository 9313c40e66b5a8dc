"""What is sent to SageMaker is what botocore's own model of InvokeEndpoint takes."""

from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from services.captioner.provider import CaptionRequest
from services.captioner.providers.sagemaker import SageMakerOptions, SageMakerProvider

PHOTO = b"\xff\xd8\xff\xe0 a photo"
ANSWER = b'{"caption": "a cat", "model": "blip", "duration_ms": 12}'


class Recorder:
    """In the client's place: keeps what it is called with and answers as the container does."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def invoke_endpoint(self, **parameters: Any) -> dict[str, Any]:
        self.sent.append(parameters)
        return {"Body": self}

    async def __aenter__(self) -> "Recorder":
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def read(self) -> bytes:
        return ANSWER


async def test_request_is_valid_by_botocores_service_model() -> None:
    client: Any = Recorder()
    provider = SageMakerProvider(client, SageMakerOptions("captions", "blip"))

    answer = await provider.caption(CaptionRequest(PHOTO, labels=("Sofa",), style="pirate"))

    [sent] = client.sent
    model = botocore.session.get_session().get_service_model("sagemaker-runtime")
    shape = model.operation_model("InvokeEndpoint").input_shape
    assert shape is not None
    report = ParamValidator().validate(sent, shape)
    assert not report.has_errors(), report.generate_report()
    assert sent == {
        "EndpointName": "captions",
        "ContentType": "image/jpeg",
        "Accept": "application/json",
        "Body": PHOTO,
    }
    assert (answer.concise, answer.model) == ("A cat", "blip")
