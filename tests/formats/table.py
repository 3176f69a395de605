"""Formats of tables."""

from __future__ import annotations

from tests.contract.samples import table as small
from tests.formats import Format

KEYS = ("columns", "columns_total", "dialect", "encoding", "malformed_rows", "rows", "sampled", "undecodable")
TEXT_KEYS = (*KEYS, "encoding_evidence", "encoding_sure")

COPIED = "Encodings other than UTF-8 are read up to 512 MiB (`sampled` says so)."
WIDE = "At most 500 columns are described, or 100 if there are more than 2,000."

FORMATS = (
    Format(
        "CSV",
        "table.csv",
        lambda: small.delimited(","),
        "text/csv",
        {"table": TEXT_KEYS},
        ("preview",),
        gaps=f"{WIDE} {COPIED} Rows of more than 2 MiB and tables with more than 16,384 columns are refused.",
    ),
    Format(
        "CSV with semicolons, Windows-1252",
        "table.csv",
        lambda: small.delimited(";", "cp1252", "\r\n"),
        "text/csv",
        {"table": TEXT_KEYS},
        ("preview",),
        gaps="Days that may be months, and years of two digits, are text unless the column shows which they are.",
    ),
    Format(
        "TSV",
        "table.tsv",
        lambda: small.delimited("\t"),
        "text/tab-separated-values",
        {"table": TEXT_KEYS},
        ("preview",),
    ),
    Format(
        "JSON Lines",
        "table.jsonl",
        small.json_lines,
        "application/x-ndjson",
        {"table": TEXT_KEYS},
        ("preview",),
        gaps="Columns are the members of the first 1,000 objects.",
    ),
    Format(
        "Parquet",
        "table.parquet",
        small.parquet,
        "application/vnd.apache.parquet",
        {"table": KEYS},
        ("preview",),
        gaps="Counts and ranges come from the footer; nested columns have none.",
    ),
)
