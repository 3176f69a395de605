"""Facts of tables in many encodings and dialects."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.samples import table as small
from tests.sampling import number

from picasso.process.contract import ProcessorError, Source
from picasso.process.processors.table import Table, dialect, survey
from picasso.process.processors.table.database import open_database, translate_errors

NDJSON, PARQUET, TSV = "application/x-ndjson", "application/vnd.apache.parquet", "text/tab-separated-values"

Facts = dict[str, Any]
Run = Callable[..., tuple[Facts, Facts]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Facts and preview of a table. No other file may be left."""

    def run(content: bytes | str, media_type: str = "text/csv", **options: Any) -> tuple[Facts, Facts]:
        folder = tmp_path / "derived"
        folder.mkdir(exist_ok=True)
        path = tmp_path / "it's [an] *original*?"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        result = Table()(Source(path, media_type, options), folder)
        assert [each.name for each in folder.iterdir()] == ["preview.json"]
        assert [each.role for each in result.derivatives] == ["preview"]
        return dict(result.facts), json.loads((folder / "preview.json").read_text())

    return run


def columns(facts: Facts) -> dict[str, tuple[Any, ...]]:
    return {each["name"]: (each["type"], each["nulls"], each["min"], each["max"]) for each in facts["columns"]}


# CSV


def test_facts_of_a_csv(run: Run) -> None:
    facts, preview = run(
        "id,name,price,day,at,shown,empty\n"
        '1,"Guernica, 1937",2.50,2024-01-02,2024-01-02 10:00:00,true,\n'
        "2,Dora,-1,2023-12-31,2024-01-01 00:00:00,false,\n"
        "10,,1e3,,2024-01-03 00:00:00,true,\n"
    )
    assert (facts["rows"], facts["malformed_rows"], facts["columns_total"]) == (3, 0, 7)
    assert facts["dialect"] == {"delimiter": ",", "quote": '"', "escape": '"', "header": True, "newline": "lf"}
    assert (facts["encoding"], facts["undecodable"], facts["sampled"]) == ("utf-8", 0, False)
    assert columns(facts) == {
        "id": ("integer", 0, 1, 10),
        "name": ("text", 1, "Dora", "Guernica, 1937"),
        "price": ("number", 0, -1.0, 1000.0),
        "day": ("date", 1, "2023-12-31", "2024-01-02"),
        "at": ("timestamp", 0, "2024-01-01 00:00:00", "2024-01-03 00:00:00"),
        "shown": ("boolean", 0, False, True),
        "empty": ("text", 3, None, None),
    }
    assert preview["columns"] == list(columns(facts))
    assert preview["rows"][0][:3] == ["1", "Guernica, 1937", "2.50"]


@pytest.mark.parametrize(
    ("encoding", "told", "text"),
    [
        ("cp1252", "cp1252", "name;note\r\nGröße;“schön”\r\nCafé;15 €\r\n"),
        ("utf-16", "utf-16-le", "name;note\r\nGröße;x\r\n日本;y\r\n"),
        ("utf-8-sig", "utf-8", "name;note\r\nGröße;x\r\n日本;y\r\n"),
        ("cp1251", "cp1251", "Привет, как дела?;Это русский текст.\r\n1;Это текст.\r\n2;Привет.\r\n"),
    ],
)
def test_encodings(run: Run, encoding: str, told: str, text: str) -> None:
    facts, preview = run(text.encode(encoding))
    rows = [line.split(";") for line in text.split("\r\n")[:-1]]
    assert (facts["encoding"], facts["undecodable"]) == (told, 0)
    assert (preview["columns"], preview["rows"]) == (rows[0], rows[1:])
    assert facts["dialect"]["newline"] == "crlf"


def test_a_bad_byte_is_read_as_windows_1252_and_costs_no_row(run: Run) -> None:
    facts, preview = run(b"a,b\n" + "é,x\n".encode() * 50 + b"\xff,y\n")
    assert (facts["encoding"], facts["undecodable"], facts["rows"]) == ("utf-8", 1, 51)
    assert preview["rows"][-1] == ["ÿ", "y"]


