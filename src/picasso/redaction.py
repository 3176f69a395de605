"""Keeps secrets out of everything that the service writes for people: log lines, errors, debug pages.

Two kinds are hidden: the secrets of the settings, wherever they occur, and text that has the form of a secret (the
password in a URL, an Authorization header, the values of ``token=`` and ``signature=``, keys and tokens of clients).
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterable
from typing import TextIO, TypeVar
from urllib.parse import quote

HIDDEN = "***"

# Shorter ones are found by their form only: hiding every "test" would make a log unreadable.
MIN_SECRET = 6

NAMES = r"[\w.-]{0,40}(?:token|signature|secret|passw(?:or)?d|api[_-]?key)"

PATTERNS = (
    # scheme://user:password@host
    (re.compile(r"""(://[^\s/:@'"]*):[^\s/'"]*@"""), rf"\1:{HIDDEN}@"),
    # Authorization: Bearer …, also as the pair of a header (b'authorization', b'Bearer …')
    (
        re.compile(
            r"""(?i)((?:authorization|cookie)\\?["']?\s?[:=,]\s?b?\\?["']?)(?:(\w+) +)?[^\s"',)\\][^"'\r\n,)\\]*"""
        ),
        rf"\1\2 {HIDDEN}",
    ),
    (re.compile(r"(?i)(\bbearer +)[\w.~+/=-]{6,}"), rf"\1{HIDDEN}"),
    # ?token=…&signature=…, also within another URL
    (re.compile(rf"""(?i)((?<![\w.-]){NAMES}(?:=|%3D))[^&;\s"'<>#\\]+"""), rf"\1{HIDDEN}"),
    # "token": "…"
    (re.compile(rf"""(?i)(\\?["']{NAMES}\\?["']\s?:\s?b?\\?["'])[^"'\\]+"""), rf"\1{HIDDEN}"),
    # Keys of clients, and JSON Web Tokens
    (re.compile(r"(?<![A-Za-z0-9])(pk_[A-Za-z0-9]{4,64}_)[A-Za-z0-9]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(r"(?<![\w-])eyJ[\w-]{4,}\.[\w-]+\.[\w-]*"), HIDDEN),
)

_secrets: tuple[str, ...] = ()

Structure = TypeVar("Structure")


def hide(secrets: Iterable[str]) -> None:
    """From now on these are hidden, also as they look in URLs and in JSON."""
    global _secrets  # noqa: PLW0603 - the settings of a process
    long = {secret for secret in secrets if len(secret) >= MIN_SECRET}
    forms = {form for secret in long for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])}
    # The longest first: one may be a part of another.
    _secrets = tuple(sorted({*_secrets, *forms}, key=len, reverse=True))


def without_settings(text: str) -> str:
    """The text without the secrets of the settings."""
    for secret in _secrets:
        text = text.replace(secret, HIDDEN)
    return text


def redact(text: str) -> str:
    """The text without the secrets of the settings, and without what has the form of a secret."""
    text = without_settings(text)
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_all(value: Structure) -> Structure:
    """`redact` for every string in lists, tuples and dictionaries; everything else stays."""
    if isinstance(value, str):
        return redact(value)  # type: ignore[return-value] # a string for a string
    if isinstance(value, dict):
        return {key: redact_all(each) for key, each in value.items()}  # type: ignore[return-value]
    if isinstance(value, list | tuple):
        return type(value)(map(redact_all, value))
    return value


class RedactedOutput(io.TextIOWrapper):
    """Standard output or standard error without the secrets of the settings.

    What has the form of a secret stays, because a command may have to show a new key.
    """

    def write(self, text: str) -> int:
        super().write(without_settings(text))
        return len(text)


def redact_output() -> None:
    """Whatever this process prints, tracebacks too, has none of the secrets of the settings from now on."""
    sys.stdout, sys.stderr = redacted(sys.stdout), redacted(sys.stderr)


def redacted(stream: TextIO) -> TextIO:
    """The same stream through `RedactedOutput`; a stream that is no `io.TextIOWrapper` stays as it is."""
    if not isinstance(stream, io.TextIOWrapper) or isinstance(stream, RedactedOutput):
        return stream
    stream.flush()
    return RedactedOutput(
        stream.buffer,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
