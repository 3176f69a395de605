"""Remote processors: declared in ``picasso.toml``, run by workers elsewhere that claim their jobs over HTTP.

See ``docs/processors.md``. For a pipeline they are processors as all others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from picasso.process.contract import JSON
from picasso.queue_names import REMOTE

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
MAX_NAME = 25
"""Characters. With `REMOTE` before it, it is the name of a queue: at most 32."""

TYPE_PATTERN = re.compile(r"!?[a-z*?]+/[a-z0-9.+*?-]+")

# A pipeline's own keys, beside the names of its processors.
RESERVED = frozenset({"file", "version", "priority", "retention_days", "visibility", "processors", "policy"})

LEASE_SECONDS = range(5, 3601)
TIME_LIMIT = range(5, 7 * 86_400 + 1)
MAX_ATTEMPTS = range(1, 21)


class Configurable(Protocol):
    """What a pipeline needs to know of a processor."""

    @property
    def name(self) -> str: ...
    @property
    def media_types(self) -> tuple[str, ...]: ...
    @property
    def queue(self) -> str: ...
    @property
    def on_request(self) -> bool: ...
    @property
    def Options(self) -> type | None: ...  # noqa: N802 - as `contract.Processor` has it


@dataclass(frozen=True, slots=True)
class RemoteProcessor:
    name: str
    media_types: tuple[str, ...]
    on_request: bool = False
    lease_seconds: int = 60
    """A claim holds for so long, and as long again from each renewal."""
    time_limit: int = 3600
    """Seconds that an attempt may take, however often it is renewed."""
    max_attempts: int = 5
    """So many failed attempts fail the job."""

    @property
    def queue(self) -> str:
        return f"{REMOTE}{self.name}"

    @property
    def Options(self) -> None:  # noqa: N802
        """Any: the worker checks them."""


Report = Callable[[str], None]
ReportKey = Callable[[str, str], None]


def check_name(name: str, others: Collection[str], report: Report) -> None:
    """``others`` are the installed processors."""
    if not NAME.fullmatch(name) or len(name) > MAX_NAME:
        report(f"the name of a remote processor must be kebab-case and have at most {MAX_NAME} characters")
    elif name in RESERVED or name in others:
        report("is the name of an installed processor, or of a key of pipelines")


def parse_remote(name: str, table: Mapping[str, Any], report: ReportKey) -> RemoteProcessor:
    """What the table ``[remote.NAME]`` declares. In the place of a wrong value it has the default."""
    known = ("types", "on_request", "lease_seconds", "time_limit", "max_attempts")
    for key in table:
        if key not in known:
            report(key, f"is not a known key (known keys: {', '.join(sorted(known))})")
    default = RemoteProcessor(name, parse_types(table.get("types"), report))
    values = {"lease_seconds": LEASE_SECONDS, "time_limit": TIME_LIMIT, "max_attempts": MAX_ATTEMPTS}
    numbers = {key: parse_number(table, key, allowed, report) for key, allowed in values.items() if key in table}
    on_request = table.get("on_request", False)
    if type(on_request) is not bool:
        report("on_request", "must be true or false")
    found = {key: value for key, value in numbers.items() if value is not None}
    return RemoteProcessor(name, default.media_types, on_request is True, **found)


def parse_types(value: Any, report: ReportKey) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        report("types", 'must be a list of media types, such as ["image/*"]')
        return ()
    for hint in filter(None, map(pattern_fault, value)):
        report("types", hint)
    return tuple(value)


def parse_number(table: Mapping[str, Any], key: str, allowed: range, report: ReportKey) -> int | None:
    value = table[key]
    if type(value) is int and value in allowed:
        return value
    report(key, f"must be an integer from {allowed.start} to {allowed.stop - 1}")
    return None


def pattern_fault(pattern: str) -> str:
    """What is wrong with a pattern of media types; empty if nothing is."""
    if TYPE_PATTERN.fullmatch(pattern):
        return ""
    return f"{pattern!r} is not a pattern of media types such as image/* or !image/gif"


def check_json(options: Mapping[str, Any]) -> Mapping[str, JSON]:
    """Options travel as JSON. Raises `ValueError` for those that can't, such as a date."""
    try:
        json.dumps(options, allow_nan=False)
    except (TypeError, ValueError) as fault:
        raise ValueError(f"is not JSON: {fault}") from fault
    return options
