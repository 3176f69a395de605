"""Fields of Word documents (ECMA-376 part 1, section 17.16.5), in DOCX, DOC and RTF alike."""

from __future__ import annotations

import re

from picasso.policy import ActiveContent

DDE = re.compile(r"\s*\"?\s*DDE(?:AUTO)?(?![A-Za-z0-9])", re.IGNORECASE)
LOADING = re.compile(r"\s*(?:INCLUDEPICTURE|INCLUDETEXT|INCLUDE|IMPORT|LINK|RD|DATABASE)(?![A-Za-z0-9])", re.IGNORECASE)
ELSEWHERE = re.compile(r"(?:https?|ftps?|file|smb|mhtml):|(?:^|[\s\"'])\\{2,4}[\w.]", re.IGNORECASE)

# A field may make its text, and so that of the field around it, of numbers of characters.
NUMBERS = re.compile(r"\s*QUOTE((?:\s+\d{1,5}){3,})", re.IGNORECASE)

# What a field does, with what ends it.
KEYWORD = re.compile(r"\s*(?:=|\"?[A-Za-z]+[\s\"\\])")


def add_field(instruction: str, found: ActiveContent) -> None:
    """Count a field by its instruction, such as ``DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe``."""
    if kind := kind_of_field(instruction):
        found.count(kind)


def kind_of_field(instruction: str) -> str | None:
    """``dde``, ``external_links``, or None if it is neither."""
    if quoted := NUMBERS.match(instruction):
        instruction = "".join(chr(int(number)) for number in quoted[1].split())
    if DDE.match(instruction):
        return "dde"
    return "external_links" if LOADING.match(instruction) and is_elsewhere(instruction) else None


def has_keyword(instruction: str) -> bool:
    """Whether the beginning of an instruction says what it does. Otherwise a field inside of it may say that."""
    return KEYWORD.match(instruction) is not None


def is_elsewhere(address: str) -> bool:
    """Whether an address leads to another machine, or names a file by an address."""
    return ELSEWHERE.search(address) is not None