@pytest.mark.parametrize(
    ("content", "delimiter", "width"),
    [
        ("a;b;c\n1,5;2;3\n2,5;2;3\n", ";", 3),
        ("1,5;2,5\n3,5;4,5\n", ";", 2),
        ("a\tb\n1\tx, y\n2\tz, w\n", "\t", 2),
        ("a|b|c\n1|2|3\n", "|", 3),
        ("a,b\n1,x;y\n2,z\n", ",", 2),
        ("just a word\nand another\n", ",", 1),
        ("name,'a, b'\n'x, y','z'\n'v, w','u'\n", ",", 2),
    ],
)
def test_delimiters(content: str, delimiter: str, width: int) -> None:
    found = dialect.detect(content)
    assert (found.delimiter, found.width) == (delimiter, width)


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("name,year\nDora,1937\n", True),
        ("Dora,1937\nGuernica,1937\n", False),
        ("a,b\nc,d\n", True),
        ("a,b\nc,b\n", False),
        ("a,a\n1,2\n", True),
        ("a,\n1,2\n", True),
        (",\n1,2\n", False),
        (",name,city\n0,Ivan,Perm\n", True),
        (",name,city\nx,Ivan,Perm\ny,Petr,Omsk\n", True),
        ("id,phone,phone\nx,a,b\ny,c,d\n", True),
        ("Ivan,x,x\nPetr,y,y\n", False),
        ("a;b;\n1;2;\n", True),
        ("region,2021,2022\nA,1.5,2.5\n", True),
        ("Dora,1937,1938\nGuernica,1936,1940\n", False),
        ("#id,name\n1,Ann\n2,Bob\n", True),
        ("a,b\n", False),
        ("2024-01-01,x\ny,z\n", False),
    ],
)
def test_headers(content: str, header: bool) -> None:
    assert dialect.detect(content).header is header


def test_names_may_be_empty_or_doubled(run: Run) -> None:
    facts, preview = run(",name,value,value\n0,Ivan,1,2\n1,Petr,3,4\n")
    assert [each["name"] for each in facts["columns"]] == preview["columns"] == ["", "name", "value", "value"]
    assert [each["max"] for each in facts["columns"]] == [1, "Petr", 3, 4]
    assert (facts["dialect"]["header"], facts["rows"]) == (True, 2)


@pytest.mark.parametrize(
    "before",
    [
        "# exported 2024-01-01\n# by x\n",
        "# exported 2024-01-01, by x\n#\n\n",
        "Report of January\n\n",
        "Report,,\n,,\n",
        "From:,2024-01-01,\nTo:,2024-01-31,\n\n\n",
        '"Report\nof January",,\n',
        "sep=,\n",
        '"sep=,"\r\n',
    ],
)
def test_rows_before_the_table_are_skipped(run: Run, before: str) -> None:
    facts, preview = run(before + "name,qty,price\nx,1,2\ny,2,3\n")
    assert (facts["rows"], facts["malformed_rows"], facts["dialect"]["header"]) == (2, 0, True)
    assert preview == {"columns": ["name", "qty", "price"], "rows": [["x", "1", "2"], ["y", "2", "3"]]}


def test_comments_between_rows_are_no_rows(run: Run) -> None:
    facts, _ = run("# x\na,b\n1,2\n# y\n3,4\n")
    assert (facts["rows"], columns(facts)["a"]) == (2, ("integer", 0, 1, 3))
    facts, _ = run("color,n\n#fff,1\n#000,2\n")
    assert facts["rows"] == 2


def test_a_line_may_name_the_delimiter(run: Run) -> None:
    facts, _ = run("sep=;\na;b\n1;2,5\n")
    assert (facts["dialect"]["delimiter"], facts["rows"], list(columns(facts))) == (";", 1, ["a", "b"])
    facts, _ = run("sep=^\na,b^c\n1^2\n")
    assert (facts["dialect"]["delimiter"], list(columns(facts))) == ("^", ["a,b", "c"])


