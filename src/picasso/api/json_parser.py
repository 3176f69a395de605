"""JSON bodies, with one error for everything that no view can store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser as Parser
from rest_framework.parsers import get_encoding  # type: ignore[attr-defined] # missing in the stubs

from picasso.errors import InvalidField
from picasso.metadata import refuse_constant, unique


class JSONParser(Parser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Raises `InvalidField` for a body that is nested too deeply or that has text which is no valid Unicode.

        Strict: a name that occurs twice in an object is refused.
        """
        encoding = get_encoding(parser_context or {})
        try:
            value = json.loads(stream.read().decode(encoding), object_pairs_hook=unique, parse_constant=refuse_constant)
        except RecursionError as fault:
            raise InvalidField("body", "The body is nested too deeply.") from fault
        except ValueError as fault:
            raise ParseError(sentence_of(fault, encoding)) from fault
        for text in texts(value):
            require_storable(text)
        return value


def sentence_of(fault: ValueError, encoding: str) -> str:
    match fault:
        case json.JSONDecodeError():
            return f"The body is not valid JSON: see line {fault.lineno}, column {fault.colno}."
        case UnicodeDecodeError():
            return f"The body is not text in {encoding}."
        case _:
            return f"The body is not valid JSON: {fault}."


def texts(value: Any) -> Iterator[str]:
    """All strings in the value, keys included."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            pending += [*each, *each.values()]
        elif isinstance(each, list):
            pending += each


def require_storable(text: str) -> None:
    """JSON can contain lone surrogates (``\\ud800``) and NUL, and PostgreSQL can store neither."""
    if "\0" in text:
        raise InvalidField("body", "The body contains a NUL, which cannot be stored.")
    try:
        text.encode()
    except UnicodeEncodeError as fault:
        raise InvalidField("body", "The body contains a lone surrogate, which is not valid text.") from fault
