"""Many rows in one statement that stays the same, however many they are.

The ORM builds a statement for each number of rows and binds each value by itself, which cost more than all else about
a small upload. Here the rows travel as one JSON value, and the database takes them apart.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection, models

Row = Mapping[str, Any]
"""Values by column."""


def insert_rows(model: type[models.Model], rows: Sequence[Row]) -> None:
    """Insert rows that all have the same columns; the others get the database's defaults."""
    if rows:
        text = json.dumps(rows, default=adapted_to_sqlite if connection.vendor == "sqlite" else str)
        with connection.cursor() as cursor:
            cursor.execute(statement(connection.vendor, model._meta.db_table, tuple(rows[0])), [text])


@cache
def statement(vendor: str, table: str, columns: tuple[str, ...]) -> str:
    """Table and columns are names from the models, never from outside."""
    names = ", ".join(columns)
    if vendor == "sqlite":
        values = ", ".join(f"json_extract(value, '$.{column}')" for column in columns)
        return f"INSERT INTO {table} ({names}) SELECT {values} FROM json_each(%s)"  # noqa: S608
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s)"  # noqa: S608


def adapted_to_sqlite(value: object) -> str:
    """As Django keeps them there: a UUID as 32 hex digits, a moment as UTC without saying so."""
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return str(value.replace(tzinfo=None))
    raise TypeError(f"not for a table: {value!r}")