@pytest.mark.parametrize(
    "line",
    [
        "01.02.2024, 12:01 - Ivan: hello, you",
        "[01.02.24, 12:01:05] Ivan: hello, you",
        "12/31/23, 11:59 PM - Ivan: hello, you",
        "2024-01-01 10:00:00,120 INFO started worker",
        "2024-01-01T10:00:00.120Z ERROR a, b; c",
        "2024/01/01 10:00:00 [error] 12#0: open() failed, client: x",
        "Jan  1 10:00:00 host cron[12]: started, now",
        "INFO:root:started, now",
        '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 23 "Mozilla (X11; y, z)"',
        "level=info msg=a, b",
        "Frost and sun, a wonderful day",
    ],
)
def test_lines_of_logs_chats_and_prose_are_not_split(run: Run, line: str) -> None:
    facts, preview = run(f"{line}\n" * 5)
    assert (facts["columns_total"], facts["rows"], facts["malformed_rows"]) == (1, 5, 0)
    assert (facts["dialect"]["delimiter"], facts["dialect"]["header"]) == (None, False)
    assert preview["rows"][0] == [line]


@pytest.mark.parametrize(
    "line",
    [
        "2024-01-01 10:00:00,120",
        "2024-01-01 10:00:00 UTC,5",
        "1/1/2024 10:00:00 PM,5",
        "2024-01-01,10:00",
        "2024-01-01 10:00:00,Ivan Petrov",
        "INFO,started",
        "2024-01-01 10:00:00, a long story about something",
    ],
)
def test_a_table_may_begin_with_times_and_levels(line: str) -> None:
    assert dialect.detect(f"{line}\n" * 5).width == 2


def test_a_table_of_sentences() -> None:
    row = "The first book, A long story about a dog\n"
    assert dialect.detect("Title, Description\n" + row * 3).width == 2
    assert dialect.detect(row * 3).width == 1


# Types of columns


def column(run: Run, cells: list[str], delimiter: str = ";") -> tuple[Any, ...]:
    rows = "".join(f'"{cell}"{delimiter}x\n' for cell in cells)
    return columns(run(f"value{delimiter}other\n{rows}")[0])["value"]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["1234,56", "99,10", "0,5"], ("number", 0, 0.5, 1234.56)),
        (["1.234,50", "-2,5"], ("number", 0, -2.5, 1234.5)),
        (["1 234,50", "12"], ("number", 0, 12.0, 1234.5)),
        (["1\u00a0234\u00a0567,5", "1\u202f000,0"], ("number", 0, 1000.0, 1234567.5)),
        (["1 234 567", "12"], ("integer", 0, 12, 1234567)),
        (["1'234.50", "1'000'000.25"], ("number", 0, 1234.5, 1000000.25)),
        (["1,234.50", "2"], ("number", 0, 2.0, 1234.5)),
        ([" 1", "20 "], ("integer", 0, 1, 20)),
        (["+1.5", "-2"], ("number", 0, -2.0, 1.5)),
        (["123 456 789", "987 654 321"], ("text", 0, "123 456 789", "987 654 321")),
        (["1 2 3", "4 5 6"], ("text", 0, "1 2 3", "4 5 6")),
        (["0x10", "0x11"], ("text", 0, "0x10", "0x11")),
        (["1_000", "2_000"], ("text", 0, "1_000", "2_000")),
        (["01234,5", "1,5"], ("text", 0, "01234,5", "1,5")),
    ],
)
def test_numbers_as_people_write_them(run: Run, cells: list[str], found: tuple[Any, ...]) -> None:
    assert column(run, cells) == found


@pytest.mark.parametrize(
    ("delimiter", "found"),
    [
        (";", ("number", 0, 1.234, 5.678)),
        (",", ("integer", 0, 1234, 5678)),
        ("\t", ("text", 0, "1,234", "5,678")),
    ],
)
def test_a_comma_that_may_mean_two_things(run: Run, delimiter: str, found: tuple[Any, ...]) -> None:
    assert column(run, ["1,234", "5,678"], delimiter) == found


