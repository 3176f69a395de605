"""From numbered events to deliveries: one for each webhook that wants the event, exactly once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from picasso import bulk_insert
from picasso.events.sequence import COUNTER as NUMBERED
from picasso.events.sequence import last_number
from picasso.events.types import matches
from picasso.models import Delivery, Event, EventCounter, Webhook, new_id
from picasso.webhooks import of_files

BATCH = 1000

# So many messages one replay makes at most, besides those that are sent again.
MAX_REPLAY = 100_000

COUNTER = 2
"""The id of the row of `EventCounter` that says up to which event deliveries exist."""

# (id of the last number, own id, id of the last number). Where nobody is to be told. Webhooks and numbers are those of
# one moment: what happens after a webhook is there has a higher number.
SKIP = """
    UPDATE picasso_eventcounter SET last = (SELECT last FROM picasso_eventcounter WHERE id = %s)
    WHERE id = %s AND last < (SELECT last FROM picasso_eventcounter WHERE id = %s)
        AND NOT EXISTS (SELECT 1 FROM picasso_webhook WHERE enabled AND host = '')
        AND NOT EXISTS (SELECT 1 FROM picasso_filewebhook)
        AND NOT EXISTS (SELECT 1 FROM picasso_deletedfilewebhook)"""


def fan_out() -> bool:
    """Make the deliveries of the next events; whether there may be more events.

    What it has done and how far it is are written in one transaction, so a crash repeats and skips nothing.
    """
    if skip() or EventCounter.objects.filter(pk=COUNTER, last__gte=last_number()).exists():
        return False
    with transaction.atomic():
        EventCounter.objects.get_or_create(pk=COUNTER)
        counter = EventCounter.objects.select_for_update().get(pk=COUNTER)
        newest = last_number()
        webhooks, of_single_files = enabled_webhooks(), of_files.exist()
        events = numbered_events(counter.last, newest) if webhooks or of_single_files else []
        create_deliveries(webhooks, events, of_files.by_event(events) if of_single_files else {})
        counter.last = (events[-1].seq or 0) if len(events) == BATCH else newest
        counter.save()
    return counter.last < newest


def skip() -> bool:
    """Pass over the next events if there are no webhooks; whether it did."""
    with connection.cursor() as cursor:
        cursor.execute(SKIP, [NUMBERED, COUNTER, NUMBERED])
        return bool(cursor.rowcount > 0)


def last_spread() -> int:
    """The number of the last event whose deliveries exist."""
    return EventCounter.objects.filter(pk=COUNTER).values_list("last", flat=True).first() or 0


def forget_deleted() -> None:
    """As `of_files.forget_deleted`."""
    of_files.forget_deleted(last_spread())


def enabled_webhooks() -> dict[int | None, list[Webhook]]:
    """By project."""
    found: dict[int | None, list[Webhook]] = defaultdict(list)
    for webhook in Webhook.everywhere.filter(enabled=True, host=""):
        found[webhook.project_id].append(webhook)
    return found


def numbered_events(after: int, newest: int) -> list[Event]:
    rows = Event.everywhere.filter(seq__gt=after, seq__lte=newest)
    return list(rows.order_by("seq").defer("data", "tags")[:BATCH])


def create_deliveries(
    webhooks: Mapping[int | None, Sequence[Webhook]], events: Iterable[Event], by_event: Mapping[int | None, Webhook]
) -> int:
    """``by_event`` has the rows for events of files that have a webhook of their own."""
    rows = []
    for event in events:
        rows += [row(each, event) for each in webhooks.get(event.project_id, ()) if wants(each, event)]
        if event.seq in by_event:
            rows.append(row(by_event[event.seq], event))
    bulk_insert.insert_rows(Delivery, rows)
    return len(rows)


def row(webhook: Webhook, event: Event) -> dict[str, Any]:
    return {"id": new_id(), "webhook_id": webhook.pk, "event": event.seq, "type": event.type, "log": []}


def wants(webhook: Webhook, event: Event) -> bool:
    """Whether all filters of the webhook match."""
    return (
        matches(webhook.types, event.type)
        and matches(tuple(webhook.media_types), event.media_type)
        and (not webhook.pipelines or event.pipeline in webhook.pipelines)
        and (not webhook.owners or event.owner in webhook.owners)
    )


def replay_events(webhook: Webhook, since: datetime, until: datetime) -> int:
    """Make the deliveries of earlier events that the webhook has none for, such as from before it existed.

    In several transactions, because one for very many events would hold up what is sent to the webhook now.
    """
    count, after = 0, 0
    while count < MAX_REPLAY:
        events = earlier_events(webhook, since, until, after)
        if not events:
            break
        count += create_missing(webhook, events)
        after = events[-1].seq or 0
    return count


def earlier_events(webhook: Webhook, since: datetime, until: datetime, after: int) -> list[Event]:
    """Of those that `fan_out` has done."""
    done = last_spread()
    events = Event.objects.of(webhook.project_id).filter(seq__gt=after, seq__lte=done, at__gte=since, at__lt=until)
    known = Delivery.objects.filter(webhook=webhook, event=OuterRef("seq"))
    return list(events.filter(~Exists(known)).order_by("seq").defer("data", "tags")[:BATCH])


def create_missing(webhook: Webhook, events: list[Event]) -> int:
    """Another replay may make some of them at the same time."""
    with transaction.atomic():
        Webhook.everywhere.select_for_update(no_key=True).filter(pk=webhook.pk).first()
        known = Delivery.objects.filter(webhook=webhook, event__in=[event.seq for event in events])
        there = set(known.values_list("event", flat=True))
        missing = [event for event in events if event.seq not in there]
        return create_deliveries({webhook.project_id: [webhook]}, missing, {})
