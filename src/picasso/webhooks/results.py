"""Writes how attempts ended: one transaction for all that ended since the last one."""

from __future__ import annotations

import json
import logging
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from picasso.events.write import row as event_row
from picasso.events.write import write
from picasso.models import Delivery, Webhook
from picasso.webhooks import schedule
from picasso.webhooks.claims import Claim, adapted

log = logging.getLogger(__name__)

# What a receiver may say Retry-After with.
SLOW_DOWN = frozenset({429, 502, 503, 504})

JSON = {"postgresql": "log || %s::jsonb", "sqlite": "json_insert(log, '$[#]', json(%s))"}

# (the attempt as JSON, state, due_at, status, error, finished_at, id, attempt, tries before it). A result that is
# written again, because it was not known whether the COMMIT succeeded, changes nothing.
SETTLE = """
    UPDATE picasso_delivery
    SET log = {log}, state = %s, due_at = %s, tries = tries + 1, status = %s, error = %s, finished_at = %s
    WHERE id = %s AND attempt = %s AND tries = %s AND state = 'waiting'"""


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


def write_results(results: Sequence[Result]) -> None:
    by_webhook: dict[uuid.UUID, list[Result]] = defaultdict(list)
    for result in results:
        by_webhook[result.claim.webhook].append(result)
    with transaction.atomic():
        settle_deliveries(results)
        settle_webhooks(by_webhook)


def settle_deliveries(results: Sequence[Result]) -> None:
    rows = [values(result) for result in sorted(results, key=lambda each: each.claim.id)]
    with connection.cursor() as cursor:
        cursor.executemany(SETTLE.format(log=JSON[connection.vendor]), rows)


def values(result: Result) -> tuple[Any, ...]:
    now = timezone.now()
    wait = None if result.ok or result.final else schedule.delay(result.claim.tries + 1)
    state = Delivery.State.DELIVERED if result.ok else Delivery.State.FAILED
    if wait is not None:
        state = Delivery.State.WAITING
    due_at = now + timedelta(seconds=max(wait or 0.0, result.slow_down))
    finished_at = None if wait is not None else now
    moments = [adapted_moment(each) for each in (due_at, finished_at)]
    return (
        json.dumps(attempt_of(result)),
        str(state),
        moments[0],
        result.status,
        result.error,
        moments[1],
        adapted(result.claim.id),
        result.claim.attempt,
        result.claim.tries,
    )


def adapted_moment(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def attempt_of(result: Result) -> dict[str, Any]:
    at = timezone.now() - timedelta(milliseconds=result.milliseconds)
    return {
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "milliseconds": result.milliseconds,
        "status": result.status,
        "error": result.error,
        "answer": result.answer,
    }


def settle_webhooks(results: dict[uuid.UUID, list[Result]]) -> None:
    """Locks them in the order of their ids, and before they are read: another worker may count failures as well."""
    for webhook in Webhook.everywhere.select_for_update(no_key=True).filter(pk__in=results).order_by("pk"):
        settle_webhook(webhook, results[webhook.pk])


def settle_webhook(webhook: Webhook, results: Sequence[Result]) -> None:
    results = [result for result in results if not result.final]
    failed = [result for result in results if not result.ok]
    rows = Webhook.everywhere.filter(pk=webhook.pk)
    if any(result.status == HTTPStatus.GONE for result in failed):
        return disable(webhook, Webhook.DisabledReason.GONE)
    if len(failed) < len(results) or not results:
        if webhook.failures:
            rows.update(failures=0, failing_since=None, resume_at=None)
        return None
    now = timezone.now()
    since = webhook.failing_since or now
    if now - since > schedule.GIVE_UP_AFTER:
        return disable(webhook, Webhook.DisabledReason.FAILING)
    failures = webhook.failures + 1
    wait = max(schedule.pause(failures), *(result.slow_down for result in failed))
    rows.update(failures=failures, failing_since=since, resume_at=now + timedelta(seconds=wait))
    return None


def disable(webhook: Webhook, reason: Webhook.DisabledReason) -> None:
    """Nothing is sent any more until somebody enables it. Tells it in an event, which other webhooks may get."""
    rows = Webhook.everywhere.filter(pk=webhook.pk, enabled=True)
    if rows.update(enabled=False, disabled_reason=reason, disabled_at=timezone.now()):
        log.warning("the webhook %s is disabled: %s", webhook.pk, reason.value)
        data: dict[str, object] = {"webhook": str(webhook.pk), "reason": reason.value}
        write(event_row("webhook.disabled", webhook.project_id, data=data))
