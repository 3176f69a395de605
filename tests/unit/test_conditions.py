"""Conditions and ranges of requests. werkzeug is the oracle: another implementation of the same RFC."""

from __future__ import annotations

import email
import itertools
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from werkzeug.http import is_resource_modified, parse_range_header

from picasso.errors import PreconditionFailed, RangeNotSatisfiable
from picasso.web.conditions import Representation, is_not_modified
from picasso.web.ranges import MAX_RANGES, Multipart, Span, is_simple, joined, requested_spans

MOMENT = datetime(2026, 11, 29, 12, 0, 0, 700_000, tzinfo=UTC)
FOUND = Representation('"tag"', MOMENT, 1000)

NUMBERS = st.integers(0, 1200).map(str) | st.sampled_from(["", "999", "1000", "1001", "00", "9" * 18, "9" * 30, "x"])
UNITS = st.sampled_from(["bytes=", "bytes= ", "BYTES=", "lines=", ""])
LISTS = st.lists(st.builds("{}-{}".format, NUMBERS, NUMBERS), min_size=1, max_size=3)
RANGES = st.builds(lambda unit, ranges, comma: unit + comma.join(ranges), UNITS, LISTS, st.sampled_from([",", ", "]))
DATES = st.integers(-3, 3).map(lambda seconds: format_datetime(MOMENT + timedelta(seconds=seconds), usegmt=True))
TAG = st.sampled_from(['"tag"', 'W/"tag"', '"other"', 'W/"other"'])
TAGS = st.lists(TAG, min_size=1, max_size=3).map(", ".join) | st.just("*")


def ours(text: str, size: int) -> tuple[Span, ...] | str | None:
    try:
        return requested_spans({"range": text}, Representation('"tag"', MOMENT, size))
    except RangeNotSatisfiable:
        return "unsatisfiable"


def theirs(text: str, size: int) -> tuple[Span, ...] | str | None:
    """werkzeug says of each range alone what it is."""
    parsed = parse_range_header(text)
    if parsed is None or parsed.units != "bytes":
        return None
    spans = []
    for first, stop in parsed.ranges:
        start = first if first >= 0 else max(0, size + first)  # §14.1.2: more bytes than there are means all
        if start < size:
            spans.append(Span(start, size if stop is None else min(stop, size)))
    return joined(spans) or "unsatisfiable"


@given(RANGES, st.sampled_from([1, 2, 999, 1000, 1001]))
@example("bytes=0-", 1)
@example("bytes=5-4", 10)
@example("bytes=0-4,2-9,20-", 1000)
def test_ranges_as_werkzeug_has_them(text: str, size: int) -> None:
    assume(not re.search(r"[=, ]-0*(?:,|$)", text))  # see the next test
    assume(not re.search(r"\d-.*,\s*-", text))  # refuses a range after "5-" and "-5", which may stand anywhere
    assume(not re.search(r"(?:\d-|-\d+)\s*,", text))
    mine = ours(text.lower(), size)
    ascending = mine is None or isinstance(mine, str) or list(mine) == sorted(mine, key=lambda span: span.start)
    assume(ascending)  # it wants them in order
    expected = theirs(text.lower(), size)
    assert mine == expected or expected is None


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [
        ("bytes=-5", 3, [(0, 3)]),  # §14.1.2: a suffix that is longer than all is all
        ("bytes=-5", 0, None),  # satisfiable, but no Content-Range can say so
        ("bytes=0-", 0, "unsatisfiable"),
        ("bytes=-0", 10, "unsatisfiable"),
        ("bytes=-00", 10, "unsatisfiable"),
        ("bytes=-", 10, None),
        ("bytes=", 10, None),
        ("bytes=,", 10, None),
        ("BYTES=1-2", 10, [(1, 3)]),
        ("bytes= 1-2 ", 10, [(1, 3)]),
        ("bytes=1 - 2", 10, None),
        ("bytes=1-2,x", 10, None),
        ("bytes=2-1,4-5", 10, None),
        ("bytes=1-2,,\t4-5,", 10, [(1, 3), (4, 6)]),
        ("bytes=0-0,-1", 10, [(0, 1), (9, 10)]),
        ("bytes=8-,0-1", 10, [(8, 10), (0, 2)]),
        ("bytes=5-6,0-1,6-8", 10, [(5, 9), (0, 2)]),  # those that overlap
        ("bytes=0-1,2-3", 10, [(0, 4)]),  # those that touch
        ("bytes=5-6,0-9", 10, [(0, 10)]),
        ("bytes=20-30,0-1", 10, [(0, 2)]),  # §14.2: what can't be satisfied is left out
        ("bytes=20-30,40-", 10, "unsatisfiable"),
        (f"bytes=1-{'9' * 5000}", 10, [(1, 10)]),
        (f"bytes={'9' * 5000}-", 10, "unsatisfiable"),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(0, 2 * MAX_RANGES, 2)), 10**6, MAX_RANGES),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(0, 2 * MAX_RANGES + 2, 2)), 10**6, None),
        ("bytes=" + "0-," * 30_000, 10**6, None),
        ("bytes=" + "," * 60_000, 10**6, None),
    ],
)
def test_ranges(text: str, size: int, expected: list[tuple[int, int]] | str | int | None) -> None:
    spans = ours(text, size)
    if isinstance(expected, int):
        assert spans is not None
        assert len(spans) == expected
    else:
        assert spans == (tuple(Span(*span) for span in expected) if isinstance(expected, list) else expected)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1, max_size=9))
