"""Facts about tables: their columns, with types and ranges, and the number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from picasso.process.contract import Processor, ProcessorError, Result, Source
from picasso.process.options import check_range, parse_options

CSV = ("text/csv", "text/tab-separated-values")
JSON_LINES = ("application/x-ndjson", "application/jsonl")
PARQUET = "application/vnd.apache.parquet"


@dataclass(frozen=True, slots=True)
class Options:
    preview_rows: int = 100

    def __post_init__(self) -> None:
        check_range("preview_rows", self.preview_rows, 1, 10_000)


class Table(Processor):
    """Reads the whole file once or twice, in memory that does not grow with the file."""

    name: ClassVar[str] = "table"
    media_types: ClassVar[tuple[str, ...]] = (*CSV, *JSON_LINES, PARQUET)
    queue: ClassVar[str] = "quick"
    Options: ClassVar[type] = Options
    requires: ClassVar[tuple[str, ...]] = ("duckdb",)
    extra: ClassVar[str] = "tables"

    @staticmethod
    def prepare() -> None:
        import duckdb  # noqa: F401

        from picasso.process.processors.table import delimited, json_lines, parquet  # noqa: F401

    def __call__(self, source: Source, folder: Path) -> Result:
        from picasso.process.processors.table import delimited, json_lines, parquet
        from picasso.process.processors.table.database import translate_errors

        options: Options = parse_options(Options, source.options)
        with translate_errors():
            if source.media_type == PARQUET:
                return parquet.read(source, folder, options.preview_rows)
            if source.media_type in JSON_LINES:
                return json_lines.read(source, folder, options.preview_rows)
            if source.media_type in CSV:
                return delimited.read(source, folder, options.preview_rows)
        raise ProcessorError("unsupported-format", "Tables of this format can't be read.")
