"""Writes how attempts ended: one transaction for all that ended since the last one. All times are the database's."""

from __future__ import annotations

import json
import logging
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, cast

from django.db import connection, transaction
from django.db.models.functions import Now

from picasso.events.write import row as event_row
from picasso.events.write import write
from picasso.jobs.sql import parse_id
from picasso.models import Delivery, Webhook
from picasso.webhooks import of_files, schedule
from picasso.webhooks.claims import Claim

log = logging.getLogger(__name__)

# What a receiver may say Retry-After with.
SLOW_DOWN = frozenset({429, 502, 503, 504})

# (list of `values`, as JSON). A result that is written again, because it was not known whether the COMMIT succeeded,
# changes nothing. `wait` is in seconds, and null if there is no other try.
SETTLE = {
    "postgresql": """
        UPDATE picasso_delivery SET
            log = log || jsonb_set(ended.entry, '{at}', to_jsonb(to_char(
                (statement_timestamp() - ended.took * interval '1 millisecond') AT TIME ZONE 'UTC',
                'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))),
            state = ended.state, tries = picasso_delivery.tries + 1, status = ended.status, error = ended.error,
            due_at = statement_timestamp() + ended.pause * interval '1 second',
            finished_at = CASE WHEN ended.state <> 'waiting' THEN statement_timestamp() END
        FROM jsonb_to_recordset(%s) AS ended (
            id uuid, attempt integer, tries integer, state text, pause float, status integer, error text, took integer,
            entry jsonb)
        WHERE picasso_delivery.id = ended.id AND picasso_delivery.attempt = ended.attempt
            AND picasso_delivery.tries = ended.tries AND picasso_delivery.state = 'waiting'
        RETURNING picasso_delivery.id""",
    "sqlite": """
        WITH ended AS (
            SELECT value ->> 'id' AS id, value ->> 'attempt' AS attempt, value ->> 'tries' AS tries,
                value ->> 'state' AS state, value ->> 'pause' AS pause, value ->> 'status' AS status,
                value ->> 'error' AS error, value ->> 'took' AS took, value -> 'entry' AS entry
            FROM json_each(%s))
        UPDATE picasso_delivery SET
            log = json_insert(log, '$[#]', json_set(ended.entry, '$.at',
                strftime('%%Y-%%m-%%dT%%H:%%M:%%f000Z', 'now', (-ended.took / 1000.0) || ' seconds'))),
            state = ended.state, tries = picasso_delivery.tries + 1, status = ended.status, error = ended.error,
            due_at = strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+' || ended.pause || ' seconds'),
            finished_at = CASE WHEN ended.state <> 'waiting' THEN strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now') END
        FROM ended
        WHERE picasso_delivery.id = ended.id AND picasso_delivery.attempt = ended.attempt
            AND picasso_delivery.tries = ended.tries AND picasso_delivery.state = 'waiting'
        RETURNING id""",
}


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt ended."""

    claim: Claim
    status: int | None
    """None if there was no answer."""
    error: str = ""
    """Its code, without an answer."""
    final: bool = False
    """Whether nothing was sent, and another try is useless."""
    milliseconds: int = 0
    answer: str = ""
    """The first bytes of the answer."""
    retry_after: float = 0.0
    """Seconds."""

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def slow_down(self) -> float:
        return min(self.retry_after, schedule.LONGEST_RETRY_AFTER) if self.status in SLOW_DOWN else 0.0

    @property
    def gone(self) -> bool:
        return self.status == HTTPStatus.GONE


def write_results(results: Sequence[Result]) -> None:
    """Safe to call twice: what is written already, or belongs to an attempt that is over, changes nothing."""
    with transaction.atomic():
        settled = settle_deliveries(results)
        new = [each for each in results if each.claim.id in settled]
        settle_webhooks(new)
        if gone := {each.claim.event for each in new if each.gone and each.claim.of_file} - {None}:
            of_files.disable(cast("set[int]", gone))


def settle_deliveries(results: Sequence[Result]) -> set[uuid.UUID]:
    """Returns the ids of those that had no result of this attempt yet."""
    rows = [values(result) for result in sorted(results, key=lambda each: each.claim.id)]
    with connection.cursor() as cursor:
        cursor.execute(SETTLE[connection.vendor], [json.dumps(rows)])
        return {parse_id(pk) for (pk,) in cursor.fetchall()}


def values(result: Result) -> dict[str, Any]:
    claim = result.claim
    wait = None if is_last(result) else schedule.delay(claim.tries + 1)
    state = Delivery.State.DELIVERED if result.ok else Delivery.State.FAILED
    if wait is not None:
        state = Delivery.State.WAITING
    return {
        "id": claim.id.hex,
        "attempt": claim.attempt,
        "tries": claim.tries,
        "state": str(state),
        "pause": max(wait or 0.0, result.slow_down),
        "status": result.status,
        "error": result.error,
        "took": result.milliseconds,
        "entry": {
            "milliseconds": result.milliseconds,
            "status": result.status,
            "error": result.error,
            "answer": result.answer,
        },
    }


def is_last(result: Result) -> bool:
    """Whether another try is useless. One to a webhook that is gone is made when somebody enables it."""
    return result.ok or result.final or (result.gone and result.claim.of_file)


def settle_webhooks(results: Sequence[Result]) -> None:
    """Locks them in the order of their ids, and before they are read: another worker may count failures as well.

    Most have nothing to settle: they had not failed when their deliveries were claimed, and have not failed now.
    """
    by_webhook: dict[uuid.UUID, list[Result]] = defaultdict(list)
    for result in results:
        if counts(result):
            by_webhook[result.claim.webhook].append(result)
    changed = [pk for pk, ended in by_webhook.items() if any(not each.ok or each.claim.failures for each in ended)]
    if changed:
        rows = Webhook.everywhere.select_for_update(no_key=True).filter(pk__in=changed).order_by("pk")
        for webhook in rows.annotate(now=Now()):
            settle_webhook(webhook, by_webhook[webhook.pk], webhook.now)


def counts(result: Result) -> bool:
    """Whether it says something about the receiver. That one file has none any more says nothing about others."""
    return not result.final and not (result.gone and result.claim.of_file)


def settle_webhook(webhook: Webhook, results: Sequence[Result], now: datetime) -> None:
    failed = [result for result in results if not result.ok]
    rows = Webhook.everywhere.filter(pk=webhook.pk)
    if any(result.gone for result in failed):
        return disable(webhook, Webhook.DisabledReason.GONE)
    if len(failed) < len(results):
        if webhook.failures:
            rows.update(failures=0, failing_since=None, resume_at=None)
        return None
    since = webhook.failing_since or now
    if now - since > schedule.GIVE_UP_AFTER and not webhook.host:
        return disable(webhook, Webhook.DisabledReason.FAILING)
    failures = webhook.failures + 1
    wait = max(schedule.pause(failures), *(result.slow_down for result in failed))
    rows.update(failures=failures, failing_since=since, resume_at=Now() + timedelta(seconds=wait))
    return None


def disable(webhook: Webhook, reason: Webhook.DisabledReason) -> None:
    """Nothing is sent any more until somebody enables it. Tells it in an event, which other webhooks may get."""
    rows = Webhook.everywhere.filter(pk=webhook.pk, enabled=True)
    if rows.update(enabled=False, disabled_reason=reason, disabled_at=Now()):
        log.warning("the webhook %s is disabled: %s", webhook.pk, reason.value)
        data: dict[str, object] = {"webhook": str(webhook.pk), "reason": reason.value}
        write(event_row("webhook.disabled", webhook.project_id, data=data))
