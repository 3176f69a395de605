"""The states of an import. Each change is one conditional UPDATE, which only the worker that holds the lease can make.

    waiting → running → imported | failed
       ↑_________|___________________|

It can be cancelled as long as it has not ended.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.db import transaction
from django.db.models import BigIntegerField, Case, F, Q, QuerySet, When
from django.db.models.functions import Now

from picasso.errors import Conflict, PicassoError, RevokedKey
from picasso.events import write as events
from picasso.models import File, Import, Key

State = Import.State

LEASE = timedelta(seconds=20)
RENEW_SECONDS = 5.0

# After so many failed attempts without progress it is given up: with the pauses between them after about an hour.
MAX_FAILURES = 8

REMAINS = 100

BEFORE_ALL = uuid.UUID(int=0)

UNFINISHED = Q(state__in=(State.WAITING, State.RUNNING))

LEASE_LOST = "This import was cancelled, or another worker runs it."


def mine(row: Import) -> QuerySet[Import]:
    """The row, as long as this attempt is the present one."""
    return Import.everywhere.filter(pk=row.pk, state=State.RUNNING, worker=row.worker, attempts=row.attempts)


def update(row: Import, **changes: Any) -> None:
    """Write down what is known now. Raises `Conflict` if the import is not this attempt's any more."""
    if mine(row).update(**changes) != 1:
        raise Conflict(LEASE_LOST)
    for name, value in changes.items():
        setattr(row, name, value)


def start(row: Import, worker: str) -> bool:
    """waiting → running. Whether nobody was faster."""
    waiting = Import.everywhere.filter(pk=row.pk, state=State.WAITING, attempts=row.attempts)
    changes = {"state": State.RUNNING, "worker": worker, "attempts": row.attempts + 1}
    with transaction.atomic():
        if waiting.update(**changes, lease_until=Now() + LEASE, started_at=Now()) != 1:
            return False
        if not row.attempts:
            write_event("import.started", row)
    for name, value in changes.items():
        setattr(row, name, value)
    return True


def renew(worker: str, ids: Collection[uuid.UUID]) -> None:
    own(worker, ids).update(lease_until=Now() + LEASE)


def own(worker: str, ids: Collection[uuid.UUID]) -> QuerySet[Import]:
    return Import.everywhere.filter(pk__in=ids, state=State.RUNNING, worker=worker)


def write_progress(worker: str, arrived: Mapping[uuid.UUID, int]) -> set[uuid.UUID]:
    """Write how many bytes have arrived; returns which of these imports this worker still runs."""
    if arrived:
        cases = (When(pk=pk, then=size) for pk, size in arrived.items())
        sizes = Case(*cases, default=F("bytes"), output_field=BigIntegerField())
        own(worker, arrived).update(bytes=sizes)
    return set(own(worker, arrived).values_list("pk", flat=True))


def finish(row: Import, file: File) -> None:
    """running → imported, in the transaction that inserts the file.

    Raises `Conflict`, `RevokedKey`: then there is no file.
    """
    require_key(row)
    ended = {"state": State.IMPORTED, "finished_at": Now(), "url": without_query(row.url), "upload": None}
    found = {"file": file, "name": row.name or file.name, "bytes": file.size, "size": file.size}
    update(row, **ended, **found, error_code="", error_detail="")
    write_event("import.completed", row, file, bytes=file.size)


def require_key(row: Import) -> None:
    """What was asked for with a key that is revoked by now is not done. Raises `RevokedKey`."""
    if row.key and Key.objects.filter(pk=row.key, project=row.project_id, revoked_at__isnull=False).exists():
        raise RevokedKey("The key with which this import was created is revoked.")


def retry(row: Import, fault: PicassoError, delay: float, *, failures: int, arrived: int) -> None:
    """running → waiting, if it is this attempt's still."""
    changes = {"state": State.WAITING, "failures": failures, "bytes": arrived}
    mine(row).update(**changes, due_at=Now() + timedelta(seconds=delay), **error(fault))