@pytest.mark.parametrize(
    ("delimiter", "price", "found"),
    [
        (";", "1,50", ("integer", 0, 1000, 10000)),
        ("\t", "1,50", ("integer", 0, 1000, 10000)),
        (";", "1.50", ("number", 0, 1.0, 10.0)),
        (";", "a", ("text", 0, "1.000", "2.500")),
        ("\t", "a", ("number", 0, 1.0, 10.0)),
    ],
)
def test_a_point_that_may_mean_two_things(run: Run, delimiter: str, price: str, found: tuple[Any, ...]) -> None:
    rows = [["id", "amount", "price"]] + [["x", cell, price] for cell in ("1.000", "2.500", "10.000")]
    assert columns(run("".join(delimiter.join(row) + "\n" for row in rows))[0])["amount"] == found


def test_points_of_thousands_that_only_later_rows_show(run: Run) -> None:
    rows = "".join(f"{100 + n % 900};0,{n}\n" for n in range(1_500))
    assert columns(run(f"amount;price\n{rows}2.500;1,5\n")[0])["amount"] == ("integer", 0, 100, 2500)


@pytest.mark.parametrize("cells", [["Nan", "Inf", "Infinity"], ["NaN", "nan"]])
def test_without_one_finite_number_a_column_is_text(run: Run, cells: list[str]) -> None:
    assert column(run, cells)[0] == "text"


@pytest.mark.parametrize(
    "content",
    [
        "a,b\r\n1,2\n3,4\r5,6\n",
        "a,b\r\r\n1,2\r\r\n3,4\r\r\n5,6\r\r\n",
        "a,b\r1,2\r\n3,4\n5,6",
        "a,b\r\n1,2\n3,4\r5,6\r",
    ],
)
def test_a_table_with_several_kinds_of_line_ends(run: Run, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    for piece in (survey.PIECE, 3):
        monkeypatch.setattr(survey, "PIECE", piece)
        facts = run(content)[0]
        assert (facts["rows"], facts["malformed_rows"], facts["dialect"]["newline"]) == (3, 0, "mixed")
        assert columns(facts) == {"a": ("integer", 0, 1, 5), "b": ("integer", 0, 2, 6)}


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["01234", "501"], ("text", 0, "01234", "501")),
        (["+79991234567", "+79997654321"], ("text", 0, "+79991234567", "+79997654321")),
        (["40702810900000012345", "7"], ("integer", 0, 7, "40702810900000012345")),
        (["9" * 39, "1" * 39], ("text", 0, "1" * 39, "9" * 39)),
        (["12345678901234567890.5", "1.5"], ("text", 0, "1.5", "12345678901234567890.5")),
    ],
)
def test_no_digit_of_an_identifier_is_lost(run: Run, cells: list[str], found: tuple[Any, ...]) -> None:
    assert column(run, cells) == found


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["01.02.2026", "3.02.2026"], ("date", 0, "2026-02-01", "2026-02-03")),
        (["2026.02.01", "2026.02.03"], ("date", 0, "2026-02-01", "2026-02-03")),
        (["2026/2/1", "2026/2/3"], ("date", 0, "2026-02-01", "2026-02-03")),
        (["31/12/2025", "01/02/2026"], ("date", 0, "2025-12-31", "2026-02-01")),
        (["12/31/2025", "01/02/2026"], ("date", 0, "2025-12-31", "2026-01-02")),
        (["31-12-99", "01-02-26"], ("date", 0, "1999-12-31", "2026-02-01")),
        (["05/05/2025", "06/06/2026"], ("date", 0, "2025-05-05", "2026-06-06")),
        (["01.02.2026 9:30", "01.02.2026 10:30:15"], ("timestamp", 0, "2026-02-01 09:30:00", "2026-02-01 10:30:15")),
        (["12/31/2025 1:30 PM", "1/2/2026 10:00 AM"], ("timestamp", 0, "2025-12-31 13:30:00", "2026-01-02 10:00:00")),
        (["9:30", "10:00"], ("time", 0, "09:30:00", "10:00:00")),
        (["01/02/2026", "03/02/2026"], ("text", 0, "01/02/2026", "03/02/2026")),
        (["04-07-20", "05-07-20"], ("text", 0, "04-07-20", "05-07-20")),
        (["04.07.20", "05.07.20"], ("text", 0, "04.07.20", "05.07.20")),
        (["31.02.2026", "01.02.2026"], ("text", 0, "01.02.2026", "31.02.2026")),
        (["1 2 3", "2024-01-01"], ("text", 0, "1 2 3", "2024-01-01")),
    ],
)
def test_dates_and_times(run: Run, cells: list[str], found: tuple[Any, ...]) -> None:
    assert column(run, cells) == found


