"""What is sent: made from the event, and from the file as it is now, for each attempt anew.

So nothing of a deleted file is kept for a receiver that is away.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from picasso import addresses
from picasso.access import projects
from picasso.access.links import Signer, rounded_expiry
from picasso.access.principal import SERVICE
from picasso.errors import WebhookHostNotAllowed
from picasso.events.record import COLUMNS, EventRecord
from picasso.files.queries import with_derivatives
from picasso.models import Delivery, Event, File, Webhook
from picasso.receive import webhook_urls
from picasso.serializers import FileDetailSerializer, Links
from picasso.timestamps import rfc3339
from picasso.webhooks import of_files, signing
from picasso.webhooks.claims import TEST, Claim, message_id
from picasso.webhooks.of_files import Receiver

log = logging.getLogger(__name__)

# "The payload should be smaller than 20 kB."
MAX_BODY = 20_000

# What is left out of a file that is too large, the first one first.
LARGE = ("facts", "derivatives", "attributes")

# Why nothing is sent, besides the codes of `picasso.outbound.errors`.
REMOVED = "event-removed"
"""The event is not kept any more; or the webhook was that of a file, which is deleted, and this is another event."""
DISABLED = "webhook-disabled"
"""The receiver of this file's events is gone."""
UNREADABLE = "secret-unreadable"
"""The secret can't be decrypted, because `PICASSO_SECRET_KEY` was changed. Rotate it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt of a delivery."""

    claim: Claim
    url: str
    id: str
    """The same for every attempt."""
    body: bytes
    keys: Sequence[str]
    refusal: str = ""
    """Why it is not sent at all; empty if it is."""

    def headers(self) -> dict[str, str]:
        """Signed now."""
        return signing.headers(self.keys, self.id, int(time.time()), self.body)


@dataclass(frozen=True, slots=True)
class Sources:
    """What the messages of some claims are made from."""

    webhooks: Mapping[uuid.UUID, Webhook]
    keys: Mapping[uuid.UUID, Sequence[str]]
    events: Mapping[int | None, EventRecord]
    files: Mapping[uuid.UUID | None, File]
    of_files: Mapping[int | None, Receiver]
    """By the numbers of events."""
    hosts: Mapping[int, Sequence[str]]
    """Which a project allows for webhooks of files."""


def messages(claims: Sequence[Claim]) -> list[Message]:
    """In the same order. Claims of a webhook that was deleted meanwhile are left out.

    So is one whose message can't be made, which is tried again when its lease ends: others must not wait for it.
    """
    sources, found = sources_of(claims), []
    for each in claims:
        if each.webhook in sources.webhooks:
            try:
                found.append(message(each, sources))
            except Exception:
                log.exception("could not make the message of the delivery %s", each.id)
    return found


def sources_of(claims: Sequence[Claim]) -> Sources:
    webhooks = Webhook.everywhere.in_bulk({each.webhook for each in claims})
    events = found_events({each.event for each in claims if each.event is not None})
    wanted = (events[each.event].file_id for each in claims if each.event in events and is_full(webhooks, each))
    files = found_files({file_id for file_id in wanted if file_id})
    projects_of_files = {webhook.project_id for webhook in webhooks.values() if webhook.host}
    shared = {project: keys_of(of_files.key_row(project)) for project in projects_of_files}
    return Sources(
        webhooks,
        {pk: shared[row.project_id] if row.host else keys_of(row) for pk, row in webhooks.items()},
        events,
        files,
        of_files.of_events({each.event for each in claims if each.of_file and each.event is not None}),
        {project: projects.read(project).webhook_hosts for project in projects_of_files},
    )


def message(claim: Claim, sources: Sources) -> Message:
    webhook = sources.webhooks[claim.webhook]
    url, refusal = webhook.url, ""
    if webhook.host:
        url, refusal = address_of_file(claim, sources, webhook.project_id)
    body = body_of(claim, sources.events, sources.files if is_full(sources.webhooks, claim) else {})
    refusal = refusal or ("" if body else REMOVED)
    return Message(claim, url, message_id(claim.event, claim.id), body, sources.keys[claim.webhook], refusal)


def address_of_file(claim: Claim, sources: Sources, project_id: int) -> tuple[str, str]:
    """The address, or why nothing is sent to it."""
    found = sources.of_files.get(claim.event)
    if found is None or not found.wants(claim.type):
        return "", REMOVED
    if found.is_gone:
        return "", DISABLED
    if not webhook_urls.allows(sources.hosts[project_id], of_files.host_of(found.url)):
        return "", WebhookHostNotAllowed.code
    return found.url, ""


def is_full(webhooks: Mapping[uuid.UUID, Webhook], claim: Claim) -> bool:
    webhook = webhooks.get(claim.webhook)
    return webhook is not None and webhook.payload == Webhook.Payload.FULL


def found_events(numbers: Collection[int]) -> dict[int | None, EventRecord]:
    rows = Event.everywhere.filter(seq__in=numbers).values_list(*COLUMNS)
    return {row[0]: EventRecord(*row) for row in rows}


def found_files(ids: Collection[uuid.UUID]) -> dict[uuid.UUID | None, File]:
    """Those that are neither deleted nor in the trash."""
    rows = with_derivatives(SERVICE).filter(pk__in=ids, deleted_at=None) if ids else ()
    return {row.pk: row for row in rows}


def keys_of(webhook: Webhook) -> list[str]:
    """The secrets that sign now. None that can be read: `PICASSO_SECRET_KEY` was changed."""
    old = webhook.old_secret if webhook.old_secret_until and webhook.old_secret_until > timezone.now() else ""
    return [secret for each in (webhook.secret, old) if each and (secret := signing.cipher.decrypt(each))]


def body_of(claim: Claim, events: Mapping[int | None, EventRecord], files: Mapping[uuid.UUID | None, File]) -> bytes:
    if claim.event is None:
        return encoded({"type": TEST, "timestamp": rfc3339(timezone.now()), "data": {"webhook": str(claim.webhook)}})
    if (event := events.get(claim.event)) is None:
        return b""
    shown = event.shown
    about = {name: shown[name] for name in ("seq", "owner", "tags", "media_type", "pipeline")}
    data = {**about, **shown["data"]}
    if file := files.get(event.file_id):
        data["file"] = FileDetailSerializer(file, context={"links": links_of(event.project_id)}).data
    return fitting({"type": event.type, "timestamp": shown["at"], "data": data})


def payload_of(delivery: Delivery) -> Any:
    """What an attempt would say now, as JSON; None if its event is not kept any more."""
    webhook = delivery.webhook
    claim = Claim(delivery.pk, delivery.attempt, webhook.pk, delivery.event, delivery.type, delivery.tries)
    body = message(claim, sources_of([claim])).body
    return json.loads(body) if body else None


def fitting(body: dict[str, Any]) -> bytes:
    """What is too large is left out, and named in ``omitted``."""
    text, file = encoded(body), body["data"].get("file")
    for name in LARGE:
        if file and len(text) > MAX_BODY:
            del file[name]
            body["data"]["omitted"] = [*body["data"].get("omitted", []), name]
            text = encoded(body)
    return text


def encoded(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode(errors="replace")


def links_of(project_id: int) -> Links:
    conf = settings.PICASSO
    base = addresses.base_url(conf.public_url, "http", f"{conf.host}:{conf.port}", "")
    key = projects.read(project_id).link_key
    signed = key is not None and conf.access != "open"
    return Links(base, Signer(key, rounded_expiry(time.time(), conf.link_expiry)) if signed and key else None)
