"""Rows in an order, from a row on (keyset pagination), and from several queries at once.

A page behind a row takes the same time anywhere in a table, and rows that come or go do not shift it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, F, Func, Q, QuerySet, Value, When
from django.db.models.expressions import OrderBy, RawSQL
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row", bound=models.Model)
Compiled = tuple[str, Any]


class CodePoints(Func):
    """A text that is compared by its Unicode code points, whatever the locale of the database is."""

    template = '%(expressions)s COLLATE "C"'
    arity = 1

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Compiled:
        return super().as_sql(compiler, connection, template="%(expressions)s COLLATE BINARY", **context)


class Milliseconds(Func):
    """A moment, on SQLite to the millisecond: it has moments as texts, with three digits of the second or with six."""

    template = "%(expressions)s"
    arity = 1

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Compiled:
        template = "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f', %(expressions)s)"
        return super().as_sql(compiler, connection, template=template, **context)


class RowComparison(Func):
    """``(a, b) > (x, y)``. The database uses an index of both columns for it, which it does not for ORs and ANDs."""

    output_field = models.BooleanField()
    arity = 4

    def __init__(self, *expressions: Any, operator: str) -> None:
        super().__init__(*expressions)
        self._operator = operator

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:  # type: ignore[override]
        parts = [compiler.compile(each) for each in self.get_source_expressions()]
        (a, b, x, y), params = [sql for sql, _ in parts], [value for _, values in parts for value in values]
        return f"({a}, {b}) {self._operator} ({x}, {y})", params


@dataclass(frozen=True, slots=True)
class Order:
    """By a column, and by the id where the column has the same value; both in one direction."""

    column: str = "id"
    descending: bool = True

    def reversed(self) -> Order:
        return Order(self.column, not self.descending)

    def values(self, row: models.Model) -> list[str]:
        """Where a row is in this order."""
        return [str(getattr(row, name)) for name in dict.fromkeys((self.column, "id"))]

    def terms(self, model: type[models.Model]) -> list[OrderBy]:
        names = dict.fromkeys((self.column, "id"))
        return [OrderBy(comparable(model, name, F(name)), descending=self.descending) for name in names]

    def behind(self, model: type[models.Model], values: Sequence[str]) -> Q | RowComparison:
        """The condition for the rows that come after the one with these values."""
        if self.column == "id":
            return Q(**{"pk__lt" if self.descending else "pk__gt": values[0]})
        first, second = (
            comparable(model, self.column, F(self.column)),
            comparable(model, self.column, value_of(model, self.column, values[0])),
        )
        return RowComparison(
            first, F("id"), second, value_of(model, "id", values[1]), operator="<" if self.descending else ">"
        )


NEWEST_FIRST = Order()


def value_of(model: type[models.Model], name: str, text: str) -> Value:
    field: models.Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]
    return Value(field.to_python(text), field)


def comparable(model: type[models.Model], name: str, expression: F | Value) -> F | Value | Func:
    """A column, or a value of it, as it is compared in an order."""
    match model._meta.get_field(name):
        case models.DateTimeField():
            return Milliseconds(expression)
        case models.CharField() if name != "id":
            return CodePoints(expression)
    return expression


WINDOW = 2000
"""So many rows are looked at before an index is asked, which may have to read all rows that match."""


class Searched(Generic[Row]):
    """The rows that match a condition which no index gives in their order, such as a part of a name.

    If the condition is common, its first rows are among the first of all. If it is rare, they come from its own index.
    """

    def __init__(self, rows: QuerySet[Row], condition: Q) -> None:
        self._rows = rows
        self._condition = condition
        self.model = rows.model

    def filter(self, *conditions: Any) -> Searched[Row]:
        return Searched(self._rows.filter(*conditions), self._condition)

    def order_by(self, *terms: Any) -> Searched[Row]:
        return Searched(self._rows.order_by(*terms), self._condition)

    def __getitem__(self, part: slice) -> list[Row]:
        wanted = part.stop - (part.start or 0)
        found = list(self.near()[part]) if part.stop < WINDOW else []
        return found if len(found) >= wanted else list(self.all()[part])

    def columns(self, *names: str) -> Searched[Row]:
        """With these columns only, and no objects."""
        return Searched(columns(self._rows, *names), self._condition)

    def all(self) -> QuerySet[Row]:
        return self._rows.filter(self._condition)

    def near(self) -> QuerySet[Row]:
        """Those among the first rows. The first are read without the condition, so that no plan depends on it."""
        matches = Case(When(self._condition, then=1), default=0)
        first = compiled(self._rows.annotate(matches=matches).values("id", "matches")[:WINDOW])
        if first is None:
            return self._rows.none()
        return self._rows.filter(pk__in=RawSQL(f"SELECT id FROM ({first[0]}) AS first WHERE matches = 1", first[1]))  # noqa: S608, S611


class Merged(Generic[Row]):
    """The rows of several queries as if they were one.

    For conditions with OR, for which a database does not read rows in their order from an index: each query does, and
    reads no more rows than are wanted. A row may be in several of the queries.
    """

    def __init__(self, rows: QuerySet[Row], queries: Iterable[QuerySet[Row]]) -> None:
        """``rows`` says what to read of the rows, and ``queries`` which ones."""
        self._rows = rows
        self._queries = list(queries)
        self.model = rows.model

    def filter(self, *conditions: Any) -> Merged[Row]:
        return Merged(self._rows, (query.filter(*conditions) for query in self._queries))

    def order_by(self, *terms: Any) -> Merged[Row]:
        return Merged(self._rows.order_by(*terms), (query.order_by(*terms) for query in self._queries))

    def columns(self, *names: str) -> Merged[Row]:
        """As of `Searched`."""
        return Merged(columns(self._rows, *names), self._queries)

    def __getitem__(self, part: slice) -> QuerySet[Row]:
        return self._rows.filter(pk__in=union(query.values("pk")[: part.stop] for query in self._queries))[part]


def columns(rows: QuerySet[Row], *names: str) -> QuerySet[Row]:
    """Named tuples in place of objects, which cost ten times as much."""
    return rows.values_list(*names, named=True)


def union(queries: Iterable[QuerySet[Any, Any]]) -> RawSQL | list[Any]:
    """As a subquery. The ORM's own `union` takes no limits on SQLite."""
    parts = [part for query in queries if (part := compiled(query))]
    # Each statement was made by the ORM, with its values apart.
    sql = " UNION ALL ".join(f"SELECT * FROM ({each}) AS part_{n}" for n, (each, _) in enumerate(parts))  # noqa: S608
    return RawSQL(sql, [value for _, values in parts for value in values]) if parts else []  # noqa: S611


def compiled(query: QuerySet[Any, Any]) -> Compiled | None:
    """None for a query that finds nothing, whatever the tables have."""
    with suppress(EmptyResultSet):
        found: Compiled = query.query.sql_with_params()
        return found
    return None
