"""Follow events: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

import httpx

from picasso_client.actions import Call, Item, Pause, Steps, read
from picasso_client.errors import PicassoError
from picasso_client.models import Event, parse_event
from picasso_client.requests import parse_as
from picasso_client.retries import Attempts, no_answer, opened
from picasso_client.service import Service

RECONNECT_PAUSE = 1.0

MAX_LINE = 2**20
"""Bytes."""


class EventFilters(TypedDict, total=False):
    """docs/events.md says what they mean."""

    type: str
    file: str
    owner: str
    tag: str


@dataclass(slots=True)
class Parser:
    """Gives the messages of a stream as (id, event, data); those without data too, as their ids count."""

    waiting: bytes = b""
    fields: dict[str, list[str]] = field(default_factory=dict)

    def feed(self, piece: bytes) -> Iterator[tuple[str, str, str]]:
        *lines, self.waiting = (self.waiting + piece).split(b"\n")
        if len(self.waiting) > MAX_LINE:
            raise PicassoError(200, "unexpected-answer", "A line of the stream of events is too long.")
        for line in lines:
            text = line.removesuffix(b"\r").decode("utf-8", "replace")
            if text:
                name, _, value = text.partition(":")
                self.fields.setdefault(name, []).append(value.removeprefix(" "))
            else:
                yield self._take()

    def _take(self) -> tuple[str, str, str]:
        found, self.fields = self.fields, {}
        return found.get("id", [""])[-1], found.get("event", [""])[-1], "\n".join(found.get("data", []))


def events(service: Service, after: int | None, filters: EventFilters) -> Steps[None]:
    """Gives each event behind ``after``, or from now on; never ends by itself.

    Raises `PicassoError` if the service refuses, or can't be reached for a while.
    """
    attempts = Attempts(service.retries)
    while True:
        yield from opened(service, events_call(after, filters), attempts)
        attempts.progress()
        parser = Parser()
        try:
            while piece := (yield from read()):
                for message in parser.feed(piece):
                    after, event = advance(message, after)
                    if event:
                        yield Item(event)
        except httpx.TransportError as fault:
            yield Pause(attempts.next_pause(no_answer(fault)))
        else:
            yield Pause(RECONNECT_PAUSE)


def events_call(after: int | None, filters: EventFilters) -> Call:
    headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
    if after is not None:
        headers["Last-Event-ID"] = str(after)
    return Call("GET", "events/", {**filters}, headers)


def advance(message: tuple[str, str, str], after: int | None) -> tuple[int | None, Event | None]:
    """Where the next connection begins, and the event to give out, if it is a new one."""
    number, name, data = message
    seq = int(number) if number.isascii() and number.isdigit() else after
    if name == "reset":
        raw: dict[str, Any] = {"seq": seq or 0, "type": "reset", "data": parse(data)}
        return seq, parse_as(parse_event, raw)
    if not data:
        return seq, None
    event = parse_as(parse_event, parse(data))
    return seq, event if after is None or event.seq > after else None


def parse(data: str) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
    except (RecursionError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise PicassoError(200, "unexpected-answer", "An event is not JSON.")
    return found
