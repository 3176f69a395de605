"""Text of strangers in logs and on terminals: nothing in it moves the cursor, turns text around, or forges a line.

Names of files and of keys, answers of other servers and messages of libraries may have any character.
"""

from __future__ import annotations

import json
import unicodedata
from typing import TextIO

CONTROLS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of Unicode: control characters, what changes the direction of text, lone surrogates, ends of lines."""


def printable(text: str, kept: str = "") -> str:
    """Control characters as JSON writes them, such as ``\\u001b``; those in ``kept`` as they are."""
    if text.isprintable():
        return text
    return "".join(letter if letter in kept else escaped(letter) for letter in text)


def escaped(letter: str) -> str:
    if unicodedata.category(letter) not in CONTROLS:
        return letter
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else json.dumps(letter)[1:-1]


def several_lines(text: str) -> str:
    """As `printable`, but with its lines; those after the first are indented, so none looks like the next message."""
    return "\n  ".join(map(printable, text.expandtabs(4).split("\n")))


class PrintableOutput:
    """What a command prints, as `printable`; line feeds and tabs are its own."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> None:
        self._out.write(printable(text, "\n\t"))

    def flush(self) -> None:
        self._out.flush()

    def isatty(self) -> bool:
        """Without colours, which are control characters."""
        return False
