"""What the stand-ins for the caption models were asked, counted by them and by nobody else."""

from collections import Counter
from typing import Any

import requests

from shared.records import ImageRecord
from tests.stack import Stack

MODELS = ("bedrock", "sagemaker", "huggingface")


class ModelCalls:
    """The calls since the last ``forget``, of a stack with ``MODELS=standin``."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack["STANDIN_URL"]

    def forget(self, *, delay_ms: int = 0) -> None:
        """Count from nought; each answer takes ``delay_ms`` from now on."""
        requests.delete(f"{self._url}/_calls", timeout=10).raise_for_status()
        self.mend(*MODELS, delay_ms=delay_ms)

    def fail(self, *models: str, delay_ms: int = 0) -> None:
        """From now on each call of these models ends in an error, after ``delay_ms``."""
        self._command({model: {"mode": "error", "delay_ms": delay_ms} for model in models})

    def mend(self, *models: str, delay_ms: int = 0) -> None:
        """From now on these models answer, after ``delay_ms``."""
        self._command({model: {"mode": "none", "delay_ms": delay_ms} for model in models})

    def outcomes(self, model: str) -> Counter[str]:
        """How often this model was called, by how it ended."""
        found: Any = requests.get(f"{self._url}/_calls", timeout=10).json()
        return Counter(found[model])

    def errors_at(self, model: str) -> list[float]:
        """When this model was called in vain, of its last 200 calls. Only differences count."""
        asked = {"service": model, "last": "200"}
        found: Any = requests.get(f"{self._url}/_requests", params=asked, timeout=10).json()
        return [call["at"] for call in found if call["outcome"] == "error"]

    def by_image(self) -> Counter[str]:
        """How often a caption was asked for, by the SHA-256 of the picture that was sent."""
        found: Any = requests.get(f"{self._url}/_images", timeout=10).json()
        calls: Counter[str] = Counter()
        for model in MODELS:
            calls.update(found[model])
        return calls

    def of(self, record: ImageRecord) -> int:
        """How often a caption of this photo was asked for."""
        assert record.model_input is not None
        assert record.model_input.sha256 is not None
        return self.by_image()[record.model_input.sha256]

    def _command(self, faults: dict[str, Any]) -> None:
        requests.put(f"{self._url}/_faults", json=faults, timeout=10).raise_for_status()


def repeated(calls: Counter[str], records: list[ImageRecord]) -> int:
    """How many calls were more than one for a photo.

    Each photo must have been asked for, nothing else, and none more often than it was claimed.
    """
    pictures = {r.model_input.sha256: r for r in records if r.model_input is not None}
    assert set(calls) == set(pictures)
    for sha256, count in calls.items():
        assert 1 <= count <= pictures[sha256].attempts_made
    return calls.total() - len(records)
