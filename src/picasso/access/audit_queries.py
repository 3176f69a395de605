"""Reads of the audit. What a principal may see of it, and how it is filtered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from picasso.access.actor import Actor
from picasso.access.principal import Principal, Scope
from picasso.errors import InvalidField
from picasso.models import AuditEntry, Project


def actor_of(principal: Principal, address: str) -> Actor:
    project = principal.project.id if principal.project else None
    return Actor(principal.kind, principal.identity, project, principal.owner or "", address)


def visible_to(principal: Principal) -> QuerySet[AuditEntry]:
    """The rows of the principal's project.

    An administrator of the service also sees those of no project, and what was done with projects.
    """
    principal.require(Scope.PROJECT_ADMIN)
    if principal.sees_everything:
        return AuditEntry.objects.all()
    mine = Q(project=principal.project_id)
    if principal.may(Scope.SERVICE_ADMIN):
        mine |= Q(project=None) | Q(target="project")
    return AuditEntry.objects.filter(mine)


def moment(name: str, text: str) -> datetime:
    """Raises `InvalidField`."""
    try:
        if found := parse_datetime(text):
            return (found if timezone.is_aware(found) else timezone.make_aware(found)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # such as a time of the year 1 that is in the year 0 in UTC
    raise InvalidField(name, f"{name} must be a time such as 2026-11-29T12:00:00Z.")


def with_action(text: str) -> Q:
    """``file`` also finds ``file.delete``."""
    return Q(action=text) | Q(action__startswith=f"{text.removesuffix('.')}.")


def on_target(text: str) -> Q:
    """``file:0190…``, or only the id."""
    kind, colon, identifier = text.partition(":")
    return Q(target=kind, target_id=identifier) if colon else Q(target_id=text)


def project_of(row: AuditEntry) -> str | None:
    """The name of the project of a row from `select`, or the id of one that was deleted; None if it belongs to none."""
    name: str | None = getattr(row, "project_name", None)
    return name or (None if row.project is None else str(row.project))


def fields_of(row: AuditEntry) -> dict[str, Any]:
    """As the API shows it: the same names in the same order, times in RFC 3339."""
    names = ("actor", "owner", "address", "action", "target", "target_id", "outcome", "count", "details")
    return {
        "id": str(row.pk),
        "at": row.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "project": project_of(row),
        "kind": row.actor_kind,
        **{name: getattr(row, name) for name in names},
    }


def with_outcome(text: str) -> Q:
    """Raises `InvalidField`."""
    if text not in AuditEntry.Outcome:
        raise InvalidField("outcome", f"outcome must be one of {', '.join(AuditEntry.Outcome)}.")
    return Q(outcome=text)


FILTERS: Mapping[str, Callable[[str], Q]] = {
    "action": with_action,
    "actor": lambda text: Q(actor=text),
    "target": on_target,
    "outcome": with_outcome,
    "address": lambda text: Q(address=text),
    "since": lambda text: Q(at__gte=moment("since", text)),
    "until": lambda text: Q(at__lt=moment("until", text)),
}


def select(principal: Principal, where: Mapping[str, str]) -> QuerySet[AuditEntry]:
    """The visible rows that match all of these `FILTERS`, newest first, with `project_name`. Raises `InvalidField`.

    The name is None for a project that was deleted.
    """
    names = Project.objects.filter(pk=OuterRef("project")).values("name")
    rows = visible_to(principal).annotate(project_name=Subquery(names))
    for name, text in where.items():
        if not text or len(text) > 300 or "\0" in text:
            raise InvalidField(name, f"{name} must be a text of 1 to 300 characters.")
        rows = rows.filter(FILTERS[name](text))
    return rows.order_by("-id")