def again(row: Import) -> bool:
    """failed → waiting, because somebody asks for it; whether it had failed.

    What has arrived is continued if it can be.
    """
    failed = Import.everywhere.filter(pk=row.pk, state=State.FAILED)
    fresh = {"failures": 0, "worker": "", "error_code": "", "error_detail": "", "finished_at": None}
    return failed.update(state=State.WAITING, due_at=Now(), requested_at=Now(), **fresh) == 1


def give_back(worker: str) -> None:
    """running → waiting, of all that this worker ran, when it stops."""
    Import.everywhere.filter(worker=worker, state=State.RUNNING).update(state=State.WAITING, due_at=Now())


def fail(row: Import, fault: PicassoError) -> None:
    """running → failed, if it is this attempt's still."""
    ended = {"state": State.FAILED, "finished_at": Now()}
    with transaction.atomic():
        if mine(row).update(**ended, **error(fault)):
            write_event("import.failed", row, error=fault.code)


def error(fault: PicassoError) -> dict[str, str]:
    return {"error_code": fault.code, "error_detail": fault.detail[:1000]}


def cancel(row: Import) -> bool:
    """Whether it had not ended yet. Once this is committed there will be no file of it."""
    changes = {"state": State.CANCELLED, "finished_at": Now(), "url": without_query(row.url)}
    with transaction.atomic():
        cancelled = Import.everywhere.filter(UNFINISHED, pk=row.pk).update(**changes) == 1
        if cancelled:
            write_event("import.cancelled", row)
    return cancelled


def write_event(kind: str, row: Import, file: File | None = None, **data: object) -> None:
    """Write an event about it, in the present transaction."""
    events.write(event(kind, row, file, **data))


def write_progress_events(worker: str, arrived: Mapping[uuid.UUID, int]) -> None:
    """Write how many bytes imports of this worker have, before they end: their rows are locked."""
    with transaction.atomic():
        rows = own(worker, arrived).select_for_update().order_by("pk")
        events.write(*(event("import.progress", row, bytes=arrived[row.pk], size=row.size) for row in rows))


def event(kind: str, row: Import, file: File | None = None, **data: object) -> events.Row:
    facts = {"import": str(row.pk), "host": row.host, **data}
    return events.row(
        kind,
        row.project_id,
        file_id=file.pk if file else None,
        owner=row.owner,
        tags=row.tags,
        media_type=file.media_type if file else "",
        pipeline=row.pipeline,
        data=facts,
    )


DIED = {
    "error_code": "worker-died",
    "error_detail": "The worker stopped several times while it fetched this URL.",
}


def recover() -> int:
    """running → waiting, or failed, of what dead workers have left; how many there were."""
    lost = Import.everywhere.filter(state=State.RUNNING, lease_until__lt=Now())
    hopeless = sum(give_up(row) for row in lost.filter(failures__gte=MAX_FAILURES - 1)[:100])
    return hopeless + lost.update(state=State.WAITING, failures=F("failures") + 1, due_at=Now())


def give_up(row: Import) -> int:
    """Whether it was done, as a number."""
    with transaction.atomic():
        ended = mine(row).update(state=State.FAILED, finished_at=Now(), **DIED)
        if ended:
            write_event("import.failed", row, error=DIED["error_code"])
    return ended


def remains(after: uuid.UUID) -> list[Import]:
    """Ended imports whose bytes are not removed yet: the next ones behind an id, up to `REMAINS`."""
    ended = Import.everywhere.filter(state__in=(State.FAILED, State.CANCELLED), upload__isnull=False)
    return list(ended.filter(pk__gt=after).order_by("pk")[:REMAINS])


def forget_uploads(ids: Iterable[uuid.UUID]) -> None:
    Import.everywhere.filter(~UNFINISHED, pk__in=list(ids)).update(upload=None)


def remove_older(days: int) -> int:
    """Remove the rows of imports that ended so many days ago; how many."""
    return Import.everywhere.filter(finished_at__lt=Now() - timedelta(days=days), upload=None).delete()[0]


def without_query(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
