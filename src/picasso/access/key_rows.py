"""Reads a key with all that a request with it needs, in one statement.

The ORM makes its text, but only once: that takes three times as long as to run it, and each process reads a key that is
in use anew every few seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, JSONField, Model

from picasso import models
from picasso.access import link_keys
from picasso.access.link_keys import LinkKey

M = TypeVar("M", bound=Model)

KEY, PROJECT = models.Key._meta.concrete_fields, models.Project._meta.concrete_fields


@cache
def statement(_vendor: str) -> str:
    """Its parameter is the id of the key."""
    rows = models.Key.objects.order_by().annotate(
        link_key_id=link_keys.newest("id"), link_key_secret=link_keys.newest("secret")
    )
    of_project = [f"project__{field.attname}" for field in PROJECT]
    columns = [*(field.attname for field in KEY), *of_project, "link_key_id", "link_key_secret"]
    text: str = rows.filter(pk="").values_list(*columns).query.sql_with_params()[0]
    return text


def read(key_id: str) -> tuple[models.Key, LinkKey | None] | None:
    """With its project, and the key that signs the project's links if there is one yet."""
    with connection.cursor() as cursor:
        cursor.execute(statement(connection.vendor), [key_id])
        found = cursor.fetchone()
    if found is None:
        return None
    *values, link_key_id, secret = found
    row = from_values(models.Key, KEY, values[: len(KEY)])
    row.project = from_values(models.Project, PROJECT, values[len(KEY) :])
    return row, link_keys.link_key(link_key_id, secret) if link_key_id else None


def from_values(model: type[M], fields: tuple[Field[Any, Any], ...], values: Iterable[Any]) -> M:
    decoded = [value_of(field, value) for field, value in zip(fields, values, strict=True)]
    return model.from_db(connection.alias, [field.attname for field in fields], decoded)


def value_of(field: Field[Any, Any], value: Any) -> Any:
    """As the ORM has it: the driver's JSON is text, and times of SQLite say no zone, but are in UTC."""
    if isinstance(field, JSONField):
        return None if value is None else json.loads(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value
