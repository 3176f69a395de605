"""The audit: who did what, with what, when, and how it ended.

A row is written in the transaction of the change that it tells of. Rows are added, never changed; triggers of the
database refuse everything else, but for the removal of old rows by `remove_older`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from picasso import activity
from picasso.access.actor import Actor, current
from picasso.models import AuditEntry, AuditRetention
from picasso.redaction import redact

Outcome = AuditEntry.Outcome

MAX_TEXT = 200
MAX_ITEMS = 20

REMOVE_AT_ONCE = 1000


def record(
    action: str,
    target: str = "",
    target_id: object = "",
    *,
    project: int | None = None,
    actor: Actor | None = None,
    outcome: Outcome = Outcome.DONE,
    count: int = 1,
    **details: object,
) -> None:
    """Write one row, in the present transaction.

    ``target`` is a kind of object, such as ``file``. ``project`` is that of the object, by default the actor's.
    """
    who = actor or current()
    AuditEntry.objects.create(
        project=who.project if project is None else project,
        actor_kind=who.kind,
        actor=text(who.identity, 300),
        owner=text(who.owner, 255),
        address=who.address[:45],
        action=action,
        target=target,
        target_id=text(str(target_id), 255),
        outcome=outcome,
        count=count,
        details=storable(details),
    )
    # It may be work for others, such as an import.
    activity.announce()


def record_person(action: str, user: User, **more: Any) -> None:
    """Write a row about a person, with their name: the id alone tells nothing to whoever reads it."""
    record(action, "user", user.pk, name=user.get_username(), **more)


def storable(details: Mapping[str, object]) -> dict[str, Any]:
    """Short, without secrets, and without what databases refuse."""
    return {name: item(value) for name, value in details.items() if value not in (None, "", [], {})}


def item(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [text(str(each)) for each in list(value)[:MAX_ITEMS]]
    return text(str(value))


def text(value: str, length: int = MAX_TEXT) -> str:
    """Without control characters, which a terminal would obey, and lone surrogates."""
    return redact("".join(c if c.isprintable() else "\ufffd" for c in value))[:length]


def remove_older(days: int) -> int:
    """Remove the rows that are older than so many days; returns how many."""
    return remove_before(timezone.now() - timedelta(days=days))


def remove_before(moment: datetime) -> int:
    removed = 0
    while count := remove_some(moment):
        removed += count
    return removed


def remove_some(moment: datetime) -> int:
    old = AuditEntry.objects.filter(at__lt=moment).order_by("at").values_list("pk", flat=True)
    if not (ids := list(old[:REMOVE_AT_ONCE])):
        return 0
    with transaction.atomic():
        # The triggers let rows go that are older than the moment in this row. No other transaction sees it.
        AuditRetention.objects.update_or_create(pk=1, defaults={"before": moment})
        count = AuditEntry.objects.filter(pk__in=ids).delete()[0]
        AuditRetention.objects.all().delete()
    return count
