"""Open the providers that the settings name, and leave out those that are not configured."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from services.captioner.pacing import PaceOptions, Pacer
from services.captioner.pricing import TokenPrices
from services.captioner.provider import CaptionProvider
from services.captioner.providers.bedrock import BedrockOptions, open_bedrock
from services.captioner.providers.bedrock_models import output_weight
from services.captioner.providers.local import LocalProvider
from services.captioner.providers.sagemaker import SageMakerOptions, open_sagemaker
from services.captioner.settings import ProviderName, Settings
from shared.item_store import ItemStore

logger = logging.getLogger(__name__)

# The client gives up a little after the chain has: then the chain's limit is the one that is told.
GRACE_S = 5.0
# A photo that would have to wait longer for its share of the tokens goes to the next provider.
PACE_WAIT_S = 5.0


@asynccontextmanager
async def open_providers(
    settings: Settings, items: ItemStore | None = None
) -> AsyncIterator[list[tuple[CaptionProvider, float]]]:
    """The configured providers in the order of the settings, each with its time for one try (s).

    ``items`` is the table through which captioners share the account's token limit; without it
    nobody is paced. Raises ``BadModelFile`` or ``BadToken`` for settings that can't work.
    """
    async with AsyncExitStack() as stack:
        opened: list[tuple[CaptionProvider, float]] = []
        for name in settings.providers:
            provider = await _open(name, settings, items, stack)
            if provider is None:
                logger.warning("provider not configured", extra={"provider": name})
            else:
                opened.append((provider, _timeout(name, settings)))
        yield opened


async def _open(
    name: ProviderName, settings: Settings, items: ItemStore | None, stack: AsyncExitStack
) -> CaptionProvider | None:
    match name:
        case "bedrock":
            return await _open_bedrock(settings, items, stack)
        case "sagemaker":
            return await _open_sagemaker(settings, stack)
        case "huggingface":
            return await _open_huggingface(settings, stack)
        case "local":
            local = LocalProvider(settings.local_models_dir)
            stack.callback(local.close)
            return local


def _timeout(name: ProviderName, settings: Settings) -> float:
    return {
        "bedrock": settings.bedrock_timeout_s,
        "sagemaker": settings.sagemaker_timeout_s,
        "huggingface": settings.huggingface_timeout_s,
        "local": settings.local_timeout_s,
    }[name]


async def _open_bedrock(
    settings: Settings, items: ItemStore | None, stack: AsyncExitStack
) -> CaptionProvider | None:
    if settings.bedrock_model is None:
        return None
    options = BedrockOptions(
        model=settings.bedrock_model,
        region_prefix=settings.bedrock_region_prefix,
        max_tokens=settings.bedrock_max_tokens,
        prices=TokenPrices(settings.bedrock_input_usd, settings.bedrock_output_usd),
        read_timeout=settings.bedrock_timeout_s + GRACE_S,
        connections=settings.concurrency,
        warm_up=settings.bedrock_warm_up,
    )
    pacer = None
    if items is not None and settings.bedrock_tokens_per_minute:
        paced = PaceOptions(
            settings.bedrock_tokens_per_minute,
            max_wait=PACE_WAIT_S,
            output_weight=output_weight(options.model_id),
        )
        pacer = Pacer(items, f"bedrock#{options.model_id}", paced)
    return await stack.enter_async_context(open_bedrock(options, pacer=pacer))


async def _open_sagemaker(settings: Settings, stack: AsyncExitStack) -> CaptionProvider | None:
    if settings.sagemaker_endpoint is None:
        return None
    options = SageMakerOptions(
        endpoint=settings.sagemaker_endpoint,
        model=settings.sagemaker_model,
        read_timeout=settings.sagemaker_timeout_s + GRACE_S,
        usd_per_second=settings.sagemaker_usd_per_second,
        connections=settings.concurrency,
    )
    return await stack.enter_async_context(open_sagemaker(options))


async def _open_huggingface(settings: Settings, stack: AsyncExitStack) -> CaptionProvider | None:
    token = settings.huggingface_token
    if token is None and settings.huggingface_token_secret is None:
        return None
    # Imported late: the library takes half a second, which a captioner without it need not pay.
    from services.captioner.providers.huggingface import (  # noqa: PLC0415
        HuggingFaceOptions,
        open_huggingface,
    )

    options = HuggingFaceOptions(
        model=settings.huggingface_model,
        read_timeout=settings.huggingface_timeout_s + GRACE_S,
        max_tokens=settings.huggingface_max_tokens,
        base_url=settings.huggingface_base_url,
        token=token.get_secret_value() if token is not None else None,
        token_secret=settings.huggingface_token_secret,
        prices=TokenPrices(settings.huggingface_input_usd, settings.huggingface_output_usd),
    )
    return await stack.enter_async_context(open_huggingface(options))
