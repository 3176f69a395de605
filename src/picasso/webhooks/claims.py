"""Which deliveries are sent next. A claim is a lease: what is not settled in time is due again."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from picasso.events.sequence import oldest_number
from picasso.jobs.sql import parse_id
from picasso.models import Delivery

LEASE_SECONDS = 60

NOW = {"postgresql": "statement_timestamp()", "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"}

# The webhooks that have something due.
WITH_WORK = """
    SELECT id, failures, host <> '' FROM picasso_webhook
    WHERE enabled AND (resume_at IS NULL OR resume_at <= {now}) AND EXISTS (
        SELECT 1 FROM picasso_delivery
        WHERE webhook_id = picasso_webhook.id AND state = 'waiting' AND due_at <= {now})"""

# Deliveries that are due the longest. Counting the attempt raises the fence.
CLAIM = {
    # (webhooks and their limits, as JSON). Materialized, so that no plan looks for rows more than once: each time it
    # would skip those that it has claimed already, and claim more than the limit.
    "postgresql": """
        WITH found AS MATERIALIZED (
            SELECT due.id FROM jsonb_to_recordset(%s) AS wanted (id uuid, room integer), LATERAL (
                SELECT id FROM picasso_delivery
                WHERE webhook_id = wanted.id AND state = 'waiting' AND due_at <= {now}
                ORDER BY due_at, id LIMIT wanted.room FOR UPDATE SKIP LOCKED) AS due)
        UPDATE picasso_delivery SET attempt = attempt + 1, due_at = {now} + {lease} * interval '1 second'
        FROM found WHERE picasso_delivery.id = found.id
        RETURNING picasso_delivery.id, attempt, webhook_id, event, type, tries""",
    # (webhook, limit)
    "sqlite": """
        UPDATE picasso_delivery
        SET attempt = attempt + 1, due_at = strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+{lease} seconds')
        WHERE id IN (
            SELECT id FROM picasso_delivery
            WHERE webhook_id = %s AND state = 'waiting' AND due_at <= {now} ORDER BY due_at, id LIMIT %s)
        RETURNING id, attempt, webhook_id, event, type, tries""",
}

# So many messages of one webhook are sent at once by this process: one if the last one has failed, few until its
# receiver has answered quickly, so that those that hang take few of the places.
FAILING, UNKNOWN, QUICK = 1, 2, 32

# A webhook takes at most such a part of the free places. So of receivers that were quick, and hang all at once, each
# takes fewer places than the one before.
SHARE = 8

# So many places are for webhooks that have nothing in flight.
RESERVED = 64

REMOVE_AT_ONCE = 1000

TEST = "webhook.test"
"""The type of a message that only tries the way."""


def message_id(event: int | None, delivery_id: uuid.UUID) -> str:
    """``webhook-id``: the same for every attempt."""
    return f"msg_{event}" if event is not None else f"msg_test_{delivery_id.hex}"


class Claim(NamedTuple):
    """A delivery that this process sends now."""

    id: uuid.UUID
    attempt: int
    webhook: uuid.UUID
    event: int | None
    type: str
    tries: int
    """How many have failed."""
    failures: int = 0
    """How many attempts of the webhook have failed in a row."""
    of_file: bool = False
    """Whether it is for the webhook of a file."""


class Work(NamedTuple):
    """A webhook that has something due."""

    webhook: uuid.UUID
    failures: int
    of_file: bool


def claim(in_flight: Mapping[uuid.UUID, int], free: int, quick: Collection[uuid.UUID] = ()) -> list[Claim]:
    """Up to ``free`` deliveries, of each webhook as many as it has room for. ``quick`` are those that answer quickly.

    Webhooks with little in flight come first, so that a few slow ones with a long backlog don't take all places.
    """
    work, rooms = with_work(), dict[uuid.UUID, int]()
    for each in sorted(work, key=lambda each: (in_flight.get(each.webhook, 0), random.random())):  # noqa: S311
        room = room_of(each, in_flight.get(each.webhook, 0), free, quick=each.webhook in quick)
        if room > 0:
            rooms[each.webhook] = room
            free -= room
    return claimed(rooms, {each.webhook: each for each in work}) if rooms else []


def room_of(work: Work, used: int, free: int, *, quick: bool) -> int:
    """How many more messages of a webhook may be sent."""
    if free <= RESERVED:
        return min(free, 0 if used else 1)
    places = FAILING if work.failures else QUICK if quick else UNKNOWN
    return min(places - used, max(1, free // SHARE))


def with_work() -> list[Work]:
    with connection.cursor() as cursor:
        cursor.execute(WITH_WORK.format(now=NOW[connection.vendor]), [])
        return [Work(parse_id(webhook), failures, bool(of_file)) for webhook, failures, of_file in cursor.fetchall()]


def claimed(rooms: Mapping[uuid.UUID, int], work: Mapping[uuid.UUID, Work]) -> list[Claim]:
    """Oldest event first."""
    statement = CLAIM[connection.vendor].format(now=NOW[connection.vendor], lease=LEASE_SECONDS)
    claims = []
    with connection.cursor() as cursor:
        for parameters in parameters_of(rooms):
            cursor.execute(statement, parameters)
            for pk, attempt, webhook, event, kind, tries in cursor.fetchall():
                its = work[parse_id(webhook)]
                claims.append(Claim(parse_id(pk), attempt, its.webhook, event, kind, tries, its.failures, its.of_file))
    return sorted(claims, key=lambda each: (each.event or 0, each.id))


def parameters_of(rooms: Mapping[uuid.UUID, int]) -> list[tuple[str | int, ...]]:
    """Of each statement. SQLite, which has no LATERAL, needs several; they cost little there."""
    if connection.vendor == "sqlite":
        return [(webhook.hex, room) for webhook, room in rooms.items()]
    return [(json.dumps([{"id": str(webhook), "room": room} for webhook, room in rooms.items()]),)]


def remove_old(kept: int) -> int:
    """Remove some of the deliveries whose events are not kept any more, and of the tests that are as old; how many."""
    old = Q(event__lt=oldest_number()) | Q(event=None, created_at__lt=Now() - timedelta(seconds=kept))
    found = list(Delivery.objects.filter(old).values_list("pk", flat=True)[:REMOVE_AT_ONCE])
    return Delivery.objects.filter(pk__in=found).delete()[0] if found else 0
