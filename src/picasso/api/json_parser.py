"""JSON bodies, with one error for everything that no view can store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rest_framework.parsers import JSONParser as Parser

from picasso.errors import InvalidField


class JSONParser(Parser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Raises `InvalidField` for a body that is nested too deeply or that has text which is no valid Unicode."""
        try:
            value = super().parse(stream, media_type, parser_context)
        except RecursionError as fault:
            raise InvalidField("body", "The body is nested too deeply.") from fault
        for text in texts(value):
            require_storable(text)
        return value


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
