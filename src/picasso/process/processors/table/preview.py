"""The first rows of a table, as JSON: ``{"columns": [names], "rows": [[cells]]}``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from picasso.process.contract import JSON, Derivative
from picasso.process.processors.budget import take_first_fitting
from picasso.process.processors.charset import clean_text
from picasso.process.processors.table.columns import NAME, as_json

CELL = 200  # characters
MAX_BYTES = 2**20

FILE = "preview.json"

# Facts may have 64 KiB in all.
MAX_FACTS = 48 * 2**10


def write(folder: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Derivative:
    """As many of the rows as there is room for."""
    room = MAX_BYTES
    lines: list[str] = []
    for row in rows:
        line = json.dumps([as_json(cell, CELL) for cell in row], ensure_ascii=False)
        room -= len(line.encode()) + 2
        if room < 0:
            break
        lines.append(line)
    columns = json.dumps([clean_text(name, NAME) for name in names], ensure_ascii=False)
    text = f'{{"columns": {columns}, "rows": [\n' + ",\n".join(lines) + "\n]}\n"
    (folder / FILE).write_text(text, encoding="utf-8")
    return Derivative("preview", FILE, "application/json")


def fitting(columns: list[JSON]) -> list[JSON]:
    """The first of them, as many as facts have room for."""
    return take_first_fitting(columns, MAX_FACTS)
