"""A query of the ORM that is made once in each thread, and then run with other values.

To make the statement takes several times as long as to run it where it reads a row by its id.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet, UUIDField

Key = TypeVar("Key")

SOME_ID = uuid.uuid4()
"""Stands in a statement where the id comes. Nobody knows it, so no other value is equal to it, text or not."""

MOST = 1000
"""So many statements are kept in each thread; the oldest go first."""


class ById(Generic[Key]):
    """Rows of a query that has an id as one of its values."""

    def __init__(self, make: Callable[[Key, uuid.UUID], QuerySet[Any, Any]], kind: Callable[[Key], Hashable]) -> None:
        """``make`` makes a query of `values_list`; for keys of the same kind it is the same."""
        self._make = make
        self._kind = kind
        self._of_thread = threading.local()

    def __call__(self, key: Key, wanted: uuid.UUID) -> list[tuple[Any, ...]]:
        statement = self._statement(key)
        return statement.rows(wanted) if statement else []

    def _statement(self, key: Key) -> Statement | None:
        known: OrderedDict[Hashable, Statement | None] = self._of_thread.__dict__.setdefault("known", OrderedDict())
        kind = self._kind(key)
        if kind not in known:
            known[kind] = statement_of(self._make(key, SOME_ID))
            if len(known) > MOST:
                known.popitem(last=False)
        return known[kind]


def statement_of(query: QuerySet[Any, Any]) -> Statement | None:
    """None for a query that finds nothing, whatever the tables have."""
    compiler = query.query.get_compiler(connection=connection)
    try:
        sql, values = compiler.as_sql()
    except EmptyResultSet:
        return None
    return Statement(sql, values, compiler)


class Statement:
    """Used in the thread of its connection only."""

    def __init__(self, sql: str, values: Sequence[Any], compiler: Any) -> None:
        some = in_database(SOME_ID)
        self._sql = sql
        self._values = values
        self._places = [place for place, value in enumerate(values) if value == some]
        self._compiler = compiler
        self._converters = compiler.get_converters([column for column, *_ in compiler.select])

    def rows(self, wanted: uuid.UUID) -> list[tuple[Any, ...]]:
        values = list(self._values)
        for place in self._places:
            values[place] = in_database(wanted)
        with connection.cursor() as cursor:
            cursor.execute(self._sql, values)
            found = cursor.fetchall()
        return [tuple(row) for row in self._compiler.apply_converters(found, self._converters)]


def in_database(value: uuid.UUID) -> Any:
    return UUIDField().get_db_prep_value(value, connection)
