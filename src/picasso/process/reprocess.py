"""Reprocess files whose results an older version of their pipeline made: in the background, and it can be stopped.

A `Reprocess` row goes through the files from the oldest on. Every second one of the workers continues it. Only a few
files' jobs are due at a time, at a priority below everything else, so that a million files delay nobody. Each file
records the version of its pipeline that processed it last, so a batch that is done twice does no harm, and a crash
loses nothing.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from picasso.access import audit
from picasso.access.principal import SERVICE
from picasso.access.projects import Project, Projects
from picasso.files import queries
from picasso.jobs.process_again import Again, process_again
from picasso.jobs.states import with_scan
from picasso.models import File, Job, Queue, Reprocess, Scan
from picasso.process.pipelines import Pipeline, Pipelines, Plan
from picasso.storage import Storage

# Below every priority that a pipeline can have: see `picasso.jobs.claims`.
PRIORITY = -10

# As many jobs as a machine does in a few seconds, so that the workers never wait for the next tick.
MAX_WAITING = 256
BATCH = 64

BEFORE_ALL = uuid.UUID(int=0)

State = Reprocess.State
FIELDS = ("media_type", "state", "scan")


def start(pipelines: Pipelines, pipeline: str, where: Mapping[str, str], *, force: bool = False) -> Reprocess:
    """Begin to reprocess the files of a pipeline. Raises `ValueError` for an unknown pipeline or a wrong condition."""
    if pipeline not in pipelines:
        raise ValueError(f"There is no pipeline {pipeline!r}.")
    if unknown := [name for name in where if name not in FIELDS]:
        raise ValueError(f"Files can't be filtered by {unknown[0]!r}, only by {', '.join(FIELDS)}.")
    if not re.fullmatch(r"[a-z*]+/[a-z0-9.+*-]+", where.get("media_type", "*/*")):
        raise ValueError(f"{where['media_type']!r} is not a pattern of media types such as image/*.")
    if "state" in where and where["state"] not in File.State:
        raise ValueError(f"{where['state']!r} is not a state of files.")
    if "scan" in where and where["scan"] not in Scan:
        raise ValueError(f"{where['scan']!r} is not a verdict of the scanner.")
    newest = queries.newest_id(SERVICE)
    with transaction.atomic():
        row = Reprocess.objects.create(
            pipeline=pipeline,
            version=pipelines[pipeline].version,
            where=dict(where),
            force=force,
            after=BEFORE_ALL,
            until=newest or BEFORE_ALL,
        )
        audit.record(
            "reprocess.start",
            "reprocess",
            row.pk,
            pipeline=pipeline,
            force=force,
            where=[f"{name}={value}" for name, value in where.items()],
        )
    return row


def stop(reprocess: uuid.UUID) -> bool:
    """Add no more jobs. Those that wait already are still done."""
    return _move(reprocess, State.RUNNING, State.STOPPED)


def resume(reprocess: uuid.UUID) -> bool:
    return _move(reprocess, State.STOPPED, State.RUNNING)


def _move(reprocess: uuid.UUID, old: Reprocess.State, new: Reprocess.State) -> bool:
    with transaction.atomic():
        moved = Reprocess.objects.filter(pk=reprocess, state=old).update(state=new, updated_at=Now()) == 1
        if moved:
            audit.record("reprocess.stop" if new == State.STOPPED else "reprocess.resume", "reprocess", reprocess)
    return moved


def remaining(reprocess: Reprocess) -> QuerySet[File]:
    """The files that it has not come to yet, the oldest first."""
    files = queries.visible_to(SERVICE).filter(pipeline=reprocess.pipeline)
    files = files.filter(pk__gt=reprocess.after, pk__lte=reprocess.until)
    if not reprocess.force:
        files = files.filter(pipeline_version__lt=reprocess.version)
    return files.filter(condition(reprocess.where)).order_by("pk")


def condition(where: Mapping[str, str]) -> Q:
    matching = Q()
    if pattern := where.get("media_type"):
        matching &= Q(media_type__regex=as_regex(pattern))
    if state := where.get("state"):
        matching &= Q(state=state)
    if scan := where.get("scan"):
        matching &= Q(scan=scan)
    return matching


def as_regex(pattern: str) -> str:
    """A shell pattern, in which only ``*`` is special, as a regular expression that both databases understand."""
    escaped = ("".join(letter if letter.isalnum() else f"[{letter}]" for letter in part) for part in pattern.split("*"))
    return f"^{'.*'.join(escaped)}$"


def advance(storage: Storage, pipelines: Pipelines) -> bool:
    """Do one batch; False if there is nothing more to do now.

    The lock of the row is held throughout, so that two workers never do the same batch.
    """
    if not Reprocess.objects.filter(state=State.RUNNING).exists():
        return False
    with transaction.atomic():
        reprocess = _next(pipelines)
        if reprocess is None or count_waiting() >= MAX_WAITING:
            return False
        files = list(remaining(reprocess).values_list("pk", "media_type", "project_id")[:BATCH])
        projects, judge_again = Projects(), "scan" in reprocess.where
        obsolete = process_again(
            {
                pk: again(
                    pipelines.plan(reprocess.pipeline, media_type), projects.get(project), judge_again=judge_again
                )
                for pk, media_type, project in files
            }
        )
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
    """The one that has waited longest, of those that this worker may continue.

    A worker of an older version does not know newer versions of a pipeline. And a worker that lacks libraries of a
    pipeline would take its other processors' results for obsolete.
    """
    complete = [Q(pipeline=each.name, version__lte=each.version) for each in pipelines if not each.unavailable]
    if not complete:
        return None
    running = Reprocess.objects.select_for_update(skip_locked=True).filter(state=State.RUNNING)
    return running.filter(Q(*complete, _connector=Q.OR)).order_by("updated_at").first()


def incomplete_notice(pipeline: Pipeline) -> str:
    """Why this process does not reprocess the pipeline; empty if it does."""
    if not pipeline.unavailable:
        return ""
    names = ", ".join(sorted(pipeline.unavailable))
    return (
        f"The pipeline {pipeline.name!r} can't be reprocessed here, because libraries of its processors are missing:"
        f" {names}. A worker that has them does it. If there is none, install them, or list the pipeline's processors"
        " in picasso.toml without these."
    )


def count_waiting() -> int:
    """The background jobs that wait for a worker, without those of paused queues, up to `MAX_WAITING`."""
    paused = Queue.objects.filter(paused=True).values("name")
    waiting = Job.everywhere.filter(state__in=(Job.State.WAITING, Job.State.QUEUED), priority__lt=0)
    return waiting.exclude(queue__in=paused)[:MAX_WAITING].count()


def again(plan: Plan, project: Project, *, judge_again: bool = False) -> Again:
    """A file by this plan, in the background. A project that scans has its files scanned again, whatever their plan."""
    return Again(
        with_scan(plan.steps) if project.scans else plan.steps,
        pipeline=plan.pipeline,
        version=plan.version,
        priority=PRIORITY,
        retention_days=(plan.retention_days, project.retention_days),
        judge_again=judge_again,
    )
