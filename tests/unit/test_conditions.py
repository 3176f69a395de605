"""Conditions and ranges of requests. werkzeug is the oracle: another implementation of the same RFC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from werkzeug.http import is_resource_modified, parse_range_header

from picasso.errors import PreconditionFailed, RangeNotSatisfiable
from picasso.web.conditions import Representation, is_not_modified, requested_range

MOMENT = datetime(2026, 11, 29, 12, 0, 0, 700_000, tzinfo=UTC)
FOUND = Representation('"tag"', MOMENT, 1000)

NUMBERS = st.integers(0, 1200).map(str) | st.sampled_from(["", "999", "1000", "1001", "00", "9" * 18, "9" * 30, "x"])
UNITS = st.sampled_from(["bytes=", "bytes= ", "BYTES=", "lines=", ""])
ENDS = st.sampled_from(["", "", " ", ",", ",5-6", ", -5"])
RANGES = st.builds("{}{}-{}{}".format, UNITS, NUMBERS, NUMBERS, ENDS)
DATES = st.integers(-3, 3).map(lambda seconds: format_datetime(MOMENT + timedelta(seconds=seconds), usegmt=True))
TAG = st.sampled_from(['"tag"', 'W/"tag"', '"other"', 'W/"other"'])
TAGS = st.lists(TAG, min_size=1, max_size=3).map(", ".join) | st.just("*")


def ours(text: str, size: int) -> tuple[int, int] | str | None:
    try:
        return requested_range({"range": text}, Representation('"tag"', MOMENT, size))
    except RangeNotSatisfiable:
        return "unsatisfiable"


def theirs(text: str, size: int) -> tuple[int, int] | str | None:
    parsed = parse_range_header(text)
    if parsed is None or parsed.units != "bytes" or len(parsed.ranges) != 1:
        return None  # the whole, which is always allowed
    return parsed.range_for_length(size) or "unsatisfiable"


@given(RANGES, st.sampled_from([0, 1, 2, 999, 1000, 1001]))
@example("bytes=0-", 0)
@example("bytes=5-4", 10)
def test_ranges_as_werkzeug_has_them(text: str, size: int) -> None:
    suffix = re.fullmatch(r"bytes=\s*-(\d+)\s*", text)
    assume(not suffix or 0 < int(suffix[1]) <= size)  # see the next test
    mine = ours(text, size)
    if mine is not None or is_strict(text):
        assert mine == theirs(text, size)


@pytest.mark.parametrize(
    ("text", "size", "range_"),
    [
        ("bytes=-5", 3, (0, 3)),  # RFC 9110 §14.1.2: a suffix that is longer than all is all
        ("bytes=-5", 0, "unsatisfiable"),
        ("bytes=-0", 10, "unsatisfiable"),
        ("bytes=-00", 10, "unsatisfiable"),
        ("bytes=-", 10, None),
    ],
)
def test_suffixes_where_werkzeug_does_not_follow_the_rfc(
    text: str, size: int, range_: tuple[int, int] | str | None
) -> None:
    assert ours(text, size) == range_


def is_strict(text: str) -> bool:
    """Whether we promise to answer with a range: what is written otherwise gets everything."""
    return text.startswith("bytes=") and not text.startswith("bytes= ") and len(text) < 40


@given(st.dictionaries(st.just("if-none-match"), TAGS), st.dictionaries(st.just("if-modified-since"), DATES))
def test_conditions_of_caches_as_werkzeug_has_them(tags: dict[str, str], dates: dict[str, str]) -> None:
    headers = tags | dates
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ["REQUEST_METHOD"] = "GET"
    modified = is_resource_modified(environ, etag="tag", last_modified=MOMENT)
    assert is_not_modified(headers, FOUND) == (not modified)


@pytest.mark.parametrize(
    ("headers", "fails"),
    [
        ({"if-match": '"tag"'}, False),
        ({"if-match": '"other", "tag"'}, False),
        ({"if-match": "*"}, False),
        ({"if-match": '"other"'}, True),
        ({"if-match": 'W/"tag"'}, True),
        ({"if-unmodified-since": format_datetime(MOMENT, usegmt=True)}, False),
        ({"if-unmodified-since": format_datetime(MOMENT - timedelta(seconds=2), usegmt=True)}, True),
        ({"if-unmodified-since": "nonsense"}, False),
        ({"if-match": '"tag"', "if-unmodified-since": format_datetime(MOMENT - timedelta(1), usegmt=True)}, False),
    ],
)
def test_preconditions(headers: dict[str, str], fails: bool) -> None:
    if fails:
        with pytest.raises(PreconditionFailed):
            is_not_modified(headers, FOUND)
    else:
        assert not is_not_modified(headers, FOUND)


@pytest.mark.parametrize(
    ("if_range", "range_"),
    [
        ('"tag"', (0, 5)),
        ('"other"', None),
        ('W/"tag"', None),
        (format_datetime(MOMENT, usegmt=True), (0, 5)),
        (format_datetime(MOMENT + timedelta(seconds=1), usegmt=True), None),
        ("nonsense", None),
    ],
)
def test_a_range_of_other_bytes_is_not_given(if_range: str, range_: tuple[int, int] | None) -> None:
    assert requested_range({"range": "bytes=0-4", "if-range": if_range}, FOUND) == range_
