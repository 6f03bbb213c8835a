"""Parse the responses of AWS as botocore does, but without its walk over the shape of each stored value.

A stored value looks in JSON as botocore returns it, except for binary content. For one query of 25 stock buckets,
botocore checks 2,000 counters for each kind of content that a value may have.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from botocore.parsers import JSONParser, ResponseParserFactory

#: Botocore's name of the shape of a stored value: {"S": "text"}, {"N": "1"}, {"L": [{"N": "1"}]}, …
_STORED_VALUE = "AttributeValue"


class _StoredValueParser(JSONParser):
    def _handle_structure(self, shape: Any, value: Any) -> Any:
        if shape.name != _STORED_VALUE:
            return super()._handle_structure(shape, value)  # type: ignore[misc]
        _decode_binary(value)
        return value

    def _handle_map(self, shape: Any, value: Any) -> Any:
        if shape.value.name != _STORED_VALUE:
            return super()._handle_map(shape, value)  # type: ignore[misc]
        for stored in value.values():
            _decode_binary(stored)
        return value


class StoredValueParserFactory(ResponseParserFactory):
    """Factory of parsers for a botocore session, as its component `response_parser_factory`."""

    def create_parser(self, protocol_name: str) -> Any:
        """Return the parser of a protocol; DynamoDB has the protocol "json"."""
        return _StoredValueParser() if protocol_name == "json" else super().create_parser(protocol_name)


def _decode_binary(stored: dict[str, Any]) -> None:
    """Decode the binary content of a stored value in place, at any depth."""
    for kind, content in stored.items():
        if kind == "B":
            stored[kind] = b64decode(content)
        elif kind == "BS":
            stored[kind] = [b64decode(one) for one in content]
        elif kind == "L":
            for element in content:
                if "N" not in element:  # most lists are of counters
                    _decode_binary(element)
        elif kind == "M":
            for element in content.values():
                _decode_binary(element)
