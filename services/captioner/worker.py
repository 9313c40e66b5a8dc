"""What the captioner does with one photo: asks the cache, then the chain; completes the record."""

import logging
from functools import partial

from services.captioner.cache import CaptionCache
from services.captioner.chain import Captioned, FallbackChain
from services.captioner.provider import CaptionRequest
from shared.consumer import Delivery
from shared.contracts import ImageIngested
from shared.controls import Controls
from shared.errors import DependencyUnavailable, Malformed, Permanent, StaleRecord
from shared.leases import Claim, Leases
from shared.records import CaptionResult, ImageRecord, Label, Status
from shared.stages import StageRunner
from shared.telemetry import tracer
from shared.upgrades import may_be_upgraded
from shared.working import Tools

logger = logging.getLogger(__name__)

# The model input is a JPEG of at most 1.15 megapixels; one this large is not ours.
MODEL_INPUT_LIMIT = 4 * 1024 * 1024  # bytes


class CaptionWorker:
    """Handles ``image.ingested.v1``. ``controls`` take back the quota of what the cache answers.

    ``upgrades``: what an outage left to a lesser provider is to be captioned again some day.
    """

    def __init__(
        self,
        tools: Tools,
        chain: FallbackChain,
        controls: Controls,
        *,
        upgrades: bool = False,
    ) -> None:
        self._upgrades = upgrades
        self._objects = tools.objects
        self._chain = chain
        self._cache = CaptionCache(tools.items, chain.first)
        self._controls = controls
        self._stage = StageRunner(
            tools.leases,
            Status.CAPTIONING,
            work=partial(self._caption, tools.leases),
            vanished=tools.purger.vanished,
            needs=self._cache.needs,
        )

    async def handle(self, delivery: Delivery) -> None:
        """Caption the delivery's photo. Raises ``Malformed`` for a message of another queue."""
        if not isinstance(delivery.message, ImageIngested):
            raise Malformed(f"{delivery.message.kind} does not belong on the caption queue")
        await self._stage.run(delivery)

    async def _caption(self, leases: Leases, claim: Claim) -> None:
        record = claim.record
        cached = self._cache.found(claim.needed)
        if cached is not None:
            await leases.finish_caption(claim, cached)
            # Once per job: of all deliveries, only one gets to here.
            await self._give_back(record)
            return
        captioned = await self._chain.caption(
            CaptionRequest(
                image=await self._read_model_input(record),
                labels=record.labels or (),
                language=record.options.language,
                style=record.options.style,
            ),
            preferred=record.options.provider,
        )
        cache_keys = self._cache.keys_with(record, captioned)
        result = _result(record, captioned, cache_keys)
        await leases.finish_caption(
            claim, result, upgradable=self._is_upgradable(record, captioned)
        )
        await self._cache.keep(record, result)

    def _is_upgradable(self, record: ImageRecord, captioned: Captioned) -> bool:
        first = self._chain.first.name
        return (
            self._upgrades
            and captioned.is_upgradable
            and may_be_upgraded(captioned.provider, record.options, first=first)
        )

    async def _give_back(self, record: ImageRecord) -> None:
        try:
            await self._controls.refund(record.user_id)
        except DependencyUnavailable:
            # A unit lost is better than one given back twice.
            logger.warning("unit not given back", extra={"image_id": record.image_id})

    async def _read_model_input(self, record: ImageRecord) -> bytes:
        # The record and not the message says where: a late message must not point elsewhere.
        if record.model_input is None:
            raise Permanent("internal_error", "The photo was not prepared. Please send it again.")
        try:
            with tracer.start_as_current_span("read model input"):
                return await self._objects.read(record.model_input.key, limit=MODEL_INPUT_LIMIT)
        except StaleRecord as error:
            raise Permanent(
                "internal_error", "The stored photo is no longer there. Please send it again."
            ) from error


def _result(
    record: ImageRecord, captioned: Captioned, cache_keys: tuple[str, ...] | None
) -> CaptionResult:
    answer = captioned.answer
    labels: tuple[Label, ...] | None = None
    if record.options.labels and record.labels is None:
        # Ingest found none, because it has no labeller here: what the network saw is something.
        labels = tuple(
            Label(name=label.name, confidence=label.confidence, source="local")
            for label in answer.labels
        )
    return CaptionResult(
        concise=answer.concise,
        creative=answer.creative,
        alt_text=answer.alt_text,
        language=answer.language,
        provider=captioned.provider,
        labels=labels,
        cache_keys=cache_keys,
    )
