"""One action on many files: at once, or for more of them in the background.

A `FileBatch` row goes through its files from the oldest to the newest. Some of them and the row are written in one
transaction, so a crash loses nothing and does nothing twice. See `picasso.process.background`.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any, cast

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from picasso.access import audit, projects
from picasso.access.principal import PROJECT_SCOPES, Principal
from picasso.access.projects import Projects
from picasso.errors import Conflict, Forbidden, NotFound, PicassoError
from picasso.files import filters
from picasso.files.batch import Outcomes
from picasso.files.queries import in_reach
from picasso.models import File, FileBatch, Project
from picasso.process import reprocess
from picasso.process.file_actions import ACTIONS, Options, Task, knows_all_results
from picasso.process.pipelines import Pipelines
from picasso.storage import Storage

log = logging.getLogger(__name__)

MAX_AT_ONCE = 1000
MAX_IDS = 10_000

MAX_RUNNING = 20
"""Of one project."""
MAX_FAILURES = 100
"""So many are kept, each with its reason."""
KEPT = timedelta(days=30)

# After an unknown fault a batch is tried again: at once, then after these pauses.
PAUSES = tuple(timedelta(seconds=each) for each in (0, 4, 16, 64, 256))

BEFORE_ALL = uuid.UUID(int=0)
AFTER_ALL = uuid.UUID(int=2**128 - 1)

State = FileBatch.State


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done, and with which files."""

    action: str
    ids: Sequence[uuid.UUID] | None = None
    """Each once; None for those of ``where``."""
    where: Mapping[str, str] = field(default_factory=dict)
    options: Options = field(default_factory=Options)


def selected(principal: Principal, order: Order) -> QuerySet[File]:
    """The files of the order's filter, the oldest first. Raises `InvalidField`."""
    among = ACTIONS[order.action].among(principal)
    return among.filter(filters.matching_any(principal, order.where)).order_by("pk")


def ids_at_once(principal: Principal, order: Order, pipelines: Pipelines) -> list[uuid.UUID] | None:
    """The files, if they can be done at once. Raises `InvalidField`."""
    if order.action == "reprocess" and not knows_all_results(pipelines):
        return None
    if order.ids is None:
        ids = list(selected(principal, order).values_list("pk", flat=True)[: MAX_AT_ONCE + 1])
    else:
        ids = list(order.ids)
    return ids if len(ids) <= MAX_AT_ONCE else None


def run(task: Task, order: Order, ids: Sequence[uuid.UUID]) -> Outcomes:
    """Do it now, some files in each transaction. The row of the audit is in the first of them."""
    found: dict[uuid.UUID, PicassoError | None] = {}
    action = ACTIONS[order.action]
    for start in range(0, len(ids), action.chunk):
        with transaction.atomic():
            if start == 0:
                _record(order, len(ids), ids)
            found |= action.apply(task, ids[start : start + action.chunk])
    return found


def _record(order: Order, count: int, ids: Collection[uuid.UUID], batch: object = "") -> None:
    target = "file-batch" if batch else "file"
    where = [name if is_secret(name) else f"{name}={value}" for name, value in order.where.items()]
    audit.record(
        "file.batch", target, batch, count=count, batch=order.action, files=list(ids), where=where, **order.options
    )


def is_secret(name: str) -> bool:
    """Names and attributes of files may be secrets, so the audit only tells that they were asked for."""
    return name == "name" or name.startswith(filters.ATTRIBUTES)


def begin(principal: Principal, order: Order) -> FileBatch:
    """Have it done in the background.

    Raises:
        Forbidden: for a token, which would end before its batch.
        Conflict: too many of the project are running.
    """
    if principal.limits is not None:
        raise Forbidden(f"A token changes at most {MAX_AT_ONCE} files at once.")
    extent = _extent(principal, order)
    with transaction.atomic():
        _make_room(principal)
        row = FileBatch.everywhere.create(
            project_id=principal.project_id,
            owner=principal.owner,
            action=order.action,
            options=dict(order.options),
            where=dict(order.where),
            ids=None if order.ids is None else sorted(map(str, order.ids)),
            after=BEFORE_ALL,
            **extent,
        )
        _record(order, row.total, order.ids or (), row.pk)
    row.refresh_from_db()
    return row


def _extent(principal: Principal, order: Order) -> dict[str, Any]:
    """Files that come later do not belong to it."""
    if order.ids is not None:
        return {"until": max(order.ids), "total": len(order.ids)}
    files = selected(principal, order)
    newest = files.order_by("-pk").values_list("pk", flat=True).first() or BEFORE_ALL
    return {"until": newest, "total": files.filter(pk__lte=newest).count()}


