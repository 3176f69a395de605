"""What is in a table: its columns, their types and ranges, and how many rows there are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from picasso.process.contract import Processor, ProcessorError, Result, Source
from picasso.process.options import parse_options

CSV = ("text/csv", "text/tab-separated-values")
JSON_LINES = ("application/x-ndjson", "application/jsonl")
PARQUET = "application/vnd.apache.parquet"


@dataclass(frozen=True, slots=True)
class Options:
    preview_rows: int = 100

    def __post_init__(self) -> None:
        if not 0 < self.preview_rows <= 10_000:
            raise ValueError("preview_rows is not between 1 and 10000")


class Table(Processor):
    """Reads the whole file once or twice, whatever its size, in memory that does not grow with it."""

    name: ClassVar[str] = "table"
    media_types: ClassVar[tuple[str, ...]] = (*CSV, *JSON_LINES, PARQUET)
    queue: ClassVar[str] = "quick"
    Options: ClassVar[type] = Options
    requires: ClassVar[tuple[str, ...]] = ("duckdb",)
    extra: ClassVar[str] = "tables"

    @staticmethod
    def prepare() -> None:
        import charset_normalizer  # noqa: F401
        import duckdb  # noqa: F401

        from picasso.process.processors.table import delimited, json_lines, parquet  # noqa: F401

    def __call__(self, source: Source, folder: Path) -> Result:
        from picasso.process.processors.table import delimited, json_lines, parquet
        from picasso.process.processors.table.database import faults

        options: Options = parse_options(Options, source.options)
        with faults():
            if source.media_type == PARQUET:
                return parquet.read(source, folder, options.preview_rows)
            if source.media_type in JSON_LINES:
                return json_lines.read(source, folder, options.preview_rows)
            if source.media_type in CSV:
                return delimited.read(source, folder, options.preview_rows)
        raise ProcessorError("unsupported-format", "Tables of this format can't be read.")
