"""What people and programs do with webhooks. Each function works in one project."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from picasso.access import audit, projects
from picasso.access.principal import Principal, Scope
from picasso.conf import Conf
from picasso.errors import Conflict, FieldError, Forbidden, NotFound, TooManyWebhooks
from picasso.models import Delivery, Webhook
from picasso.outbound import Guard, in_field, parse_target
from picasso.webhooks import signing
from picasso.webhooks.claims import TEST
from picasso.webhooks.fan_out import replay_events

# Of a project.
MAX_WEBHOOKS = 100

# For so long an old secret may sign beside the new one.
MAX_GRACE = timedelta(days=30)

DEFAULT_TYPES = ("file.processed", "file.failed")


def of(principal: Principal) -> QuerySet[Webhook]:
    """Raises `Forbidden` for a principal that acts for one owner: a webhook gets events of all of them."""
    principal.require(Scope.WEBHOOKS_WRITE)
    if principal.owner is not None:
        raise Forbidden("Webhooks get the events of all owners, so a token of one owner can't change them.")
    return Webhook.objects.of(principal.project_id).filter(host="")


def get(principal: Principal, webhook_id: uuid.UUID) -> Webhook:
    """Raises `NotFound`, also for a webhook of another project."""
    if (webhook := of(principal).filter(pk=webhook_id).first()) is None:
        raise NotFound
    return webhook


def require_url(conf: Conf, url: str) -> None:
    """That this service may speak to it, as far as that is known before its name is resolved.

    Raises `InvalidUrl`, `AddressNotAllowed`.
    """
    with in_field("url"):
        Guard(conf.outbound_allowed, conf.outbound_ports).check_target(parse_target(url))


def create(principal: Principal, values: Mapping[str, Any]) -> tuple[Webhook, str]:
    """A new webhook, and its secret, which is shown once. Raises `TooManyWebhooks`."""
    webhooks, secret = of(principal), signing.new_secret()
    with transaction.atomic():
        projects.lock(principal.project_id)
        if webhooks.count() >= MAX_WEBHOOKS:
            raise TooManyWebhooks(f"A project has at most {MAX_WEBHOOKS} webhooks.")
        webhook = Webhook.everywhere.create(
            project_id=principal.project_id,
            secret=signing.cipher.encrypt(secret),
            created_by=principal.identity,
            **values,
        )
        record("webhook.create", webhook)
    webhook.refresh_from_db()
    return webhook, secret


def update(webhook: Webhook, values: Mapping[str, Any]) -> None:
    """Enabling one sends what is still due, and forgets that it failed."""
    changes = dict(values)
    if changes.get("enabled") is True:
        changes |= {"disabled_reason": "", "disabled_at": None, "failures": 0, "failing_since": None, "resume_at": None}
    elif changes.get("enabled") is False and webhook.enabled:
        changes |= {"disabled_reason": Webhook.DisabledReason.REQUESTED, "disabled_at": timezone.now()}
    with transaction.atomic():
        for name, value in changes.items():
            setattr(webhook, name, value)
        webhook.save(update_fields=list(changes))
        record("webhook.update", webhook, changed=sorted(values))


def delete(webhook: Webhook) -> None:
    """With its deliveries; what was not sent is not sent any more."""
    with transaction.atomic():
        record("webhook.delete", webhook)
        Delivery.objects.filter(webhook=webhook).delete()
        # From here on no other transaction can commit deliveries of it. What came meanwhile is deleted with it.
        Webhook.everywhere.select_for_update().filter(pk=webhook.pk).first()
        webhook.delete()


def rotate(webhook: Webhook, grace: timedelta) -> str:
    """A new secret. Until ``grace`` is over, messages have a signature by each. Raises `Conflict`."""
    secret = signing.new_secret()
    with transaction.atomic():
        row = Webhook.everywhere.select_for_update().get(pk=webhook.pk)
        if row.secret != webhook.secret:
            raise Conflict("The secret was rotated at the same time.")
        signing.replace(row, secret, grace)
        record("webhook.rotate", webhook)
    return secret


def send_test(webhook: Webhook) -> Delivery:
    """A message of the type ``webhook.test``. It is sent as all others are. Raises `Conflict`."""
    require_enabled(webhook)
    with transaction.atomic():
        delivery = Delivery.objects.create(webhook=webhook, type=TEST)
        send_now(webhook)
        record("webhook.test", webhook)
    delivery.refresh_from_db()
    return delivery


def deliveries(webhook: Webhook) -> QuerySet[Delivery]:
    return Delivery.objects.filter(webhook=webhook)


def delivery(webhook: Webhook, delivery_id: uuid.UUID) -> Delivery:
    """Raises `NotFound`, also for one of another webhook."""
    if (row := deliveries(webhook).select_related("webhook").filter(pk=delivery_id).first()) is None:
        raise NotFound
    return row


def replay(
    webhook: Webhook,
    *,
    ids: Sequence[uuid.UUID] = (),
    failed: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Send again: these deliveries, or those of a time, all or only the failed ones; how many.

    Those that wait for another attempt are sent now if they are named. Without ``failed`` and with ``since`` also
    earlier events that the webhook was never told of.

    Raises:
        Conflict: the webhook is disabled.
        InvalidField: an id is not that of a delivery of this webhook.
    """
    require_enabled(webhook)
    rows = named(webhook, ids) if ids else deliveries(webhook).exclude(state=Delivery.State.WAITING)
    if failed:
        rows = rows.filter(state=Delivery.State.FAILED)
    if since:
        rows = rows.filter(created_at__gte=since)
    if until:
        rows = rows.filter(created_at__lt=until)
    count = rows.update(state=Delivery.State.WAITING, tries=0, due_at=Now(), finished_at=None)
    if since and not failed and not ids:
        count += replay_events(webhook, since, until or timezone.now())
    with transaction.atomic():
        send_now(webhook)
        record("webhook.replay", webhook, count=count)
    return count


def require_enabled(webhook: Webhook) -> None:
    """Raises `Conflict`."""
    if not webhook.enabled:
        raise Conflict("The webhook is disabled: nothing is sent to it.")


def named(webhook: Webhook, ids: Sequence[uuid.UUID]) -> QuerySet[Delivery]:
    """Raises `NotFound`."""
    rows = deliveries(webhook).filter(pk__in=ids)
    if unknown := set(ids) - set(rows.values_list("pk", flat=True)):
        sentence = f"{min(unknown)} is not a delivery of this webhook."
        raise NotFound(sentence, errors=[FieldError(field="deliveries", detail=sentence)])
    return rows


def send_now(webhook: Webhook) -> None:
    """Somebody waits for it: a receiver that failed is not left alone any longer."""
    Webhook.everywhere.filter(pk=webhook.pk).update(resume_at=None)


def record(action: str, webhook: Webhook, **details: Any) -> None:
    audit.record(action, "webhook", webhook.pk, project=webhook.project_id, **details)
