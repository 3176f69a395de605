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
from typing import Any, NamedTuple

from django.db import connection, models

NOW = {"sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')", "postgresql": "statement_timestamp()"}

Row = Mapping[str, Any]
"""Values by column."""


def insert_rows(model: type[models.Model], rows: Sequence[Row]) -> None:
    """Insert rows that all have the same columns; the others get the database's defaults."""
    if rows:
        query, text = step(model, rows)
        with connection.cursor() as cursor:
            cursor.execute(query, [text])


def step(model: type[models.Model], rows: Sequence[Row]) -> tuple[str, str]:
    """What `insert_rows` executes, and its parameter: to be sent together with other statements."""
    return statement(connection.vendor, model._meta.db_table, tuple(rows[0])), as_text(rows)


def as_text(rows: Sequence[Row]) -> str:
    return json.dumps(rows, default=adapted_to_sqlite if connection.vendor == "sqlite" else str)


class Group(NamedTuple):
    """Rows for one table, as `insert_rows` has them. The column ``now`` gets the time of the database."""

    model: type[models.Model]
    rows: Sequence[Row]
    now: str = ""

    @property
    def table(self) -> tuple[str, tuple[str, ...], str]:
        """Name, columns, and the one with the time: as `statement` has them."""
        return self.model._meta.db_table, tuple(self.rows[0]), self.now


def insert_all(*groups: Group) -> None:
    """Insert several groups: in one statement on PostgreSQL, where each one costs a journey.

    Foreign keys are checked at the end of the transaction, so no order of the tables matters.
    """
    given = [group for group in groups if group.rows]
    if connection.vendor == "sqlite":
        for group in given:
            with connection.cursor() as cursor:
                cursor.execute(statement("sqlite", *group.table), [as_text(group.rows)])
    elif given:
        with connection.cursor() as cursor:
            query = joined_statement(tuple(group.table for group in given))
            cursor.execute(query, [as_text(group.rows) for group in given])


@cache
def joined_statement(tables: tuple[tuple[str, tuple[str, ...], str], ...]) -> str:
    """Of tables as `Group.table` gives them. As `statement`, for PostgreSQL."""
    *first, last = (statement("postgresql", *table) for table in tables)
    named = ", ".join(f"part{number} AS ({each})" for number, each in enumerate(first))
    return f"WITH {named} {last}" if first else last


def insert_new(model: type[models.Model], rows: Sequence[Row], *, unique: str, now: str) -> set[uuid.UUID]:
    """As `insert_rows`, but only rows whose value in the column ``unique`` no other row has; the ids of those.

    It waits for other transactions that insert the same values. The column ``now`` gets the time of the database.
    """
    if not rows:
        return set()
    query = new_statement(connection.vendor, model._meta.db_table, tuple(rows[0]), unique=unique, now=now)
    with connection.cursor() as cursor:
        cursor.execute(query, [as_text(rows)])
        return {found if isinstance(found, uuid.UUID) else uuid.UUID(found) for (found,) in cursor.fetchall()}


@cache
def new_statement(vendor: str, table: str, columns: tuple[str, ...], *, unique: str, now: str) -> str:
    """As `statement`."""
    # Without a condition SQLite takes ON for the start of a join.
    return f"{statement(vendor, table, columns, now)} WHERE true ON CONFLICT ({unique}) DO NOTHING RETURNING id"


@cache
def statement(vendor: str, table: str, columns: tuple[str, ...], now: str = "") -> str:
    """Table and columns are names from the models, never from outside. The column ``now`` gets the time."""
    names, times = ", ".join([*columns, now] if now else columns), [NOW[vendor]] if now else []
    if vendor == "sqlite":
        values = ", ".join([*(f"json_extract(value, '$.{column}')" for column in columns), *times])
        return f"INSERT INTO {table} ({names}) SELECT {values} FROM json_each(%s)"  # noqa: S608
    values = ", ".join([*columns, *times])
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM json_populate_recordset(NULL::{table}, %s)"  # noqa: S608


def adapted_to_sqlite(value: object) -> str:
    """As Django keeps them there: a UUID as 32 hex digits, a moment as UTC without saying so."""
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return str(value.replace(tzinfo=None))
    raise TypeError(f"not for a table: {value!r}")
