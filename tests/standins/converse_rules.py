"""What Converse refuses for a current Claude model, said as it says it, without the image itself.

The model's own parameters pass through ``additionalModelRequestFields`` and are its to refuse:
https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

from collections.abc import Iterator, Mapping
from typing import Any

_MEMBERS = frozenset(
    {
        "messages",
        "system",
        "inferenceConfig",
        "toolConfig",
        "guardrailConfig",
        "additionalModelRequestFields",
        "additionalModelResponseFieldPaths",
        "promptVariables",
        "requestMetadata",
        "performanceConfig",
    }
)
_SAMPLING = {"temperature": "temperature", "topP": "top_p", "topK": "top_k"}
_FIELDS = frozenset({"anthropic_beta", "output_config", "thinking"})
_EFFORTS = frozenset({"low", "medium", "high", "max"})
_FORMATS = frozenset({"jpeg", "png", "gif", "webp"})
# What structured output does not take in a schema.
_LIMITS = frozenset(
    {"minLength", "maxLength", "minimum", "maximum", "multipleOf", "maxItems", "uniqueItems"}
)


class Invalid(Exception):
    """The call is refused; the text names the field."""


def check(document: Mapping[str, Any]) -> None:
    """Raise ``Invalid`` for what would be refused, whatever the image is."""
    unknown = set(document) - _MEMBERS
    if unknown:
        raise Invalid(f"extraneous key [{min(unknown)}] is not permitted")
    _check_messages(document["messages"])
    _check_inference(document.get("inferenceConfig") or {})
    choice = (document.get("toolConfig") or {}).get("toolChoice") or {}
    if "any" in choice or "tool" in choice:
        raise Invalid("toolChoice: this model does not support forcing tool use.")
    _check_fields(document.get("additionalModelRequestFields") or {})


def image_parts(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The image blocks of all messages."""
    return [block["image"] for block in _blocks(document) if "image" in block]


def prompt_of(document: Mapping[str, Any]) -> str:
    """All that the messages say."""
    return "\n".join(block["text"] for block in _blocks(document) if "text" in block)


def _blocks(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for message in document["messages"]:
        yield from message["content"]


def _check_messages(messages: list[Mapping[str, Any]]) -> None:
    if not messages or messages[0]["role"] != "user":
        raise Invalid("messages: A conversation must start with a user message.")
    if messages[-1]["role"] == "assistant":
        raise Invalid(
            "messages: This model does not support assistant message prefill. "
            "The conversation must end with a user message."
        )
    for block in _blocks({"messages": messages}):
        if block.get("text") is not None and not block["text"].strip():
            raise Invalid("messages: text content blocks must contain non-whitespace text")
        if "image" in block and block["image"]["format"] not in _FORMATS:
            raise Invalid("messages: image.format must be one of gif, jpeg, png, webp")


def _check_inference(config: Mapping[str, Any]) -> None:
    for name, shown in _SAMPLING.items():
        if name in config:
            raise Invalid(f"`{shown}` is deprecated for this model.")
    tokens = config.get("maxTokens", 1)
    if not isinstance(tokens, int) or tokens < 1:
        raise Invalid("inferenceConfig.maxTokens: must be a whole number of at least 1")


def _check_fields(fields: Mapping[str, Any]) -> None:
    for name in _SAMPLING.values():
        if name in fields:
            raise Invalid(f"`{name}` is deprecated for this model.")
    if "tool_choice" in fields:
        raise Invalid("tool_choice: this model does not support forcing tool use.")
    unknown = set(fields) - _FIELDS
    if unknown:
        raise Invalid(f"{min(unknown)}: Extra inputs are not permitted")
    _check_output(fields.get("output_config") or {})


def _check_output(config: Mapping[str, Any]) -> None:
    unknown = set(config) - {"format", "effort"}
    if unknown:
        raise Invalid(f"output_config.{min(unknown)}: Extra inputs are not permitted")
    if config.get("effort", "low") not in _EFFORTS:
        raise Invalid("output_config.effort: Input should be 'low', 'medium', 'high' or 'max'")
    wanted = config.get("format")
    if wanted is None:
        return
    if wanted.get("type") != "json_schema" or not isinstance(wanted.get("schema"), dict):
        raise Invalid("output_config.format: Input should have type 'json_schema' and a schema")
    _check_schema(wanted["schema"])


def _check_schema(schema: Mapping[str, Any]) -> None:
    kind = schema.get("type")
    if kind == "object" and schema.get("additionalProperties") is not False:
        raise Invalid(
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be "
            "explicitly set to false"
        )
    limits = _LIMITS & set(schema)
    if limits:
        raise Invalid(
            f"output_config.format.schema: For '{kind}' type, property '{min(limits)}' is not "
            "supported"
        )
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    for each in [*inner, *([schema["items"]] if "items" in schema else [])]:
        _check_schema(each)