def test_times_with_zones_are_compared_as_instants(run: Run) -> None:
    early, late = "2024-01-01T01:00:00+03:00", "2024-01-01T00:30:00Z"
    assert column(run, [late, early]) == ("timestamp", 0, early, late)
    early, late = "2024-01-01 01:00:00.5 +0300", "2024-01-01 00:30:00 UTC"
    assert column(run, [late, early]) == ("timestamp", 0, early, late)
    assert column(run, [late, "2024-01-01 00:30:00"])[0] == "text"


def test_a_type_that_only_later_rows_show(run: Run) -> None:
    facts, _ = run("a;b;c\n" + "1;2;1\n" * 2_000 + "1,5;1 000;x\n")
    assert columns(facts) == {"a": ("number", 0, 1.0, 1.5), "b": ("integer", 0, 2, 1000), "c": ("text", 0, "1", "x")}


def test_without_a_header_columns_are_numbered(run: Run) -> None:
    facts, _ = run("1,2\n3,4\n")
    assert (list(columns(facts)), facts["rows"]) == (["column1", "column2"], 2)


def test_a_type_holds_for_all_rows_not_just_the_first(run: Run) -> None:
    facts, _ = run("a,b,c,d\n" + "1,2,2024-01-01,x\n" * 5_000 + "1.5,x,2024-01-01 10:00:00,\n,,,\n")
    assert {name: kind for name, (kind, *_) in columns(facts).items()} == {
        "a": "number",
        "b": "text",
        "c": "timestamp",
        "d": "text",
    }
    assert columns(facts)["b"] == ("text", 1, "2", "x")
    assert facts["rows"] == 5_002


def test_values_padded_with_zeros_are_text(run: Run) -> None:
    facts, _ = run("zip,phone,share,n\n01234,0049123,0.5,0\n04567,0049456,-0.25,-7\n")
    assert columns(facts) == {
        "zip": ("text", 0, "01234", "04567"),
        "phone": ("text", 0, "0049123", "0049456"),
        "share": ("number", 0, -0.25, 0.5),
        "n": ("integer", 0, -7, 0),
    }


def test_minimum_and_maximum_are_finite(run: Run) -> None:
    facts, _ = run("x,y\nNaN,inf\n1.5,inf\n-2,inf\n")
    assert columns(facts) == {"x": ("number", 0, -2.0, 1.5), "y": ("text", 0, "inf", "inf")}


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "id;Товар\r\n1;Гвоздь\r\n2;Шуруп\r\n3;Болт\r\n"),
        ("cp1251", "id;name;qty\r\n1;Болт М8;10\r\n2;Гайка М8;20\r\n"),  # noqa: RUF001
        ("koi8-r", "Имя;Город\r\nИван;Москва\r\nПётр;Омск\r\n"),  # noqa: RUF001
    ],
)
def test_small_tables_in_russian(run: Run, encoding: str, text: str) -> None:
    facts, preview = run(text.encode(encoding))
    rows = [line.split(";") for line in text.split("\r\n")[:-1]]
    assert (facts["encoding"], facts["encoding_evidence"], facts["undecodable"]) == (encoding, "guess", 0)
    assert (preview["columns"], preview["rows"]) == (rows[0], rows[1:])


