"""Text of strangers does no harm in logs, on terminals and in findings."""

from __future__ import annotations

import json
import logging
import sys
from io import StringIO

import pytest

from picasso import settings
from picasso.doctor.finding import Finding, Level
from picasso.doctor.report import as_lines
from picasso.management.command import OwnCommand
from picasso.printable import printable, several_lines

HOSTILE = "a\x1b[2J\n2026-12-01T00:00:00Z [error] forged\r\u202e\x9b\udc80\U000e0041é"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("naïve файл 文件.txt", "naïve файл 文件.txt"),
        ("a\x1b[31m", r"a\u001b[31m"),
        ("a\r\nb\tc", r"a\u000d\u000ab\u0009c"),
        ("\x7f\x9b\u202e\u2028\udc80", r"\u007f\u009b\u202e\u2028\udc80"),
        ("\U000e0041", r"\udb40\udc41"),
        ("\xa0\u3000", "\xa0\u3000"),
    ],
)
def test_control_characters_are_shown_as_json_writes_them(text: str, shown: str) -> None:
    assert printable(text) == shown
    if "\udc80" not in text:
        assert json.loads(f'"{shown}"') == text


def test_lines_stay_lines_but_none_looks_like_the_next_message() -> None:
    assert several_lines("one\ntwo\x1b\n\tthree") == "one\n  two\\u001b\n      three"


def fail() -> None:
    raise ValueError(HOSTILE)


def test_a_message_of_the_log_forges_no_line_and_reaches_no_terminal() -> None:
    formatter = settings.RedactedFormatter(
        processors=[settings.safe_event, settings.CONSOLE], foreign_pre_chain=settings.SHARED_PROCESSORS
    )
    try:
        fail()
    except ValueError:
        record = logging.LogRecord("a", logging.ERROR, "", 1, "the provider says %s", (HOSTILE,), sys.exc_info())
    first, *others = formatter.format(record).split("\n")
    assert r"the provider says a\u001b[2J" in first
    assert any("forged" in line for line in others)
    assert all(line.startswith("  ") or not line for line in others)
    assert not {*"\x1b\r\x9b\u202e"} & {*"".join((first, *others))}


def test_a_command_prints_nothing_that_moves_the_cursor() -> None:
    class Hostile(OwnCommand):
        def handle(self, *args: object, **options: object) -> None:
            self.stdout.write(HOSTILE)
            self.stderr.write(HOSTILE)
            self.stdout.write(json.dumps([HOSTILE], ensure_ascii=False))

    out, err = StringIO(), StringIO()
    options = {"force_color": False, "no_color": True, "skip_checks": True}
    Hostile().execute(stdout=out, stderr=err, **options)
    for text in (out.getvalue(), err.getvalue()):
        assert not {*"\x1b\r\x9b\u202e\udc80"} & {*text}
    assert json.loads(out.getvalue().splitlines()[-1]) == [HOSTILE]


def test_a_finding_quotes_others_in_one_line() -> None:
    found = list(as_lines([("proxy", Finding(Level.FAULT, "proxy", f"it answers {HOSTILE}"))]))
    assert r"answers a\u001b[2J 2026-12-01T00:00:00Z" in " ".join(" ".join(found).split())