def _make_room(principal: Principal) -> None:
    """Raises `Conflict`."""
    projects.lock(principal.project_id)
    mine = FileBatch.objects.of(principal.project_id)
    mine.exclude(state=State.RUNNING).filter(updated_at__lt=Now() - KEPT).delete()
    if mine.filter(state=State.RUNNING).count() >= MAX_RUNNING:
        raise Conflict(f"{MAX_RUNNING} batches of this project are running. Try again when one has ended.")


def visible_to(principal: Principal) -> QuerySet[FileBatch]:
    return FileBatch.everywhere.filter(in_reach(principal))


def stop(principal: Principal, batch: FileBatch) -> None:
    """Change no more files. Nothing happens if it has ended."""
    with transaction.atomic():
        running = visible_to(principal).filter(pk=batch.pk, state=State.RUNNING)
        if running.update(state=State.STOPPED, ids=None, updated_at=Now()):
            audit.record("file.batch.stop", "file-batch", batch.pk, project=batch.project_id, batch=batch.action)


def advance(storage: Storage, pipelines: Pipelines) -> bool:
    """Do some files of one batch; False if there is nothing more to do now.

    The lock of the row is held throughout, so that two workers never do the same files. A batch that fails in another
    way than is known stays as it was, is tried again a few times, and holds up no other one.
    """
    if not FileBatch.everywhere.filter(state=State.RUNNING).exists():
        return False
    with transaction.atomic():
        row = _next(pipelines)
        if row is None:
            return False
        try:
            with transaction.atomic():
                _advance(row, storage, pipelines)
        except (PicassoError, Project.DoesNotExist) as fault:  # a filter of another version, say
            log.warning("the batch %s can't go on: %s", row.pk, fault)
            row.state, row.ids, row.error = State.STOPPED, None, getattr(fault, "code", NotFound.code)
        except Exception as fault:
            log.warning("the batch %s failed: %s", row.pk, fault, exc_info=fault)
            _count_fault(row)
            return False
        row.faults = 0
        row.save(update_fields=["done", "failed", "failures", "after", "state", "ids", "error", "faults"])
        FileBatch.everywhere.filter(pk=row.pk).update(updated_at=Now())
    return True


def _count_fault(row: FileBatch) -> None:
    """The others come first. After the last pause it is given up."""
    changes: dict[str, Any] = {"faults": row.faults + 1, "updated_at": Now()}
    if row.faults >= len(PAUSES):
        changes |= {"state": State.FAILED, "ids": None, "error": PicassoError.code}
    FileBatch.everywhere.filter(pk=row.pk).update(**changes)


def _is_paused() -> Q:
    """Whether its last fault was a moment ago."""
    pauses = enumerate(PAUSES, start=1)
    return Q(*(Q(faults=count, updated_at__gt=Now() - pause) for count, pause in pauses), _connector=Q.OR)


def _advance(row: FileBatch, storage: Storage, pipelines: Pipelines) -> None:
    order, principal = order_of(row), principal_for(row)
    ids = list(_remaining(row, principal, order))
    if ids:
        task = Task(principal, order.options, storage, pipelines)
        count(row, ACTIONS[row.action].apply(task, ids))
    row.after = ids[-1] if ids else row.until
    if row.after >= row.until:
        row.state, row.ids = State.DONE, None


def _next(pipelines: Pipelines) -> FileBatch | None:
    """The one that has waited longest, of those that this worker may continue."""
    running = FileBatch.everywhere.select_for_update(skip_locked=True).filter(state=State.RUNNING)
    if not knows_all_results(pipelines) or reprocess.count_waiting() >= reprocess.MAX_WAITING:
        running = running.exclude(action="reprocess")
    return running.exclude(_is_paused()).order_by("updated_at").first()


def order_of(row: FileBatch) -> Order:
    ids = None if row.ids is None else [uuid.UUID(each) for each in row.ids]
    return Order(row.action, ids, row.where, cast("Options", row.options))


def principal_for(row: FileBatch) -> Principal:
    """Who began it, as far as it matters: which files it reaches. What it may do was decided then."""
    project = Projects().get(row.project_id)
    return Principal("key", project, PROJECT_SCOPES, owner=row.owner, identity=f"batch:{row.pk}")


def _remaining(row: FileBatch, principal: Principal, order: Order) -> Iterator[uuid.UUID]:
    """The next files that it has not come to yet."""
    chunk = ACTIONS[row.action].chunk
    if order.ids is not None:
        return islice((each for each in order.ids if each > row.after), chunk)
    files = selected(principal, order).filter(pk__gt=row.after, pk__lte=row.until)
    return iter(files.values_list("pk", flat=True)[:chunk])


def count(row: FileBatch, outcomes: Outcomes) -> None:
    faults = {file: fault for file, fault in outcomes.items() if fault}
    row.done += len(outcomes) - len(faults)
    row.failed += len(faults)
    for file, fault in list(faults.items())[: MAX_FAILURES - len(row.failures)]:
        row.failures.append({"id": str(file), "status": fault.status, "code": fault.code, "detail": fault.detail})
