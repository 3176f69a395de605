"""Findings as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from textwrap import fill

from picasso.doctor.finding import Finding, Level
from picasso.printable import printable

DOCS = "docs/"
WIDTH = 110

Found = tuple[str, Finding]
"""A subject and a finding."""


def as_json(found: Iterable[Found]) -> str:
    findings = [{"subject": subject, **asdict(finding)} for subject, finding in found]
    return json.dumps({"findings": findings, "faults": number(found, Level.FAULT)}, indent=2, ensure_ascii=False)


def as_lines(found: Iterable[Found]) -> Iterator[str]:
    for subject, several in groupby(found, key=lambda each: each[0]):
        yield f"\n{subject}"
        for _, finding in several:
            yield from lines_of(finding)


def lines_of(finding: Finding) -> Iterator[str]:
    yield filled(finding.what, f"  {finding.level:8} ", " " * 11)
    if finding.change:
        page = f" ({DOCS}{finding.page})" if finding.page else ""
        yield filled(finding.change + page, " " * 9 + "→ ", " " * 11)


def filled(text: str, first: str, others: str) -> str:
    """Findings quote what others have answered: nothing in it moves the cursor of a terminal."""
    return fill(printable(" ".join(text.split())), WIDTH, initial_indent=first, subsequent_indent=others)


def summary(found: Iterable[Found]) -> str:
    faults, warnings = number(found, Level.FAULT), number(found, Level.WARNING)
    if not faults and not warnings:
        return "Everything is as it should be."
    return f"{count(faults, 'fault')}, {count(warnings, 'warning')}."


def number(found: Iterable[Found], level: Level) -> int:
    return sum(finding.level == level for _, finding in found)


def count(how_many: int, what: str) -> str:
    return f"{how_many} {what}{'' if how_many == 1 else 's'}"
