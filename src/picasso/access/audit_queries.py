"""Reads of the audit. What a principal may see of it, and how it is filtered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from picasso import query_values
from picasso.access.actor import Actor
from picasso.access.principal import Principal, Scope
from picasso.keyset import Merged
from picasso.models import AuditEntry, Project
from picasso.timestamps import rfc3339


def actor_of(principal: Principal, address: str) -> Actor:
    project = principal.project.id if principal.project else None
    return Actor(principal.kind, principal.identity, project, principal.owner or "", address)


def visible_to(principal: Principal) -> list[QuerySet[AuditEntry]]:
    """The rows of the principal's project.

    An administrator of the service also sees those of no project, and what was done with projects. Each query has an
    index that gives its rows in their order.
    """
    principal.require(Scope.PROJECT_ADMIN)
    rows = AuditEntry.objects.all()
    if principal.sees_everything:
        return [rows]
    mine = rows.filter(project=principal.project_id)
    if not principal.may(Scope.SERVICE_ADMIN):
        return [mine]
    return [mine, rows.filter(project=None), rows.filter(target="project")]


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
        "at": rfc3339(row.at),
        "project": project_of(row),
        "kind": row.actor_kind,
        **{name: getattr(row, name) for name in names},
    }


FILTERS: Mapping[str, Callable[[str], Q]] = {
    "action": with_action,
    "actor": lambda text: Q(actor=text),
    "target": on_target,
    "outcome": lambda text: Q(outcome=query_values.choice("outcome", text, AuditEntry.Outcome.values)),
    "address": lambda text: Q(address=text),
    "since": lambda text: Q(at__gte=query_values.moment("since", text)),
    "until": lambda text: Q(at__lt=query_values.moment("until", text)),
}


def condition(name: str, value: str) -> Q:
    """Of one of `FILTERS`. Raises `InvalidField`."""
    return FILTERS[name](query_values.text(name, value))


def select(principal: Principal, where: Mapping[str, str]) -> Merged[AuditEntry]:
    """The visible rows that match all of these `FILTERS`, newest first, with `project_name`. Raises `InvalidField`.

    The name is None for a project that was deleted.
    """
    conditions = [condition(name, value) for name, value in where.items()]
    names = Project.objects.filter(pk=OuterRef("project")).values("name")
    rows = AuditEntry.objects.annotate(project_name=Subquery(names))
    return Merged(rows, (query.filter(*conditions) for query in visible_to(principal))).order_by("-id")
