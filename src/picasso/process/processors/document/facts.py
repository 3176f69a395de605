"""What a document says of itself, in the same words whatever it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from picasso.process.contract import JSON
from picasso.process.processors.budget import take_first_fitting

WORDS_LENGTH = 1_000
NAMES = 100
NAME_LENGTH = 200

# Bytes of one list: facts have 64 KiB in all, a mail has three lists, and ten texts may take 40.
NAMES_ROOM = 6 * 2**10

PEOPLE = 50

CONTROLS = dict.fromkeys((*range(32), 0x7F), " ")
SURROGATE = re.compile("[\ud800-\udfff]")

# RTF keeps its title as it keeps all text, and kreuzberg leaves that so.
RTF_ESCAPE = re.compile(r"\\'([0-9a-fA-F]{2})|\\u(-?\d{1,6})\s?\??")


def described(said: Mapping[str, Any], language: str | None) -> dict[str, JSON]:
    """What all documents have. Dates are as ISO 8601 has them, without a zone where the document names none.

    ``language`` is what the document says, ``text_language`` (ISO 639-3) what its text looks like.
    """
    authors = said.get("authors") or said.get("author")
    keywords = said.get("keywords")
    return {
        "title": words(said.get("title")),
        "author": words(", ".join(map(str, authors[:PEOPLE])) if isinstance(authors, list) else authors),
        "subject": words(said.get("subject")),
        "keywords": words(", ".join(map(str, keywords[:NAMES])) if isinstance(keywords, list) else keywords),
        "description": words(said.get("description")),
        "created": moment(said.get("created_at") or said.get("created")),
        "modified": moment(said.get("modified_at") or said.get("modified")),
        "modified_by": words(said.get("modified_by")),
        "application": words(said.get("application") or said.get("generator")),
        "language": words(said.get("language")),
        "text_language": language,
    }


def mail(said: Mapping[str, Any]) -> dict[str, JSON]:
    attached = attachments(said)
    return {
        "from": words(said.get("from_email")),
        "to": names(said.get("to_emails"), PEOPLE),
        "cc": names(said.get("cc_emails"), PEOPLE),
        "date": moment(said.get("created_at")),
        "message_id": words(said.get("message_id")),
        "attachments": len(said.get("attachments") or ()),
        "attachment_names": names(attached, NAMES),
    }


def attachments(said: Mapping[str, Any]) -> list[str]:
    found = said.get("attachments")
    return [str(each) for each in found] if isinstance(found, list) else []


def names(found: Iterable[Any] | None, most: int) -> list[JSON]:
    """At most ``most`` of them, each of bounded length, and no more than there is room for."""
    return take_first_fitting((words(each, NAME_LENGTH) or "" for each in list(found or ())[:most]), NAMES_ROOM)


def words(text: Any, length: int = WORDS_LENGTH) -> str | None:
    """On one line; None for nothing."""
    if not isinstance(text, str):
        return None
    return " ".join(kept(text[: 4 * length]).translate(CONTROLS).split())[:length] or None


def kept(text: str) -> str:
    return SURROGATE.sub("\ufffd", text).replace("\0", "")


def moment(text: Any) -> str | None:
    if not isinstance(text, str) or len(text) > 100:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(text).isoformat()
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def unescaped(text: str) -> str:
    """An RTF's ``Caf\\'e9 \\u8364?`` as people read it; bytes as Windows-1252, which most are in."""

    def letter(match: re.Match[str]) -> str:
        if match[1]:
            return bytes.fromhex(match[1]).decode("cp1252", "replace")
        return chr(int(match[2]) % 65536)

    return RTF_ESCAPE.sub(letter, text)
