"""Mail and news: by the fields of a header (RFC 5322, RFC 5536, RFC 4155)."""

from __future__ import annotations

import re

from picasso.detection.text.sample import Sample

KNOWN_FIELD = re.compile(
    r"(?i)^(From|To|Cc|Subject|Date|Message-ID|MIME-Version|Received|Return-Path|Delivered-To|Newsgroups|Path|Xref"
    r"|Content-Type|Content-Transfer-Encoding|DKIM-Signature|Reply-To|X-Mailer|User-Agent):[ \t]",
    re.MULTILINE,
)
FIELD = re.compile(r"[!-9;-~]{1,60}:[ \t\r\n]")
# What each server adds before a message (RFC 5321, section 4.4). They may be longer than the start that is read.
TRACE = re.compile(r"(?i)(?:Received|Return-Path|Delivered-To):[^\n]*\n(?:[!-9;-~]{1,60}:[^\n]*\n|[ \t][^\n]*\n){3}")
EMPTY_LINE = re.compile(r"\r?\n\r?\n")
MBOX_LINE = re.compile(r"From [^\n]{1,200}(?:\d\d:\d\d|\d{4})[^\n]{0,40}\n>?")
LENGTH_LINE = re.compile(r"\d{1,12} *\r?\n")


def detect_message(sample: Sample) -> str | None:
    text = sample.text
    if text.startswith("From ") and (line := MBOX_LINE.match(text)):
        return "application/mbox" if FIELD.match(text, line.end()) else None
    if line := LENGTH_LINE.match(text):  # of Apple Mail, before the message
        return "message/x-emlx" if type_of_header(text[line.end() :]) else None
    return type_of_header(text)


def type_of_header(text: str) -> str | None:
    """At least three fields that every message has stand before its first empty line."""
    if not FIELD.match(text):
        return None
    header = EMPTY_LINE.split(text, maxsplit=1)[0]
    fields = {name.lower() for name in KNOWN_FIELD.findall(header)}
    if fields >= {"newsgroups", "path"} or (fields >= {"newsgroups", "xref"}):
        return "message/news"
    is_mail = len(fields) > 2 and fields & {"from", "received", "return-path", "message-id", "delivered-to"}
    return "message/rfc822" if is_mail or TRACE.match(text) else None
