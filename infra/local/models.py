"""Where captions and labels come from: what ``MODELS`` gives the two workers.

A process has one set of AWS credentials, and here they are the emulator's, which takes no others.
Only what is not signed with them can reach AWS itself: Bedrock, by an API key of its own.
"""

from collections.abc import Mapping

import boto3
from botocore.config import Config
from botocore.exceptions import InvalidRegionError

from infra.local.layout import REGION, Layout, UsageError

BEDROCK_KEY = "AWS_BEARER_TOKEN_BEDROCK"
HUGGINGFACE_TOKEN = "CAPTIONER_HUGGINGFACE_TOKEN"

_STANDIN = "stand-in"  # the name of its endpoint, and its token


def ingest_models(layout: Layout) -> dict[str, str]:
    """Who labels the photos: the stand-in for Rekognition where there is one."""
    if not layout.standin_url:
        return {"INGEST_LABELS": "off"}
    return {"INGEST_LABELS": "rekognition", "AWS_ENDPOINT_URL_REKOGNITION": layout.standin_url}


def captioner_models(layout: Layout, models: str, parent: Mapping[str, str]) -> dict[str, str]:
    """Which providers the captioner asks, and where they are.

    Raises ``UsageError`` for ``aws`` without a key that works there.
    """
    if models == "aws":
        return _aws(parent)
    if models == "local":
        return {"CAPTIONER_PROVIDERS": "local"}
    return {
        "CAPTIONER_PROVIDERS": "bedrock,sagemaker,huggingface,local",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": layout.standin_url,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": layout.standin_url,
        "CAPTIONER_SAGEMAKER_ENDPOINT": _STANDIN,
        "CAPTIONER_HUGGINGFACE_BASE_URL": f"{layout.standin_url}/v1",
        HUGGINGFACE_TOKEN: _STANDIN,
    }


def _aws(parent: Mapping[str, str]) -> dict[str, str]:
    check_keys(parent)
    key = parent.get(BEDROCK_KEY)
    providers = [
        *(["bedrock"] if key else []),
        *(["huggingface"] if parent.get(HUGGINGFACE_TOKEN) else []),
        "local",
    ]
    settings = {"CAPTIONER_PROVIDERS": ",".join(providers)}
    if key:
        region = parent.get("AWS_REGION") or parent.get("AWS_DEFAULT_REGION") or REGION
        settings |= {BEDROCK_KEY: key, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": _bedrock_url(region)}
    return settings


def check_keys(parent: Mapping[str, str]) -> None:
    """Raise ``UsageError`` if ``MODELS=aws`` has nobody to ask."""
    if parent.get("CAPTIONER_SAGEMAKER_ENDPOINT"):
        raise UsageError(
            "MODELS=aws: CAPTIONER_SAGEMAKER_ENDPOINT can't be reached from here. The captioner "
            "signs its calls with the emulator's credentials, which SageMaker does not take"
        )
    if not (parent.get(BEDROCK_KEY) or parent.get(HUGGINGFACE_TOKEN)):
        raise UsageError(
            f"MODELS=aws: set {BEDROCK_KEY} to a Bedrock API key, {HUGGINGFACE_TOKEN} to a token, "
            "or both. Credentials of an AWS account are of no use: a process has one set of them, "
            "and here they are the emulator's"
        )


def _bedrock_url(region: str) -> str:
    """Bedrock's own address; without it, the emulator's would hold for Bedrock too."""
    config = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg]
    try:
        client = boto3.Session().client("bedrock-runtime", region_name=region, config=config)
    except InvalidRegionError:
        raise UsageError(f"AWS_REGION={region}: that is no region") from None
    try:
        return str(client.meta.endpoint_url)
    finally:
        client.close()
