"""Make anew what an older version of a pipeline made: in the background, and stoppable anywhere.

A `Reprocess` row walks the files from the oldest on. Each worker's thread offers to go on with it every second, and one
of them does; it keeps only a few files' jobs ahead of the workers, at a priority that yields to everything else, so a
million files stand in nobody's way. A file carries the version that it was last made with, so doing a step twice is
harmless and a crash loses nothing.
"""

from __future__ import annotations

import logging
import re
import threading
import uuid
from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from picasso.access.principal import SERVICE
from picasso.files import queries
from picasso.jobs import commands
from picasso.models import File, Job, Queue, Reprocess
from picasso.process.pipelines import Pipelines
from picasso.storage import Storage

log = logging.getLogger(__name__)

TICK = 1.0

# Below every priority that a pipeline can have: see `claims.claim_due`.
PRIORITY = -10

# As many jobs as a machine does in a few seconds, so that the workers never wait for the next tick.
AHEAD = 256
BATCH = 64

NEVER = uuid.UUID(int=0)

State = Reprocess.State
FIELDS = ("media_type", "state")


def ask(pipelines: Pipelines, pipeline: str, where: Mapping[str, str], *, force: bool = False) -> Reprocess:
    """Begin. Raises `ValueError` for a pipeline or a field that is not there."""
    if pipeline not in pipelines:
        raise ValueError(f"there is no pipeline {pipeline!r}")
    if unknown := [name for name in where if name not in FIELDS]:
        raise ValueError(f"files can't be chosen by {unknown[0]!r}, only by {' and '.join(FIELDS)}")
    if not re.fullmatch(r"[a-z*]+/[a-z0-9.+*-]+", where.get("media_type", "*/*")):
        raise ValueError(f"{where['media_type']!r} is not a pattern of media types such as image/*")
    if "state" in where and where["state"] not in File.State:
        raise ValueError(f"no file is in the state {where['state']!r}")
    newest = queries.newest_id(SERVICE)
    return Reprocess.objects.create(
        pipeline=pipeline,
        version=pipelines[pipeline].version,
        where=dict(where),
        force=force,
        after=NEVER,
        until=newest or NEVER,
    )


def stop(reprocess: uuid.UUID) -> bool:
    """What is already queued is still done; nothing more is queued."""
    return _move(reprocess, State.RUNNING, State.STOPPED)


def resume(reprocess: uuid.UUID) -> bool:
    return _move(reprocess, State.STOPPED, State.RUNNING)


def _move(reprocess: uuid.UUID, old: Reprocess.State, new: Reprocess.State) -> bool:
    return Reprocess.objects.filter(pk=reprocess, state=old).update(state=new, updated_at=Now()) == 1


def remaining(reprocess: Reprocess) -> QuerySet[File]:
    """The files that it has not seen to yet, the oldest first."""
    files = queries.visible_to(SERVICE).filter(pipeline=reprocess.pipeline)
    files = files.filter(pk__gt=reprocess.after, pk__lte=reprocess.until)
    if not reprocess.force:
        files = files.filter(pipeline_version__lt=reprocess.version)
    return files.filter(chosen(reprocess.where)).order_by("pk")


def chosen(where: Mapping[str, str]) -> Q:
    wanted = Q()
    if pattern := where.get("media_type"):
        wanted &= Q(media_type__regex=as_regex(pattern))
    if state := where.get("state"):
        wanted &= Q(state=state)
    return wanted


def as_regex(pattern: str) -> str:
    """A shell pattern, of which only ``*`` means something, as both databases read it."""
    escaped = ("".join(letter if letter.isalnum() else f"[{letter}]" for letter in part) for part in pattern.split("*"))
    return f"^{'.*'.join(escaped)}$"


def start(storage: Storage, pipelines: Pipelines) -> None:
    """Go on with whatever there is, in the background, for as long as this process lives."""
    threading.Thread(target=_for_ever, args=(storage, pipelines), name="reprocess", daemon=True).start()


def _for_ever(storage: Storage, pipelines: Pipelines) -> None:
    idle = threading.Event()
    while True:
        try:
            busy = advance(storage, pipelines)
        except Exception as fault:  # nothing may end this thread: nobody would notice
            log.warning("could not go on with reprocessing, the next try will: %s", fault, exc_info=fault)
            connection.close()
            busy = False
        if not busy:
            idle.wait(TICK)


def advance(storage: Storage, pipelines: Pipelines) -> bool:
    """One batch of one of them; whether there may be more to do at once.

    The row's lock is held throughout, so that workers side by side don't do the same batch.
    """
    with transaction.atomic():
        reprocess = _next(pipelines)
        if reprocess is None or outstanding() >= AHEAD:
            return False
        files = list(remaining(reprocess).values_list("pk", "media_type")[:BATCH])
        obsolete = [key for pk, media_type in files for key in _again(reprocess, pipelines, pk, media_type)]
        reprocess.files += len(files)
        reprocess.after = files[-1][0] if files else reprocess.until
        reprocess.state = State.RUNNING if files else State.DONE
        Reprocess.objects.filter(pk=reprocess.pk).update(
            files=reprocess.files, after=reprocess.after, state=reprocess.state, updated_at=Now()
        )
    for key in obsolete:
        storage.files.remove_derived(key)
    return bool(files)


def _next(pipelines: Pipelines) -> Reprocess | None:
    """The one that has waited longest, of those that this worker, which may be an old one, knows how to do."""
    known = Q(*(Q(pipeline=each.name, version__lte=each.version) for each in pipelines), _connector=Q.OR)
    running = Reprocess.objects.select_for_update(skip_locked=True).filter(known, state=State.RUNNING)
    return running.order_by("updated_at").first()


def outstanding() -> int:
    """The jobs of the background that are waiting for a worker; not those of a queue that an operator has paused."""
    paused = Queue.objects.filter(paused=True).values("name")
    waiting = Job.objects.filter(state__in=(Job.State.WAITING, Job.State.QUEUED), priority__lt=0)
    return waiting.exclude(queue__in=paused)[:AHEAD].count()


def _again(reprocess: Reprocess, pipelines: Pipelines, file_id: uuid.UUID, media_type: str) -> list[str]:
    plan = pipelines.plan(reprocess.pipeline, media_type)
    return commands.reprocess_file(file_id, plan.steps, pipeline=plan.pipeline, version=plan.version, priority=PRIORITY)
