"""Conditions on files that the ORM has no lookup for, with the indexes of `picasso.migrations` in mind."""

from __future__ import annotations

import json
import math
import sqlite3
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func
from django.db.models.sql.compiler import SQLCompiler

Compiled = tuple[str, Any]

FOLD = "picasso_casefold"
"""A function that each connection to SQLite gets: its own knows the case of ASCII letters only."""

MAX_INTEGER = 2**63 - 1


def add_casefold(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """A receiver of `connection_created`."""
    if connection.vendor == "sqlite":
        database: sqlite3.Connection = connection.connection
        database.create_function(FOLD, 1, str.casefold, deterministic=True)


class Condition(Func):
    """A condition on one column."""

    output_field = models.BooleanField()
    arity = 1

    def column(self, compiler: SQLCompiler) -> str:
        return compiler.compile(self.get_source_expressions()[0])[0]


class NameContains(Condition):
    """Whatever the case of the letters is. On PostgreSQL as its locale knows them; with an index of trigrams."""

    def __init__(self, text: str) -> None:
        super().__init__(F("name"))
        self._text = text

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:  # type: ignore[override]
        pattern = self._text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        return f"UPPER({self.column(compiler)}::text) LIKE UPPER(%s)", [f"%{pattern}%"]

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:
        return f"INSTR({FOLD}({self.column(compiler)}), %s) > 0", [self._text.casefold()]


class HasTag(Condition):
    def __init__(self, tag: str) -> None:
        super().__init__(F("tags"))
        self._tag = tag

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:  # type: ignore[override]
        column = self.column(compiler)
        return f"({column} <> '[]'::jsonb AND {column} @> %s::jsonb)", [json.dumps([self._tag])]

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:
        return f"EXISTS (SELECT 1 FROM json_each({self.column(compiler)}) WHERE value = %s)", [self._tag]  # noqa: S608


class HasAttribute(Condition):
    """An attribute is this text, or the number, true, false or null that the text is in JSON."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(F("attributes"))
        self._key = key
        self._values = [text, *scalars(text)]

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:  # type: ignore[override]
        column = self.column(compiler)
        either = " OR ".join(f"{column} @> %s::jsonb" for _ in self._values)
        return f"({column} <> '{{}}'::jsonb AND ({either}))", [json.dumps({self._key: each}) for each in self._values]

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:
        either = " OR ".join("(type IN (%s, %s) AND value IS %s)" for _ in self._values)
        values = [part for each in self._values for part in in_sqlite(each)]
        sql = f"EXISTS (SELECT 1 FROM json_each({self.column(compiler)}) WHERE key = %s AND ({either}))"  # noqa: S608
        return sql, [self._key, *values]


def scalars(text: str) -> list[Any]:
    """What the text is in JSON, if that is a number, true, false or null."""
    try:
        found = json.loads(text, parse_constant=lambda _: "")
    except ValueError:
        return []
    if isinstance(found, str | list | dict) or (isinstance(found, float) and not math.isfinite(found)):
        return []
    return [found]


def in_sqlite(value: Any) -> tuple[str, str, Any]:
    """The two types that SQLite's JSON may have for the value, and the value."""
    match value:
        case str():
            return "text", "text", value
        case bool() | None:
            return (name := json.dumps(value)), name, value
        case int() if abs(value) <= MAX_INTEGER:
            return "integer", "real", value
    return "integer", "real", float(value)
