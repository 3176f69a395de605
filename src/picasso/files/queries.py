"""Reads of the table of files. Each takes the principal and goes through `visible_to`."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db.models import Q, QuerySet

from picasso.access.principal import DEFAULT_PROJECT, Principal, Scope
from picasso.errors import NotFound
from picasso.models import Derivative, File, FileCount

ALL = Q()
NOTHING = Q(pk__in=[])


def visible_to(principal: Principal) -> QuerySet[File]:
    """The files that this principal may see."""
    condition = visible(principal)
    return File.objects.all() if condition is ALL else File.objects.filter(condition)


def visible(principal: Principal) -> Q:
    """The condition for it. Every file belongs to the default project, and to no owner."""
    if Scope.FILES_READ not in principal.scopes or principal.owner is not None:
        return NOTHING
    return ALL if principal.project in {None, DEFAULT_PROJECT} else NOTHING


def newest_first(principal: Principal) -> QuerySet[File]:
    """For a list of files, so without their facts, which may be large."""
    return visible_to(principal).defer("facts").order_by("-id")


def with_derivatives(principal: Principal) -> QuerySet[File]:
    return visible_to(principal).prefetch_related("derivatives").order_by("-id")


def get(principal: Principal, file_id: uuid.UUID) -> File:
    """Raises `NotFound`."""
    try:
        return visible_to(principal).get(pk=file_id)
    except File.DoesNotExist:
        raise NotFound from None


def exists(principal: Principal, file_id: uuid.UUID) -> bool:
    return visible_to(principal).filter(pk=file_id).exists()


def existing(principal: Principal, file_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the ids that files have."""
    return set(visible_to(principal).filter(pk__in=file_ids).values_list("pk", flat=True))


def newest_id(principal: Principal) -> uuid.UUID | None:
    return visible_to(principal).order_by("-id").values_list("pk", flat=True).first()


def derivatives(principal: Principal, file_id: uuid.UUID, processor: str) -> QuerySet[Derivative]:
    """What a processor made of a file. The rows of both are read by one query."""
    rows = Derivative.objects.select_related("file").filter(file_id=file_id, processor=processor)
    return rows if visible(principal) is ALL else rows.filter(file__in=visible_to(principal))


def count(files: QuerySet[File]) -> int:
    """How many files there are in this query; for all files the total that the database keeps by triggers."""
    return FileCount.total() if is_everything(files) else files.count()


def is_everything(files: QuerySet[File]) -> bool:
    """Whether a query leaves no file out."""
    query = files.query
    return not (query.where or query.is_sliced or query.combinator or query.distinct or query.group_by)