def test_joined_spans_have_the_same_bytes_and_never_touch(ranges: list[tuple[int, int]]) -> None:
    spans = [Span(start, start + size) for start, size in ranges]
    found = joined(spans)
    places = [place for span in found for place in range(span.start, span.stop)]
    assert sorted(places) == sorted({place for span in spans for place in range(span.start, span.stop)})
    in_order = sorted(found, key=lambda span: span.start)
    assert all(before.stop < after.start for before, after in itertools.pairwise(in_order))
    if len(found) == len(spans):
        assert found == tuple(spans)


def test_a_multipart_body_is_read_by_another_implementation() -> None:
    content = bytes(range(256)) * 4
    spans = (Span(0, 2), Span(1000, 1024), Span(13, 300))
    body = Multipart(spans, "image/png", len(content))
    sent = b"".join(content[piece.start : piece.stop] if isinstance(piece, Span) else piece for piece in body.pieces)
    assert len(sent) == body.size
    message = email.message_from_bytes(f"Content-Type: {body.content_type}\r\n\r\n".encode() + sent)
    parts = [part for part in message.walk() if not part.is_multipart()]
    assert [part.get_payload(decode=True) for part in parts] == [content[span.start : span.stop] for span in spans]
    assert [part["Content-Range"] for part in parts] == ["bytes 0-1/1024", "bytes 1000-1023/1024", "bytes 13-299/1024"]
    assert {part.get_content_type() for part in parts} == {"image/png"}


@pytest.mark.parametrize("text", ["bytes=0-1", "bytes=5-", "bytes=-7"])
def test_simple_ranges(text: str) -> None:
    assert is_simple(text)


@pytest.mark.parametrize(
    "text", ["bytes=0-1,3-4", "Bytes=0-1", "bytes= 0-1", "bytes=-", f"bytes=0-{'9' * 30}", "x=1-2", ""]
)
def test_what_proxies_understand_in_other_ways(text: str) -> None:
    assert not is_simple(text)


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
    ("if_range", "spans"),
    [
        ('"tag"', (Span(0, 5),)),
        ('"other"', None),
        ('W/"tag"', None),
        (format_datetime(MOMENT, usegmt=True), (Span(0, 5),)),
        (format_datetime(MOMENT + timedelta(seconds=1), usegmt=True), None),
        ("nonsense", None),
    ],
)
def test_a_range_of_other_bytes_is_not_given(if_range: str, spans: tuple[Span, ...] | None) -> None:
    assert requested_spans({"range": "bytes=0-4", "if-range": if_range}, FOUND) == spans


@pytest.mark.parametrize("name", ["if-modified-since", "if-unmodified-since", "if-range"])
def test_dates_do_not_count_where_there_is_none(name: str) -> None:
    undated, date = Representation('"tag"', None, 1000), format_datetime(MOMENT, usegmt=True)
    assert not is_not_modified({name: date}, undated)
    given = {"range": "bytes=0-4", name: date}
    assert requested_spans(given, undated) == (None if name == "if-range" else (Span(0, 5),))
