"""Derivatives that a worker elsewhere sends. Nobody sees them until its attempt finishes.

Their bytes go to the folder of the attempt at once, and a row says what they are. If the attempt ends in another way,
both are removed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum

from picasso.detection import Window, detect, extension
from picasso.errors import Conflict, Gone, InvalidField, TooLarge
from picasso.jobs.states import State
from picasso.models import Derivative, Job, StagedDerivative
from picasso.process.child_protocol import MAX_DERIVATIVES
from picasso.process.remote.lease import DELETED, Held
from picasso.storage import FileStore
from picasso.storage.names import derived_key

COLUMNS = ("role", "key", "media_type", "size", "sha256", "width", "height")

# Of the attempts that were left behind.
SWEEP = 100


class Content(Protocol):
    """The bytes of a derivative that have arrived."""

    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def head(self) -> bytes: ...
    def read(self, offset: int, size: int) -> bytes: ...
    def sync(self) -> None:
        """Write all bytes and make them durable, which may take long."""

    def place_derived(self, key: str, original: str) -> None:
        """Move the bytes to ``key`` after `sync`, durably; ``original`` is the key of the file.

        Raises `FileNotFoundError` if the file was deleted.
        """


@dataclass(frozen=True, slots=True)
class NewDerivative:
    role: str
    """In kebab-case."""
    width: int | None = None
    height: int | None = None


def staged_of(held: Held) -> QuerySet[StagedDerivative]:
    """What was sent for an attempt so far."""
    return StagedDerivative.objects.filter(job=held.job, attempt=held.attempt)


def room(held: Held, role: str, limit: int) -> int:
    """How many bytes a derivative of this role may have: all of an attempt together have ``limit``.

    Raises `Conflict` if there are too many of them.
    """
    others = staged_of(held).exclude(role=role)
    if others.count() >= MAX_DERIVATIVES:
        raise Conflict(f"A job has at most {MAX_DERIVATIVES} derivatives.")
    return max(0, limit - (others.aggregate(size=Sum("size"))["size"] or 0))


def stage(files: FileStore, held: Held, new: NewDerivative, content: Content, limit: int) -> StagedDerivative:
    """Keep a derivative of an attempt. One of the same role is replaced. Raises `LeaseLost`, `Gone`, `TooLarge`.

    The job is not locked before the bytes are durable, because others wait for it. What is not kept, the caller drops.
    """
    media_type = detect(Window.of_content(content)).media_type
    key = derived_key(held.job.file.key, held.job.processor, held.attempt, f"{new.role}{extension(media_type) or ''}")
    row = StagedDerivative(
        job=held.job,
        attempt=held.attempt,
        role=new.role,
        key=key,
        media_type=media_type,
        size=content.size,
        sha256=content.sha256,
        width=new.width,
        height=new.height,
    )
    content.sync()
    old: set[str] = set()
    while not row.pk:
        old |= forget(held, new.role)
        place(files, held, row, content, limit=limit, old=old)
    return row


def forget(held: Held, role: str) -> set[str]:
    """Remove the row of what was sent before for this role, before its bytes: a row never names others than its own.

    Returns the keys of the bytes.
    """
    with transaction.atomic():
        lock(held)
        rows = staged_of(held).filter(role=role)
        keys = set(rows.values_list("key", flat=True))
        rows.delete()
    return keys


def place(
    files: FileStore, held: Held, row: StagedDerivative, content: Content, *, limit: int, old: Collection[str]
) -> None:
    """Publish the bytes and the row of a derivative, unless another request has sent its role since `forget`.

    ``old`` are the keys of the bytes that it replaces. As long as the job is locked, no row can name them.
    """
    with transaction.atomic():
        lock(held)
        if staged_of(held).filter(role=row.role).exists():
            return
        for each in old:
            files.remove_one_derived(each)
        if content.size > room(held, row.role, limit):
            raise TooLarge
        try:
            content.place_derived(row.key, held.job.file.key)
        except FileNotFoundError as fault:
            raise Gone(DELETED) from fault
        row.save()


def locked(held: Held) -> Held:
    """The job as it is now. It is locked until the end of the transaction. Raises `Gone`."""
    job = Job.everywhere.select_for_update().filter(pk=held.job.pk).first()
    if job is None:
        raise Gone(DELETED)
    return Held(job, held.attempt)


def lock(held: Held) -> None:
    """Lock the job, so that its attempt can't end meanwhile. In a transaction. Raises `LeaseLost`, `Gone`."""
    locked(held).require()


def chosen(held: Held, roles: Collection[str] | None) -> tuple[list[Derivative], list[str]]:
    """The derivatives of these roles, by default all, as rows that are not saved; and the keys of the others.

    Raises `InvalidField` for a role that was not sent.
    """
    staged = {each.role: each for each in staged_of(held)}
    for role in roles or ():
        if role not in staged:
            raise InvalidField("derivatives", f"No derivative {role[:64]!r} was sent for this job.")
    wanted = staged if roles is None else set(roles)
    kept = [derivative_of(held, each) for role, each in staged.items() if role in wanted]
    return kept, [each.key for role, each in staged.items() if role not in wanted]


def derivative_of(held: Held, staged: StagedDerivative) -> Derivative:
    values: dict[str, Any] = {column: getattr(staged, column) for column in COLUMNS}
    return Derivative(file_id=held.job.file_id, processor=held.job.processor, **values)


def discard(files: FileStore, held: Held) -> None:
    """Remove all that was sent for an attempt that has not finished."""
    files.remove_derived(derived_key(held.job.file.key, held.job.processor, held.attempt, ""))
    staged_of(held).delete()


def sweep(files: FileStore) -> int:
    """Remove what was sent for attempts that have ended without a result; how many attempts that were."""
    ended = ~Q(job__state=State.RUNNING) | ~Q(job__attempt=F("attempt"))
    rows = StagedDerivative.objects.filter(ended).values_list("job", "attempt").distinct().order_by("job", "attempt")
    left = rows[:SWEEP]
    for job_id, attempt in left:
        job = Job.everywhere.select_related("file").filter(pk=job_id).first()
        if job:
            discard(files, Held(job, attempt))
    return len(left)
