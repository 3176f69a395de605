"""The keys that sign the links of a project. There are two while they rotate; the newest signs."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Subquery

from picasso import models
from picasso.access import audit

LIVE = 2


@dataclass(frozen=True, slots=True)
class LinkKey:
    id: int
    secret: bytes


def link_key(row_id: int, secret: str) -> LinkKey:
    """The secret needs the service's own as well: a stolen copy of the database signs no links."""
    return LinkKey(row_id, hmac.digest(settings.SECRET_KEY.encode(), f"picasso link 1 {secret}".encode(), "sha256"))


def of_row(row: models.LinkKey) -> LinkKey:
    return link_key(row.pk, row.secret)


def newest(field: str) -> Subquery:
    """To annotate rows that have a project with this field of the key that signs; None if there is no key yet."""
    return Subquery(models.LinkKey.objects.filter(project=OuterRef("project")).values(field)[:1])


def create(project_id: int) -> models.LinkKey:
    return models.LinkKey.objects.create(project_id=project_id, secret=secrets.token_hex(32))


def current(project_id: int) -> LinkKey:
    """The key that signs. Made at its first use."""
    return of_row(models.LinkKey.objects.filter(project=project_id).first() or create_first(project_id))


def create_first(project_id: int) -> models.LinkKey:
    """One, however many requests need it at the same moment: `rotate` keeps no more than two."""
    with transaction.atomic():
        models.Project.objects.select_for_update().filter(pk=project_id).first()
        return models.LinkKey.objects.filter(project=project_id).first() or create(project_id)


def rotate(project_id: int) -> None:
    """From now on a new key signs. Links of the one before stay valid."""
    with transaction.atomic():
        create(project_id)
        kept = models.LinkKey.objects.filter(project=project_id).values_list("pk", flat=True)[:LIVE]
        models.LinkKey.objects.filter(project=project_id).exclude(pk__in=list(kept)).delete()
        audit.record("links.rotate", "project", project_id, project=project_id)


def revoke(project_id: int) -> None:
    """End all links of the project, in all processes within seconds."""
    with transaction.atomic():
        models.LinkKey.objects.filter(project=project_id).delete()
        create(project_id)
        audit.record("links.revoke", "project", project_id, project=project_id)
