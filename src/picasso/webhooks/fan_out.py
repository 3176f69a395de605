"""From numbered events to deliveries: one for each webhook that wants the event, exactly once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from django.db import transaction

from picasso import bulk_insert
from picasso.events.sequence import last_number
from picasso.events.types import matches
from picasso.models import Delivery, Event, EventCounter, Webhook, new_id

BATCH = 1000

COUNTER = 2
"""The id of the row of `EventCounter` that says up to which event deliveries exist."""


def fan_out() -> bool:
    """Make the deliveries of the next events; whether there may be more events.

    What it has done and how far it is are written in one transaction, so a crash repeats and skips nothing.
    """
    if EventCounter.objects.filter(pk=COUNTER, last__gte=last_number()).exists():
        return False
    with transaction.atomic():
        EventCounter.objects.get_or_create(pk=COUNTER)
        counter = EventCounter.objects.select_for_update().get(pk=COUNTER)
        newest = last_number()
        events = numbered_events(counter.last) if (webhooks := enabled_webhooks()) else []
        create_deliveries(webhooks, events)
        counter.last = (events[-1].seq or 0) if len(events) == BATCH else newest
        counter.save()
    return counter.last < newest


def enabled_webhooks() -> dict[int | None, list[Webhook]]:
    """By project."""
    found: dict[int | None, list[Webhook]] = defaultdict(list)
    for webhook in Webhook.everywhere.filter(enabled=True):
        found[webhook.project_id].append(webhook)
    return found


def numbered_events(after: int) -> list[Event]:
    return list(Event.everywhere.filter(seq__gt=after).order_by("seq").defer("data", "tags")[:BATCH])


def create_deliveries(webhooks: dict[int | None, list[Webhook]], events: Iterable[Event]) -> int:
    rows = [
        row(webhook, event)
        for event in events
        for webhook in webhooks.get(event.project_id, ())
        if wants(webhook, event)
    ]
    bulk_insert.insert_rows(Delivery, rows)
    return len(rows)


def row(webhook: Webhook, event: Event) -> dict[str, Any]:
    return {"id": new_id(), "webhook_id": webhook.pk, "event": event.seq, "type": event.type, "log": []}


def wants(webhook: Webhook, event: Event) -> bool:
    """Whether all filters of the webhook match."""
    return (
        matches(webhook.types, event.type)
        and is_one(event.media_type, webhook.media_types)
        and is_one(event.pipeline, webhook.pipelines)
        and is_one(event.owner, webhook.owners)
    )


def is_one(value: str, patterns: list[str]) -> bool:
    """True for any value without patterns. Only media types have ``*``."""
    return not patterns or any(fnmatchcase(value, pattern) for pattern in patterns)


def replay_events(webhook: Webhook, since: datetime, until: datetime) -> int:
    """Make the deliveries of earlier events that the webhook has none for, such as from before it existed."""
    with transaction.atomic():
        counter = EventCounter.objects.select_for_update().filter(pk=COUNTER).first()
        events = Event.objects.of(webhook.project_id).filter(seq__lte=counter.last if counter else 0)
        events = events.filter(at__gte=since, at__lt=until).order_by("seq").defer("data", "tags")
        known = Delivery.objects.filter(webhook=webhook).values("event")
        return create_deliveries({webhook.project_id: [webhook]}, events.exclude(seq__in=known)[:MAX_REPLAY])


MAX_REPLAY = 100_000
