"""What the captioner does with one photo: asks the chain, and completes the record."""

from functools import partial

from services.captioner.chain import Captioned, FallbackChain
from services.captioner.provider import CaptionRequest
from shared.consumer import Delivery
from shared.contracts import ImageIngested
from shared.errors import Malformed, Permanent, StaleRecord
from shared.leases import Claim, Leases
from shared.records import CaptionResult, ImageRecord, Label, Status
from shared.stages import StageRunner
from shared.telemetry import tracer
from shared.working import Tools

# The model input is a JPEG of at most 1.15 megapixels; one this large is not ours.
MODEL_INPUT_LIMIT = 4 * 1024 * 1024  # bytes


class CaptionWorker:
    """Handles ``image.ingested.v1``."""

    def __init__(self, tools: Tools, chain: FallbackChain) -> None:
        self._objects = tools.objects
        self._chain = chain
        self._stage = StageRunner(
            tools.leases,
            Status.CAPTIONING,
            work=partial(self._caption, tools.leases),
            vanished=tools.objects.remove_image,
        )

    async def handle(self, delivery: Delivery) -> None:
        """Caption the delivery's photo. Raises ``Malformed`` for a message of another queue."""
        if not isinstance(delivery.message, ImageIngested):
            raise Malformed(f"{delivery.message.kind} does not belong on the caption queue")
        await self._stage.run(delivery)

    async def _caption(self, leases: Leases, claim: Claim) -> None:
        record = claim.record
        captioned = await self._chain.caption(
            CaptionRequest(
                image=await self._read_model_input(record),
                labels=record.labels or (),
                language=record.options.language,
                style=record.options.style,
            )
        )
        await leases.finish_caption(claim, _result(record, captioned))

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


def _result(record: ImageRecord, captioned: Captioned) -> CaptionResult:
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
    )
