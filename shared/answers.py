"""Answers in JSON whose larger parts are left as they came, which is as botocore would give them.

botocore takes each value through its model and looks in it for all kinds that a value may be of:
more than half of what a page of the history cost. Of DynamoDB's values it would change one kind,
bytes, which come in base64: no item of ours has any. What SQS says of messages is left only where
botocore would make the same of it.
"""

from typing import Any

from aiobotocore.parsers import AioJSONParser, AioResponseParserFactory
from botocore.model import ListShape, MapShape, StructureShape

_VALUE = "AttributeValue"
# SQS's, of flat entries: only a message's attributes have parts of their own.
_LISTS_OF_SQS = frozenset(
    {
        "BatchResultErrorEntryList",
        "ChangeMessageVisibilityBatchResultEntryList",
        "DeleteMessageBatchResultEntryList",
        "MessageList",
        "SendMessageBatchResultEntryList",
    }
)


class AnswerParsers(AioResponseParserFactory):
    """Makes the parsers of answers; to be a session's ``response_parser_factory``."""

    def create_parser(self, protocol_name: str) -> Any:
        """A parser for what services of this protocol answer."""
        if protocol_name == "json":
            return _JsonAnswers()
        return super().create_parser(protocol_name)


class _JsonAnswers(AioJSONParser):
    # Of a base class, whose stubs leave them out.
    def _handle_map(self, shape: MapShape, value: Any) -> Any:
        if shape.value.name == _VALUE:
            return value
        return super()._handle_map(shape, value)  # type: ignore[misc]

    def _handle_structure(self, shape: StructureShape, value: Any) -> Any:
        if shape.name == _VALUE:
            return value
        return super()._handle_structure(shape, value)  # type: ignore[misc]

    def _handle_list(self, shape: ListShape, value: Any) -> Any:
        if shape.name in _LISTS_OF_SQS and _is_plain(value, shape.member):
            return value
        return super()._handle_list(shape, value)  # type: ignore[misc]


def _is_plain(entries: list[Any], shape: Any) -> bool:
    """Whether there is nothing in it that botocore drops (unknown, null) or decodes (bytes)."""
    known = shape.members.keys()
    return all(
        isinstance(entry, dict)
        and entry.keys() <= known
        and None not in entry.values()
        and all(_is_text(each) for each in entry.get("MessageAttributes", {}).values())
        for entry in entries
    )


def _is_text(attribute: dict[str, Any]) -> bool:
    return attribute.keys() == {"DataType", "StringValue"} and None not in attribute.values()
