"""Names of files that others chose, made safe for this machine's folders."""

from __future__ import annotations

import re
import unicodedata

MAX_BYTES = 240
"""Of a name in UTF-8; file systems take 255."""

# Windows knows these as devices, with any extension.
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))})


def local_name(name: str, otherwise: str) -> str:
    """A name without folders, control characters and what file systems refuse; ``otherwise`` if nothing is left.

    It begins with no dot, so it neither hides nor names a folder.
    """
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join("_" if letter in '<>:"|?*' or is_control(letter) else letter for letter in last)
    kept = shortened(kept.strip(" .") or otherwise)
    return f"_{kept}" if kept.partition(".")[0].strip().lower() in DEVICES else kept


def is_control(letter: str) -> bool:
    """Also what changes the direction of text, and lone surrogates."""
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def printable(text: str) -> str:
    """For a terminal: nothing in it moves the cursor, or hides or turns text around."""
    return "".join(f"\\u{ord(letter):04x}" if is_control(letter) else letter for letter in text)


def shortened(name: str) -> str:
    """The extension is kept."""
    stem, extension = split_extension(name)
    if len(extension.encode()) > 21:
        stem, extension = name, ""
    room = MAX_BYTES - len(extension.encode())
    return stem.encode()[:room].decode(errors="ignore") + extension


def numbered(name: str, number: int) -> str:
    """``name (2).txt``"""
    stem, extension = split_extension(name)
    return f"{stem} ({number}){extension}" if stem else f"{name} ({number})"


def split_extension(name: str) -> tuple[str, str]:
    """The extension has its dot, or is empty. That of a compressed archive is ``.tar.gz``."""
    stem, dot, _ = name.rpartition(".")
    if not dot:
        return name, ""
    kept = stem[:-4] if stem[-4:].lower() == ".tar" and len(stem) > 4 else stem
    return kept, name[len(kept) :]
