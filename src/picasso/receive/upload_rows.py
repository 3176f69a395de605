"""The rows of uploads, and the files that belong to them: parts of final uploads, and removal."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.db import connection, models, transaction
from django.db.models import QuerySet

from picasso import activity, bulk_insert
from picasso.access.principal import Principal
from picasso.errors import Conflict, EmptyFile, NotFound, TooLarge
from picasso.events.write import Row as EventRow
from picasso.events.write import row as event_row
from picasso.events.write import write
from picasso.jobs import sql
from picasso.models import Event, File, Upload
from picasso.receive.new_file import MAX_NAME
from picasso.storage import UploadStore

# The database knows the time.
COLUMNS = tuple(field.attname for field in Upload._meta.concrete_fields if field.attname != "created_at")

FINISHED_COLUMNS = tuple(column for column in COLUMNS if column != "finished_at")

ALL_COLUMNS = tuple(field.attname for field in Upload._meta.concrete_fields)

JSON_PLACES = tuple(
    place for place, field in enumerate(Upload._meta.concrete_fields) if isinstance(field, models.JSONField)
)

# (id of the upload). For PostgreSQL, whose values need no conversion but that of JSON.
READ = f"SELECT {', '.join(ALL_COLUMNS)} FROM picasso_upload WHERE id = %s"  # noqa: S608 - names from the model

# (id and size of the file, id of the upload). The ORM took longer to build it than the database to run it.
FINISH_UPLOAD = """
    UPDATE picasso_upload SET finished_at = {now}, file_id = %s, length = %s, reserved = 0
    WHERE id = %s AND finished_at IS NULL
    RETURNING id"""

# A final upload and its parts are touched at most this often.
TOUCH_SECONDS = 60.0


def begun_by(principal: Principal) -> QuerySet[Upload]:
    """The uploads that this principal has begun; all others do not exist for it. Raises `Unauthorized`."""
    if principal.sees_everything:
        return Upload.everywhere.all()
    identities = {principal.identity} - {""}
    if principal.kind == "open":
        identities.add("")  # rows from before there were principals
    return Upload.objects.of(principal.project_id).filter(principal__in=identities)


def find_own(principal: Principal, upload_id: uuid.UUID) -> Upload | None:
    """Raises as `begun_by`."""
    return begun_by(principal).filter(pk=upload_id).first()


def is_own(principal: Principal, row: Upload) -> bool:
    """Whether `begun_by` has it."""
    if principal.sees_everything:
        return True
    mine = row.principal == principal.identity if row.principal else principal.kind == "open"
    return row.project_id == principal.project_id and mine


def find(upload_id: uuid.UUID) -> Upload | None:
    """Whoever began it."""
    return Upload.everywhere.filter(pk=upload_id).first()


def read_step(upload_id: uuid.UUID) -> sql.Step:
    """Reads a row, on PostgreSQL: what it returns is for `from_values`."""
    return READ, upload_id


def from_values(values: Sequence[Any]) -> Upload:
    found = list(values)
    for place in JSON_PLACES:
        found[place] = json.loads(found[place]) if isinstance(found[place], str) else found[place]
    return Upload.from_db(connection.alias, ALL_COLUMNS, found)


def insert(row: Upload) -> None:
    """Insert a new row, and tell of it."""
    sql.run_together(*insert_steps(row, row.reserved))


def insert_steps(row: Upload, reserved: int) -> list[sql.Step]:
    """As `insert`, in a transaction. Without the ORM, which took as much time as all else of a small upload."""
    values = {column: getattr(row, column) for column in COLUMNS} | {"reserved": reserved}
    steps: list[sql.Step] = [bulk_insert.step(Upload, [values])]
    if told := event_rows("upload.started", row):
        steps.append(bulk_insert.step(Event, told))
        activity.announce()
    return steps


def insert_finished(rows: Sequence[Upload]) -> set[uuid.UUID]:
    """Insert new rows of uploads that are files; the ids of those whose Idempotency-Key no other upload has.

    In the order of their keys, so that two transactions can't wait for each other.
    """
    values = finished_values(sorted(rows, key=lambda row: row.idempotency_key or ""))
    return bulk_insert.insert_new(Upload, values, unique="idempotency_key", now="finished_at")


def finished_group(rows: Iterable[Upload]) -> bulk_insert.Group:
    """To insert new rows of uploads that are files and have no key, together with others."""
    return bulk_insert.Group(Upload, finished_values(rows), now="finished_at")


def finished_values(rows: Iterable[Upload]) -> list[dict[str, Any]]:
    return [{column: getattr(row, column) for column in FINISHED_COLUMNS} for row in rows]


def finish(upload_id: uuid.UUID, file: File) -> None:
    """In the transaction that inserts the file, so that an upload becomes exactly one file."""
    if not sql.rows(FINISH_UPLOAD, file.pk, file.size, upload_id):
        raise Conflict("This upload has become a file already, or was cancelled.")


def knows_key(key: str) -> bool:
    """Whether an upload has this Idempotency-Key. Asked for each upload with one, so without the ORM."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM picasso_upload WHERE idempotency_key = %s", [key])
        return cursor.fetchone() is not None


