"""What is known of Bedrock's models by their names: what they take, and how their tokens count."""

import re
from typing import Any

from services.captioner.prompts import answer_schema

CLAUDE_OUTPUT_WEIGHT = 5

# Optional fields of a body by model; the first pattern that fits counts, and a model that none
# fits gets none. Structured output came with Claude 4.5, effort for Haiku and Sonnet after that.
_FIELDS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (re.compile(r"anthropic\.claude-(haiku|sonnet)-4-5\b"), frozenset({"format"})),
    (
        re.compile(r"anthropic\.claude-[a-z]+-(4-[5-9]|[5-9]|[1-9]\d)(?!\d)"),
        frozenset({"format", "effort"}),
    ),
)


def optional_fields(model_id: str) -> frozenset[str]:
    """Which of ``format`` and ``effort`` a model is thought to take."""
    for pattern, fields in _FIELDS:
        if pattern.search(model_id):
            return fields
    return frozenset()


def output_weight(model_id: str) -> int:
    """How many tokens of the account's limit one token of output takes.

    "Token burndown rate" in Bedrock's user guide, on quotas: 5 for Claude from 3.7 on.
    """
    return CLAUDE_OUTPUT_WEIGHT if "anthropic.claude-" in model_id else 1


def output_config(fields: frozenset[str]) -> dict[str, Any]:
    """Anthropic's ``output_config`` with ``fields``, for ``additionalModelRequestFields``."""
    config: dict[str, Any] = {}
    if "format" in fields:
        config["format"] = {"type": "json_schema", "schema": answer_schema()}
    if "effort" in fields:
        config["effort"] = "low"
    return config
