"""DynamoDB's attribute values as its answers have them, which is as botocore would give them.

botocore takes each value of each item through its model and looks in it for all kinds that a
value may be of: more than half of what a page of the history cost. It would change one kind,
bytes, which come in base64: no item of ours has any.
"""

from typing import Any

from aiobotocore.parsers import AioJSONParser, AioResponseParserFactory
from botocore.model import MapShape, StructureShape

_VALUE = "AttributeValue"


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