def require_own(principal: Principal, upload_id: uuid.UUID) -> None:
    """Raises `NotFound`."""
    if not begun_by(principal).filter(pk=upload_id).exists():
        raise NotFound


def require_parts(final: Upload, store: UploadStore, max_size: int) -> int:
    """See that a final upload can have its parts, in the transaction that assigns them; set its length if known.

    Returns how many bytes have to be copied: all that is known but the first part, whose file becomes the final one's.

    Raises:
        NotFound, Conflict: a part does not exist, is somebody else's, is not partial, or belongs to another final
            upload.
        TooLarge, EmptyFile: together they are.
    """
    ids = [uuid.UUID(part) for part in final.parts or ()]
    # Always in the same order, so that two final uploads with the same parts can't wait for each other.
    own = Upload.everywhere.filter(project=final.project_id, principal=final.principal)
    rows = {row.pk: row for row in own.select_for_update().filter(pk__in=ids).order_by("pk")}
    for part in ids:
        require_free(rows.get(part), part, store)
    lengths = [rows[part].length for part in ids]
    known = sum(length or 0 for length in lengths)
    if known > max_size:
        raise TooLarge
    if None not in lengths:
        if known == 0:
            raise EmptyFile
        final.length = known
    return known - (lengths[0] or 0)


def require_free(row: Upload | None, part: uuid.UUID, store: UploadStore) -> None:
    """Raises `NotFound`, `Conflict`."""
    if row is None or row.finished or not store.exists(part):
        raise NotFound(f"There is no upload {part}.")
    if not row.is_part:
        raise Conflict(f"The upload {part} is not partial.")
    if row.final_id:
        raise Conflict(f"The upload {part} is a part of another one already.")


def write_event(kind: str, upload: Upload) -> None:
    """Of an upload that a client can see: not of parts, of what is sent in a single request, and of imports."""
    write(*event_rows(kind, upload))


def event_rows(kind: str, upload: Upload) -> list[EventRow]:
    """As `write_event` writes it."""
    if upload.is_part or upload.protocol in {Upload.Protocol.PLAIN, Upload.Protocol.IMPORT}:
        return []
    data: dict[str, object] = {"upload": str(upload.pk), "name": upload.name[:MAX_NAME], "size": upload.length}
    project = cast("int", upload.project_id)
    return [event_row(kind, project, owner=upload.owner, tags=upload.tags, pipeline=upload.pipeline, data=data)]


def expire_rows(ids: Sequence[uuid.UUID]) -> list[Upload]:
    """Delete the rows of unfinished uploads whose time is over, and return them."""
    with transaction.atomic():
        rows = Upload.everywhere.filter(pk__in=ids, finished_at=None)
        expired = list(rows.select_for_update().order_by("pk"))
        for upload in expired:
            write_event("upload.expired", upload)
        rows.delete()
    return expired


def delete_rows(ids: Sequence[uuid.UUID]) -> None:
    Upload.everywhere.filter(pk__in=ids).delete()


def remove_bytes(store: UploadStore, ids: Sequence[uuid.UUID]) -> None:
    for upload_id in ids:
        store.remove(upload_id)


def delete_uploads(store: UploadStore, ids: Sequence[uuid.UUID]) -> None:
    """The rows first: what a crash leaves of the bytes, the sweep finds."""
    delete_rows(ids)
    remove_bytes(store, ids)


def with_parts(final_id: uuid.UUID) -> list[uuid.UUID]:
    """A final upload and its parts."""
    return [final_id, *Upload.everywhere.filter(final=final_id).order_by().values_list("pk", flat=True)]


def needs_touch(store: UploadStore, upload_id: uuid.UUID, expiry: int) -> bool:
    """Whether it was touched long ago; false if it is gone."""
    try:
        return time.time() - store.stat(upload_id).modified_at > min(TOUCH_SECONDS, expiry / 10)
    except FileNotFoundError:
        return False


def touch_all(store: UploadStore, ids: Sequence[uuid.UUID]) -> None:
    for upload_id in ids:
        store.touch(upload_id)
