"""Writes events, in the present transaction. What happens to jobs is written by `picasso.jobs.event_sql`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, cast

from picasso import activity, bulk_insert
from picasso.models import DeletedFileWebhook, Event, File, FileWebhook

Row = dict[str, Any]
"""The columns of a row."""


def file_event(kind: str, file: File, **data: object) -> Row:
    """An event about this file. ``data`` is added to the facts that all events of files have; no secrets, no links."""
    return row(
        kind,
        cast("int", file.project_id),
        file_id=file.pk,
        owner=file.owner,
        tags=file.tags,
        media_type=file.media_type,
        pipeline=file.pipeline,
        data={"name": file.name, "size": file.size, "state": file.state, **data},
    )


def row(
    kind: str,
    project_id: int,
    *,
    file_id: uuid.UUID | None = None,
    owner: str = "",
    tags: Sequence[str] = (),
    media_type: str = "",
    pipeline: str = "",
    data: dict[str, object] | None = None,
) -> Row:
    return {
        "project_id": project_id,
        "type": kind,
        "file_id": file_id,
        "owner": owner,
        "tags": list(tags),
        "media_type": media_type,
        "pipeline": pipeline,
        "data": data or {},
    }


def write(*rows: Row) -> None:
    """In one statement, and in this order."""
    bulk_insert.insert_rows(Event, rows)
    activity.announce()


def received(file: File, upload_id: uuid.UUID | None) -> list[Row]:
    """Of a new file. One that needs no processing is processed at once."""
    rows = [file_event("file.received", file, **({"upload": str(upload_id)} if upload_id else {}))]
    return [*rows, file_event("file.processed", file)] if file.processed else rows


def write_deleted(*files: File) -> None:
    """Files are deleted for good next, in this transaction. Nothing of what their events said of them stays.

    What the deletion itself is filtered by stays until the event is removed, and the webhooks of the files until their
    receivers know.
    """
    clear(*(file.pk for file in files))
    webhooks = FileWebhook.objects.filter(file_id__in=[file.pk for file in files], disabled_at=None)
    bulk_insert.insert_rows(DeletedFileWebhook, list(webhooks.values("file_id", "url")))
    write(*({**file_event("file.deleted", file), "data": {}} for file in files))


def clear(*file_ids: uuid.UUID) -> None:
    events = Event.everywhere.filter(file_id__in=file_ids)
    # Locked in the order in which the sequencer locks them. There may be more than a statement may have parameters.
    list(events.select_for_update().order_by("pk").values_list("pk", flat=True))
    events.update(data={}, tags=[])