def test_ragged_rows_are_read_and_counted(run: Run) -> None:
    facts, _ = run("a,b,c\n" + "1,2,3\n" * 100 + "1,2\n" * 10 + "1,2,3,4\n" * 5 + "1,2,3" + ",x" * 99 + "\n")
    assert (facts["rows"], facts["malformed_rows"], facts["columns_total"]) == (116, 16, 3)
    assert columns(facts)["c"] == ("integer", 10, 3, 3)


def test_an_empty_last_cell_is_not_malformed(run: Run) -> None:
    facts, _ = run("a,b\n1,\n2,\n")
    assert (facts["rows"], facts["malformed_rows"], columns(facts)["b"][1]) == (2, 0, 2)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('a,b\n"x\ny",1\n"z\n\nw",2\n', 2),
        ("\n\na,b\n\n1,2\n\n3,4\n", 2),
        ("name\nx\ny\n", 2),
        ("a,b\r1,2\r3,4\r", 2),
        ("a,b\r\n1,2\n3,4\r\n", 2),
        ("", 0),
        ("\n\n\n", 0),
        ("x", 1),
        ('a,b\n"x, ""y""",1\n', 1),
        ("a,b\n1,2", 1),
        ("a,b\n1,x\0y\n", 1),
    ],
)
def test_rows(run: Run, content: str, rows: int) -> None:
    assert run(content)[0]["rows"] == rows


def test_zero_characters_are_replaced(run: Run) -> None:
    facts, preview = run("a,b\nx\0,y\n")
    assert "\0" not in json.dumps([facts, preview], ensure_ascii=False)


def test_a_quote_that_is_never_closed_does_not_hide_the_rest(run: Run) -> None:
    facts, _ = run('a,b\nx,"y\n' + "z,w\n" * 800_000)
    assert facts["rows"] == 800_001


def test_many_columns(run: Run) -> None:
    names = [f"c{number}" for number in range(700)]
    facts, preview = run(",".join(names) + "\n" + ("1," * 699 + "1\n") * 30)
    assert (facts["columns_total"], facts["rows"], facts["malformed_rows"]) == (700, 30, 0)
    assert list(columns(facts)) == names[: len(facts["columns"])]
    assert 300 < len(facts["columns"]) <= 500
    assert len(json.dumps(facts)) < 65_536
    assert len(preview["rows"][0]) == 500


def test_columns_may_be_called_as_our_own(run: Run) -> None:
    facts, _ = run('{"Picasso_Value0": 5, "picasso_value1": 7}\n{"Picasso_Value0": 6, "picasso_value1": 8}\n', NDJSON)
    assert columns(facts) == {"Picasso_Value0": ("integer", 0, 5, 6), "picasso_value1": ("integer", 0, 7, 8)}


def test_too_many_columns(run: Run) -> None:
    with pytest.raises(ProcessorError, match="too-many-columns"):
        run("1," * 20_000 + "\n" + "1," * 20_000 + "\n")


@pytest.mark.parametrize("content", [b"a" * 5_000_000, b"a,b\n" + b"x" * 5_000_000 + b"\n1,2\n"])
def test_a_line_may_be_too_long(run: Run, content: bytes) -> None:
    with pytest.raises(ProcessorError, match="too-long-rows"):
        run(content)


def test_rows_may_be_long(run: Run) -> None:
    assert run(b"a,b\n" + (b"x" * 30_000 + b",y\n") * 2_500)[0]["rows"] == 2_500


def test_a_table_that_is_not_utf_8_is_read_up_to_the_limit_of_the_copy(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "MAX_COPY", 2**20)
    facts, _ = run("name,note\n".encode("utf-16") + "Größe,x\n".encode("utf-16-le") * 500_000)
    assert facts["sampled"] is True
    assert 0 < facts["rows"] < 500_000


def test_the_preview_is_limited_in_size(run: Run) -> None:
    _, preview = run("a,b\n" + f"{'x' * 5_000},y\n" * 300)
    assert len(preview["rows"]) == 100
    assert len(preview["rows"][0][0]) == 200
    _, preview = run("a,b\n1,2\n3,4\n", preview_rows=1)
    assert preview["rows"] == [["1", "2"]]


def test_options_are_checked() -> None:
    with pytest.raises(ValueError, match="preview_rows"):
        Table.Options(preview_rows=0)


