"""How much is stored of each media type: counted again from time to time, and read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet, Sum

from picasso.files.stored_types import Stored, count_types
from picasso.models import ProjectUsage, StoredType

# To count a million files takes one or two seconds of the database, which is a five-hundredth of this.
SECONDS_FOR_A_MILLION = 1000
LEAST_SECONDS = 60.0

MOST = 50
"""So many types are shown."""


def count_again(now: datetime) -> bool:
    """Count all files if their number or size has changed; False if it is too early for that."""
    last = StoredType.objects.aggregate(at=Max("counted_at"), files=Sum("files"), bytes=Sum("bytes"))
    files, size = ProjectUsage.total("files") + ProjectUsage.total("trashed"), ProjectUsage.total("bytes")
    pause = max(LEAST_SECONDS, files / 1_000_000 * SECONDS_FOR_A_MILLION)
    if (last["files"] or 0, last["bytes"] or 0) == (files, size):
        return True
    if last["at"] and last["at"] > now - timedelta(seconds=pause):
        return False
    replace(count_types(), now)
    return True


def replace(stored: Stored, now: datetime) -> None:
    rows = [
        StoredType(project_id=project, media_type=media_type, files=files, bytes=size, counted_at=now)
        for (project, media_type), (files, size) in sorted(stored.items())
    ]
    with transaction.atomic():
        StoredType.objects.all().delete()
        StoredType.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)


def by_type(project_id: int | None) -> dict[str, Any]:
    """The types that take the most space; of one project, or of all."""
    rows = StoredType.objects.all() if project_id is None else StoredType.objects.filter(project=project_id)
    totals = rows.aggregate(at=Max("counted_at"), files=Sum("files"), bytes=Sum("bytes"))
    types = list(largest(rows))
    return {
        "counted_at": totals["at"],
        "files": int(totals["files"] or 0),
        "bytes": int(totals["bytes"] or 0),
        "types": types,
    }


def largest(rows: QuerySet[StoredType]) -> Iterable[dict[str, Any]]:
    groups = rows.order_by().values("media_type").annotate(number=Sum("files"), size=Sum("bytes"))
    for row in groups.order_by("-size", "media_type")[:MOST]:
        yield {"media_type": row["media_type"], "files": int(row["number"]), "bytes": int(row["size"])}
