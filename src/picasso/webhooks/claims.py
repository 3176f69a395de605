"""Which deliveries are sent next. A claim is a lease: what is not settled in time is due again."""

from __future__ import annotations

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

WORDS = {
    "postgresql": {
        "now": "statement_timestamp()",
        "lease": f"statement_timestamp() + interval '{LEASE_SECONDS} seconds'",
        "lock_free": "FOR UPDATE SKIP LOCKED",
    },
    "sqlite": {
        "now": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
        "lease": f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+{LEASE_SECONDS} seconds')",
        "lock_free": "",
    },
}

# The webhooks that have something due.
WITH_WORK = """
    SELECT id, failures FROM picasso_webhook
    WHERE enabled AND (resume_at IS NULL OR resume_at <= {now}) AND EXISTS (
        SELECT 1 FROM picasso_delivery
        WHERE webhook_id = picasso_webhook.id AND state = 'waiting' AND due_at <= {now})"""

# (webhook, limit): its deliveries that are due the longest. Counting the attempt raises the fence.
CLAIM = """
    UPDATE picasso_delivery SET attempt = attempt + 1, due_at = {lease}
    WHERE id IN (
        SELECT id FROM picasso_delivery
        WHERE webhook_id = %s AND state = 'waiting' AND due_at <= {now}
        ORDER BY due_at, id LIMIT %s {lock_free})
    RETURNING id, attempt, event, type, tries"""

# So many messages of one webhook are sent at once by this process: one if the last one has failed, few until its
# receiver has answered quickly, so that those that hang take few of the places.
FAILING, UNKNOWN, QUICK = 1, 8, 32

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


def claim(in_flight: Mapping[uuid.UUID, int], free: int, quick: Collection[uuid.UUID] = ()) -> list[Claim]:
    """Up to ``free`` deliveries, of each webhook as many as it has room for. ``quick`` are those that answer quickly.

    Webhooks with little in flight come first, so that a few slow ones with a long backlog don't take all places.
    """
    found: list[Claim] = []
    order = sorted(with_work(), key=lambda each: (in_flight.get(each[0], 0), random.random()))  # noqa: S311
    for webhook, failures in order:
        places = FAILING if failures else QUICK if webhook in quick else UNKNOWN
        room = min(places - in_flight.get(webhook, 0), free - len(found))
        if room > 0:
            found += claim_of(webhook, room)
    return found


def with_work() -> list[tuple[uuid.UUID, int]]:
    with connection.cursor() as cursor:
        cursor.execute(WITH_WORK.format(**WORDS[connection.vendor]), [])
        return [(parse_id(webhook), failures) for webhook, failures in cursor.fetchall()]


def claim_of(webhook: uuid.UUID, limit: int) -> list[Claim]:
    """Oldest event first."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM.format(**WORDS[connection.vendor]), [adapted(webhook), limit])
        claims = [Claim(parse_id(pk), attempt, webhook, *more) for pk, attempt, *more in cursor.fetchall()]
    return sorted(claims, key=lambda each: (each.event or 0, each.id))


def remove_old(kept: int) -> int:
    """Remove some of the deliveries whose events are not kept any more, and of the tests that are as old; how many."""
    old = Q(event__lt=oldest_number()) | Q(event=None, created_at__lt=Now() - timedelta(seconds=kept))
    found = list(Delivery.objects.filter(old).values_list("pk", flat=True)[:REMOVE_AT_ONCE])
    return Delivery.objects.filter(pk__in=found).delete()[0] if found else 0


def adapted(value: uuid.UUID) -> uuid.UUID | str:
    return value.hex if connection.vendor == "sqlite" else value
