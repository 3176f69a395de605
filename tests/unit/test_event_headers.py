"""The fields by which a client asks for a stream, or to wait."""

from __future__ import annotations

import pytest

from picasso.web.events import wants_stream
from picasso.web.request import Request
from picasso.web.waiting import preferred_wait


def request(name: bytes, value: str) -> Request:
    async def unused(*_: object) -> dict[str, object]:
        return {}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(name, value.encode("latin-1"))]}
    return Request(scope, unused, unused)  # type: ignore[arg-type] # nothing is sent


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("wait=5", 5),
        ("WAIT = 5", 5),
        ('wait="5"', 5),
        ("wait=100", 60),
        ("respond-async, wait=5", 5),
        ("respond-async;a=b, wait=5;c", 5),
        ("wait=5, wait=7", 5),
        ("respond-async; wait=5", 0),  # a parameter of the other preference
        ('return="minimal, wait=5"', 0),
        ("wait", 0),
        ("wait=-5", 0),
        ("wait=\xb2", 0),
        ("wait=5x", 0),
        ('\\"' * 4000, 0),
    ],
)
def test_prefer(value: str, seconds: int) -> None:
    assert preferred_wait(request(b"prefer", value)) == seconds


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream; q=0.5, */*;q=0.1", True),
        ("application/json, text/event-stream", True),
        ("application/json, text/event-stream;q=0.5", False),
        ("text/event-stream;q=0", False),
        ("text/event-stream;q=0.000", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_accept(value: str, wanted: bool) -> None:
    assert wants_stream(request(b"accept", value)) is wanted
