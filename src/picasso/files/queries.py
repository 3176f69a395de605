"""Reads of the table of files. Each takes the principal and goes through `visible_to`."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Hashable, Mapping
from functools import reduce
from operator import or_

from django.db.models import OuterRef, Q, QuerySet

from picasso.access.principal import Principal, Scope
from picasso.errors import NotFound
from picasso.files import filters
from picasso.keyset import WINDOW, Merged, Searched, columns
from picasso.models import Derivative, File, OwnerUsage, ProjectUsage, Visibility

Selected = QuerySet[File] | Merged[File] | Searched[File]

ALL = Q()
NOTHING = Q(pk__in=[])
NOT_DELETED = Q(deleted_at=None)
COLUMNS = (
    *("id", "key", "name", "size", "media_type", "declared_type", "sha256", "uploaded_at", "state", "visibility"),
    *("owner", "expires_at", "scan", "quarantined", "tags", "attributes"),
)
"""What a list shows of a file."""
SETTLED = frozenset({File.State.PROCESSED, File.State.FAILED})
"""The states that only a new job ends."""


def visible_to(principal: Principal) -> QuerySet[File]:
    """The files that this principal may see. Those in the trash only the service sees."""
    condition = visible(principal)
    return File.everywhere.all() if condition is ALL else File.everywhere.filter(condition)


def visible(principal: Principal) -> Q:
    """The condition for it."""
    if principal.sees_everything:
        return ALL
    if not principal.may(Scope.FILES_READ) or principal.project is None:
        return NOTHING
    return in_reach(principal) & NOT_DELETED


def in_reach(principal: Principal) -> Q:
    """Rows of the principal's project; of its owner, if it has one. For every table with these two columns."""
    mine = Q(project=principal.project_id)
    return mine if principal.owner is None else mine & Q(owner=principal.owner)


def fetchable_by(principal: Principal) -> QuerySet[File]:
    """The files whose bytes this principal may fetch: those that it sees, and public ones of every project."""
    condition = visible(principal)
    if condition is ALL:
        return File.everywhere.all()
    public = Q(visibility=Visibility.PUBLIC) & NOT_DELETED
    return File.everywhere.filter(public if condition is NOTHING else condition | public)


def sight(principal: Principal) -> Hashable:
    """The same for principals that see the same files."""
    reads = principal.may(Scope.FILES_READ) and principal.project
    return principal.sees_everything, principal.project_id if reads else None, principal.owner if reads else None


def newest_first(principal: Principal) -> QuerySet[File]:
    """For a list of files, so without their facts, which may be large."""
    return visible_to(principal).defer("facts").order_by("-id")


def select(principal: Principal, where: Mapping[str, str]) -> Selected:
    """The files that it sees and that match all of these `filters.FILTERS`, for a list. Raises `InvalidField`."""
    indexed, searches = filters.split(where)
    conditions = filters.matching(principal, indexed)
    if searches:
        searched = filters.matching_any(principal, searches)
        if len(conditions) == 1:
            return Searched(newest_first(principal).filter(conditions[0]), searched)
        return Searched(newest_first(principal), reduce(or_, conditions) & searched)
    if len(conditions) == 1:
        return newest_first(principal).filter(conditions[0])
    return Merged(newest_first(principal), (visible_to(principal).filter(condition) for condition in conditions))


def rows(found: Selected) -> Selected:
    """The same files as rows with `COLUMNS`."""
    return columns(found, *COLUMNS) if isinstance(found, QuerySet) else found.columns(*COLUMNS)


def count_selected(principal: Principal, where: Mapping[str, str]) -> int:
    """How many these are. Raises `InvalidField`."""
    return sum(visible_to(principal).filter(condition).count() for condition in filters.matching(principal, where))


def count_quickly(principal: Principal, where: Mapping[str, str], most: int) -> tuple[int, bool]:
    """How many these are at least, and whether that is all of them. Raises `InvalidField`."""
    selected = select(principal, where)
    if isinstance(selected, Searched):
        return selected.near().count(), count(principal) <= WINDOW
    found = 0
    for condition in filters.matching(principal, where):
        found += visible_to(principal).filter(condition)[: most + 1 - found].count()
        if found > most:
            return most, False
    return found, True


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


def names_of(file_id: OuterRef) -> QuerySet[File]:
    """For a subquery: the name of the file with this id, which a row outside has."""
    return File.everywhere.filter(pk=file_id).values("name")  # type: ignore[return-value] # its rows are not used


def quarantined(file_ids: Collection[uuid.UUID]) -> list[uuid.UUID]:
    """Those of the files that are in quarantine; for the engine, which works for all projects."""
    return list(File.everywhere.filter(pk__in=list(file_ids), quarantined=True).values_list("pk", flat=True))


def newest_id(principal: Principal) -> uuid.UUID | None:
    return visible_to(principal).order_by("-id").values_list("pk", flat=True).first()


def in_reach_of(principal: Principal) -> QuerySet[File]:
    """The files that a principal may upload or delete, whether or not it may read them."""
    if principal.sees_everything:
        return File.everywhere.all()
    return File.everywhere.filter(in_reach(principal) & NOT_DELETED)


def everything_in_reach_of(principal: Principal) -> QuerySet[File]:
    """With those in the trash."""
    return File.everywhere.all() if principal.sees_everything else File.everywhere.filter(in_reach(principal))


def trash_of(principal: Principal) -> QuerySet[File]:
    """The files in the trash that a principal may see, newest upload first."""
    if not principal.may(Scope.FILES_READ):
        return File.everywhere.none()
    return everything_in_reach_of(principal).filter(deleted_at__isnull=False).defer("facts").order_by("-id")


def get_in_reach(principal: Principal, file_id: uuid.UUID) -> File:
    """Raises `NotFound`."""
    try:
        return in_reach_of(principal).get(pk=file_id)
    except File.DoesNotExist:
        raise NotFound from None


def derivatives(principal: Principal, file_id: uuid.UUID, processor: str) -> QuerySet[Derivative]:
    """What a processor made of a file that may be fetched. The rows of both are read by one query."""
    rows = Derivative.objects.select_related("file").filter(file_id=file_id, processor=processor)
    return rows if principal.sees_everything else rows.filter(file__in=fetchable_by(principal))


def count(principal: Principal) -> int:
    """How many files the principal sees: the number that the database keeps by triggers."""
    return counted(principal, "files")


def count_trash(principal: Principal) -> int:
    """How many files in the trash it sees."""
    return counted(principal, "trashed")


def counted(principal: Principal, column: str) -> int:
    if not principal.may(Scope.FILES_READ):
        return 0
    if principal.owner is None:
        return ProjectUsage.total(column, None if principal.sees_everything else principal.project_id)
    usage = OwnerUsage.objects.filter(project=principal.project_id, owner=principal.owner)
    return usage.values_list(column, flat=True).first() or 0
