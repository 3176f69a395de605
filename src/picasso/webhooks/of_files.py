"""Webhooks of single files: the addresses that uploads have named as ``webhook_url``.

What is due to them belongs to a `Webhook` row of their project and host, so a host that is slow or away is asked as
little as an endpoint, and holds up no other one. A project has a few such rows; what their hosts are too many for
belongs to the row of the host ``*``, which also has the secret that signs for all of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, cast

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from picasso.access import audit, projects
from picasso.events.write import row as event_row
from picasso.events.write import write
from picasso.models import DeletedFileWebhook, Delivery, Event, FileWebhook, Webhook
from picasso.outbound import OutboundError, parse_target
from picasso.webhooks import signing

# Of a project.
MAX_HOSTS = 100

ALL_OTHERS = "*"

DELETED = "file.deleted"

# A row without deliveries is removed, but not while the first one is being made.
UNUSED = timedelta(hours=1)


def is_told(kind: str) -> bool:
    """Whether the webhook of a file gets events of this type: all of files, but not how far processing is."""
    return kind.startswith("file.") and kind != "file.processing"


class Receiver(NamedTuple):
    """Who is told of the events of a file."""

    url: str
    is_gone: bool = False
    """Whether it has said so."""
    of_deleted: bool = False
    """Whether the file was deleted for good. Then only its deletion is told."""

    def wants(self, kind: str) -> bool:
        return is_told(kind) and (kind == DELETED or not self.of_deleted)


def exist() -> bool:
    return FileWebhook.objects.exists() or DeletedFileWebhook.objects.exists()


def receivers(files: Collection[uuid.UUID]) -> dict[uuid.UUID, Receiver]:
    """By file, of those that have one."""
    there = FileWebhook.objects.filter(file_id__in=files).values_list("file_id", "url", "disabled_at")
    deleted = DeletedFileWebhook.objects.filter(file_id__in=files).values_list("file_id", "url")
    return {
        **{file_id: Receiver(url, is_gone=disabled_at is not None) for file_id, url, disabled_at in there},
        **{file_id: Receiver(url, of_deleted=True) for file_id, url in deleted},
    }


def by_event(events: Sequence[Event]) -> dict[int | None, Webhook]:
    """The row to which the delivery of an event belongs, for each event of a file that has a webhook."""
    told = [event for event in events if event.file_id and is_told(event.type)]
    known = receivers({event.file_id for event in told if event.file_id}) if told else {}
    wanted = {
        event.seq: (cast("int", event.project_id), host_of(receiver.url))
        for event in told
        if event.file_id and (receiver := known.get(event.file_id)) and receiver.wants(event.type)
        if not receiver.is_gone
    }
    found = {key: of_host(*key) for key in sorted(set(wanted.values()))}
    return {seq: found[key] for seq, key in wanted.items()}


def host_of(url: str) -> str:
    try:
        return parse_target(url).host
    except OutboundError:  # of another version
        return ALL_OTHERS


def of_host(project_id: int, host: str) -> Webhook:
    rows = Webhook.objects.of(project_id).exclude(host="")
    if row := rows.filter(host=host).first():
        return row
    if rows.count() >= MAX_HOSTS:
        host = ALL_OTHERS
    values = {"types": ["file.*"], "secret": ""}
    return Webhook.everywhere.get_or_create(project_id=project_id, host=host, defaults=values)[0]


def key_row(project_id: int) -> Webhook:
    """The row that has the secret of a project. It is made when it is needed first."""
    rows = Webhook.objects.of(project_id).filter(host=ALL_OTHERS)
    row = rows.first()
    if row is None or not row.secret:
        row = of_host(project_id, ALL_OTHERS) if row is None else row
        rows.filter(secret="").update(secret=signing.cipher.encrypt(signing.new_secret()))
        row.refresh_from_db()
    return row


def rotate(project_id: int, grace: timedelta) -> str:
    """A new secret of a project, which is shown once. Until ``grace`` is over the old one signs, too."""
    secret = signing.new_secret()
    with transaction.atomic():
        projects.lock(project_id)
        row = key_row(project_id)
        signing.replace(row, secret, grace)
        audit.record("project.webhook-secret", "project", row.project.name, project=project_id)
    return secret


def of_events(numbers: Collection[int]) -> Mapping[int | None, Receiver]:
    """The receivers of the files that these events are about, by the numbers of the events."""
    files = dict(Event.everywhere.filter(seq__in=numbers).values_list("seq", "file_id"))
    known = receivers({file_id for file_id in files.values() if file_id})
    return {seq: known[file_id] for seq, file_id in files.items() if file_id in known}


def disable(numbers: Collection[int]) -> None:
    """The receivers of these events are gone. Others are told."""
    files = Event.everywhere.filter(seq__in=numbers).values("file_id")
    for row in FileWebhook.objects.filter(file_id__in=files, disabled_at=None).select_related("file"):
        if FileWebhook.objects.filter(pk=row.pk, disabled_at=None).update(disabled_at=Now()):
            data: dict[str, object] = {"reason": Webhook.DisabledReason.GONE.value}
            file = row.file
            write(event_row("webhook.disabled", file.project_id or 0, file_id=file.pk, owner=file.owner, data=data))


def forget_deleted(spread: int) -> None:
    """The webhooks of deleted files to which nothing more is to be sent. Events up to ``spread`` have deliveries."""
    later = Event.everywhere.filter(Q(seq=None) | Q(seq__gt=spread), file_id=OuterRef("file_id"))
    theirs = Event.everywhere.filter(file_id=OuterRef(OuterRef("file_id")), seq__isnull=False)
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING, event__in=theirs.values("seq"))
    DeletedFileWebhook.objects.filter(~Exists(later), ~Exists(waiting)).delete()


def deliveries(project_id: int, file_id: uuid.UUID) -> QuerySet[Delivery]:
    """What was sent, or is to be sent, to the webhook of a file."""
    events = Event.objects.of(project_id).filter(file_id=file_id, seq__isnull=False)
    rows = Webhook.objects.of(project_id).exclude(host="")
    return Delivery.objects.filter(webhook__in=rows.values("pk"), event__in=events.values("seq"))


def remove_unused() -> None:
    """Hosts that no message is for, now or lately."""
    theirs = Delivery.objects.filter(webhook=OuterRef("pk"))
    old = Webhook.everywhere.exclude(host__in=("", ALL_OTHERS)).filter(created_at__lt=Now() - UNUSED)
    with transaction.atomic():
        # While they are locked no other transaction can commit deliveries of them. What came before is seen again.
        idle = old.filter(~Exists(theirs)).select_for_update(skip_locked=True).values_list("pk", flat=True)
        Webhook.everywhere.filter(~Exists(theirs), pk__in=list(idle)).delete()
