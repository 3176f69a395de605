"""Expressions that have an index. They have their constants in them: as parameters, SQLite would not find the index."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func
from django.db.models.sql.compiler import SQLCompiler


class MediaKind(Func):
    """The first part of a media type: ``image`` of ``image/png``."""

    output_field = models.CharField()
    template = "SPLIT_PART(%(expressions)s, '/', 1)"
    arity = 1

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> tuple[str, Any]:
        column, params = compiler.compile(self.get_source_expressions()[0])
        return f"SUBSTR({column}, 1, INSTR({column}, '/') - 1)", [*params, *params]


class HashStart(Func):
    """The first 64 bits of a hash in hex: as good as all of it, and shorter."""

    output_field = models.CharField()
    template = "SUBSTR(%(expressions)s, 1, 16)"
    arity = 1
