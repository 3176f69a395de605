"""The first rows of a table, as JSON: ``{"columns": [names], "rows": [[cells]]}``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from picasso.charset import clean_text
from picasso.process.contract import JSON, Derivative
from picasso.process.processors.budget import take_first_fitting
from picasso.process.processors.table.columns import MAX_NAME, as_json

MAX_CELL = 200  # characters
MAX_BYTES = 2**20

PREVIEW_FILE = "preview.json"

# Facts may take 64 KiB in all.
MAX_FACTS = 48 * 2**10


def write(folder: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Derivative:
    """Write the first rows that fit into `MAX_BYTES`."""
    remaining = MAX_BYTES
    lines: list[str] = []
    for row in rows:
        line = json.dumps([as_json(cell, MAX_CELL) for cell in row], ensure_ascii=False)
        remaining -= len(line.encode()) + 2
        if remaining < 0:
            break
        lines.append(line)
    columns = json.dumps([clean_text(name, MAX_NAME) for name in names], ensure_ascii=False)
    text = f'{{"columns": {columns}, "rows": [\n' + ",\n".join(lines) + "\n]}\n"
    (folder / PREVIEW_FILE).write_text(text, encoding="utf-8")
    return Derivative("preview", PREVIEW_FILE, "application/json")


def limit_columns(columns: list[JSON]) -> list[JSON]:
    """The first columns, as many as fit into the facts."""
    return take_first_fitting(columns, MAX_FACTS)