def test_tabs_are_preferred_in_tab_separated_values(run: Run) -> None:
    facts, _ = run("a;b\tc;d\n1;2\t3;4\n", TSV)
    assert (facts["dialect"]["delimiter"], facts["columns_total"]) == ("\t", 2)


@given(
    st.lists(st.lists(st.text("ab1,;\"' \té\n", max_size=6), min_size=2, max_size=2), min_size=1, max_size=20),
)
@settings(max_examples=number(60, 15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cells_can_be_read(run: Run, rows: list[list[str]]) -> None:
    text = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)
    facts, preview = run(text)
    assert facts["rows"] <= text.count("\n")
    assert len(preview["rows"]) <= max(1, facts["rows"])


# JSON Lines


def test_facts_of_json_lines(run: Run) -> None:
    facts, preview = run(
        '{"a": 1, "b": "x", "c": {"d": [1]}}\n'
        '{"a": 2.5, "b": null, "day": "2024-01-01"}\n'
        "not json\n[1]\n\n"
        '{"a": 3, "yes": true, "mixed": 1}\n{"mixed": "x"}\n',
        NDJSON,
    )
    assert (facts["rows"], facts["malformed_rows"], facts["columns_total"]) == (6, 2, 6)
    assert columns(facts) == {
        "a": ("number", 3, 1.0, 3.0),
        "b": ("text", 5, "x", "x"),
        "c": ("json", 5, None, None),
        "day": ("date", 5, "2024-01-01", "2024-01-01"),
        "yes": ("boolean", 5, True, True),
        "mixed": ("text", 4, "1", "x"),
    }
    assert preview["rows"][0][:3] == ["1", "x", '{"d":[1]}']


def test_names_that_sql_can_not_distinguish(run: Run) -> None:
    facts, preview = run('{"": 0, "A": 1, "a": "x", "b/~\'\\"": [2]}\n{"a": "y"}\nz\n', NDJSON)
    assert columns(facts) == {
        "": ("integer", 2, 0, 0),
        "A": ("integer", 2, 1, 1),
        "a": ("text", 1, "x", "y"),
        "b/~'\"": ("json", 2, None, None),
    }
    assert preview["rows"][1] == [None, None, "y", None]


def test_names_that_can_not_be_shown_are_only_counted(run: Run) -> None:
    facts, _ = run('{"x\\u0000": 0, "a": 1}\n', NDJSON)
    assert (list(columns(facts)), facts["columns_total"]) == (["a"], 2)


# Parquet


def test_facts_of_parquet(run: Run) -> None:
    facts, preview = run(small.parquet(1000), PARQUET)
    assert (facts["rows"], facts["columns_total"], facts["dialect"]["row_groups"]) == (1000, 5, 1)
    assert columns(facts) == {
        "id": ("integer", 0, 0, 999),
        "name": ("text", 0, "name 0", "name 999"),
        "half": ("number", 0, 0.0, 499.5),
        "day": ("date", 0, "2024-01-01", "2026-09-26"),
        "list": ("nested", None, None, None),
    }
    assert preview["rows"][1] == [1, "name 1", 0.5, "2024-01-02", "[1]"]


def test_names_of_parquet_that_differ_in_case_only(run: Run) -> None:
    facts, preview = run((Path(__file__).parent / "names-differ-in-case.parquet").read_bytes(), PARQUET)
    assert columns(facts) == {"A": ("integer", 0, 1, 1), "a": ("integer", 0, 2, 2)}
    assert preview == {"columns": ["A", "a"], "rows": [[1, 2]]}


def test_columns_of_parquet_beside_nested_ones(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "made.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT {'b': 1, 'c': [1]} AS a, 5 AS \"a.b\", MAP {'k': 1} AS m, 1.10::DECIMAL(4, 2) AS d, "
            f"12345678901234567890.5::DECIMAL(38, 1) AS e) TO '{path}' (FORMAT parquet)"
        )
    assert columns(run(path.read_bytes(), PARQUET)[0]) == {
        "a": ("nested", None, None, None),
        "a.b": ("integer", 0, 5, 5),
        "m": ("nested", None, None, None),
        "d": ("number", 0, 1.1, 1.1),
        "e": ("number", 0, "12345678901234567890.5", "12345678901234567890.5"),
    }


@pytest.mark.parametrize("keep", [0, 4, 12, 500, -1])
def test_damaged_parquet(run: Run, keep: int) -> None:
    with pytest.raises(ProcessorError, match="corrupt"):
        run(small.parquet()[:keep], PARQUET)


def test_encrypted_parquet(run: Run) -> None:
    with pytest.raises(ProcessorError, match="protected"):
        run(b"PARE" + small.parquet()[4:], PARQUET)


# What it may do and cost


def test_nothing_else_can_be_opened(tmp_path: Path) -> None:
    import duckdb

    (tmp_path / "a").write_text("a,b\n1,2\n")
    (tmp_path / "b").write_text("secret,b\n1,2\n")
    with open_database(tmp_path / "a") as connection:
        assert connection.execute(f"SELECT count(*) FROM read_csv('{tmp_path / 'a'}')").fetchone() == (1,)
        for reach in (
            f"SELECT * FROM read_csv('{tmp_path / 'b'}')",
            f"SELECT * FROM read_csv('{tmp_path}/*')",
            f"COPY (SELECT 1) TO '{tmp_path / 'c'}'",
            "SET enable_external_access = true",
            "INSTALL httpfs",
            "ATTACH 'x.db'",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(reach)


def test_a_missing_file_raises_os_error(tmp_path: Path) -> None:
    for media_type in ("text/csv", NDJSON, PARQUET):
        with pytest.raises(FileNotFoundError):
            Table()(Source(tmp_path / "gone", media_type), tmp_path)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('Could not read from file "/x": Input/output error', duckdb.IOException),
        ('Cannot open file "/x": Too many open files', duckdb.IOException),
        ('Could not read enough bytes from file "/x": attempted to read 8 bytes', ProcessorError),
    ],
)
def test_an_error_of_the_disk_is_raised(said: str, kind: type[Exception]) -> None:
    with pytest.raises(kind), translate_errors():
        raise duckdb.IOException(said)


