"""Facts that a document contains, under the same names for all formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from picasso.process.contract import JSON
from picasso.process.processors.budget import take_first_fitting

TEXT_LENGTH = 1_000
NAMES = 100
NAME_LENGTH = 200

# Bytes of one list. Facts have 64 KiB in all: a mail has three lists, and ten texts may take 40.
MAX_NAMES_BYTES = 6 * 2**10

PEOPLE = 50

CONTROLS = dict.fromkeys((*range(32), 0x7F), " ")
SURROGATE = re.compile("[\ud800-\udfff]")


def common_facts(metadata: Mapping[str, Any], language: str | None) -> dict[str, JSON]:
    """Facts that all documents have. Dates are in ISO 8601, without a time zone if the document names none.

    The fact ``language`` is what the document says, ``text_language`` (the parameter, ISO 639-3) what its text looks
    like.
    """
    authors = metadata.get("authors") or metadata.get("author")
    keywords = metadata.get("keywords")
    return {
        "title": clean_line(metadata.get("title")),
        "author": clean_line(", ".join(map(str, authors[:PEOPLE])) if isinstance(authors, list) else authors),
        "subject": clean_line(metadata.get("subject")),
        "keywords": clean_line(", ".join(map(str, keywords[:NAMES])) if isinstance(keywords, list) else keywords),
        "description": clean_line(metadata.get("description")),
        "created": parse_date(metadata.get("created_at") or metadata.get("created")),
        "modified": parse_date(metadata.get("modified_at") or metadata.get("modified")),
        "modified_by": clean_line(metadata.get("modified_by")),
        "application": clean_line(metadata.get("application") or metadata.get("generator")),
        "language": clean_line(metadata.get("language")),
        "text_language": language,
    }


def mail_facts(metadata: Mapping[str, Any]) -> dict[str, JSON]:
    attachment_names = attachments(metadata)
    return {
        "from": clean_line(metadata.get("from_email")),
        "to": names(metadata.get("to_emails"), PEOPLE),
        "cc": names(metadata.get("cc_emails"), PEOPLE),
        "date": parse_date(metadata.get("created_at")),
        "message_id": clean_line(metadata.get("message_id")),
        "attachments": len(metadata.get("attachments") or ()),
        "attachment_names": names(filter(None, attachment_names), NAMES),
    }


def attachments(metadata: Mapping[str, Any]) -> list[str]:
    values = metadata.get("attachments")
    return [str(each) for each in values] if isinstance(values, list) else []


def names(values: Iterable[Any] | None, limit: int) -> list[JSON]:
    """At most ``limit`` of them, each of limited length, while they fit into `MAX_NAMES_BYTES`."""
    return take_first_fitting(
        (clean_line(each, NAME_LENGTH) or "" for each in list(values or ())[:limit]), MAX_NAMES_BYTES
    )


def clean_line(text: Any, length: int = TEXT_LENGTH) -> str | None:
    """The text on one line; None if it is empty or no text."""
    if not isinstance(text, str):
        return None
    return " ".join(clean_text(text[: 4 * length]).translate(CONTROLS).split())[:length] or None


def clean_text(text: str) -> str:
    return SURROGATE.sub("\ufffd", text).replace("\0", "")


def parse_date(text: Any) -> str | None:
    if not isinstance(text, str) or len(text) > 100:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(text).isoformat()
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
