"""Small tables of each format, made in code."""

import io
import json
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROWS = [("Guernica", 1937, "Paris", True), ("Harlekin", 1917, "Köln", False), ("Dora", 1937, "Paris", True)] * 3


def delimited(delimiter: str, encoding: str = "utf-8", newline: str = "\n") -> bytes:
    lines = [
        ("name", "year", "city", "shown"),
        *((name, year, city, str(yes).lower()) for name, year, city, yes in ROWS),
    ]
    return (newline.join(delimiter.join(map(str, line)) for line in lines) + newline).encode(encoding)


def json_lines() -> bytes:
    out = io.StringIO()
    for name, year, city, yes in ROWS:
        out.write(json.dumps({"name": name, "year": year, "city": city, "shown": yes, "tags": [1]}) + "\n")
    return out.getvalue().encode()


@cache
def parquet(rows: int = 9) -> bytes:
    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder, "a.parquet")
        connection.execute(
            "COPY (SELECT i AS id, 'name ' || i AS name, i / 2 AS half, DATE '2024-01-01' + i::INTEGER AS day, "
            f"[i] AS list FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)"
        )
        return path.read_bytes()


def samples() -> Iterator[tuple[str, bytes]]:
    yield "text/csv", delimited(";", "cp1252", "\r\n")
    yield "text/tab-separated-values", delimited("\t")
    yield "application/x-ndjson", json_lines()
    yield "application/vnd.apache.parquet", parquet()