def test_loading_starts_no_thread() -> None:
    code = (
        "from picasso.process.processors.table import Table; Table.prepare(); "
        "from pathlib import Path; print(len(list(Path('/proc/self/task').iterdir())))"
    )
    if sys.platform != "linux":
        pytest.skip("NOT TESTED: no /proc to count threads in")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


@pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: no limit on the address space")
def test_memory_does_not_grow_with_the_table(tmp_path: Path) -> None:
    line = b"12345,some text that is about as long as others are,2024-01-02,3.25\n"

    def peak(lines: int) -> float:
        path = tmp_path / f"{lines}.csv"
        path.write_bytes(b"a,b,c,d\n" + line * lines)
        (tmp_path / f"{lines}").mkdir()
        code = (
            "import sys; from pathlib import Path; from picasso.process.contract import Source; "
            "from picasso.process.processors.table import Table; "
            "print(Table()(Source(Path(sys.argv[1]), 'text/csv'), Path(sys.argv[2])).facts['rows'], file=sys.stderr); "
            "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, path, tmp_path / f"{lines}"],
            capture_output=True,
            text=True,
            check=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31)),
        )
        assert str(lines) in done.stderr
        return int(done.stdout) / 1024

    small, large = peak(20_000), peak(2_000_000)  # 1.4 and 140 MB
    assert large < 300
    assert large - small < 110


@pytest.mark.parametrize("mark", [":", ""])
def test_pairs_before_a_wider_table_are_no_header(run: Run, mark: str) -> None:
    before = f"Report{mark},Sales\nDate{mark},2024-01-01\n\n"
    facts, _ = run(f"{before}id,name,value\n1,a,2\n2,b,3\n3,c,4\n")
    assert (list(columns(facts)), facts["rows"], facts["malformed_rows"]) == (["id", "name", "value"], 3, 0)
