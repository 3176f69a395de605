"""Processes files once more, by the steps that their pipeline has now. Many files take as many statements as one."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from picasso import bulk_insert
from picasso.access.principal import SERVICE
from picasso.files import expiry
from picasso.files.queries import visible_to
from picasso.jobs import holds, settle, states, verdicts
from picasso.jobs.states import RESET, Step
from picasso.models import Derivative, File, Job

State = Job.State

Results = tuple[uuid.UUID, str]
"""What a processor made of a file: the id of the file, and the name of the processor."""


@dataclass(frozen=True, slots=True)
class Again:
    """How a file is processed once more."""

    steps: Sequence[Step]
    pipeline: str
    version: int
    priority: int
    retention_days: Collection[int | None] = ()
    """If its pipeline or its project keep the file shorter than before, so does its expiry."""
    judge_again: bool = False
    """Whether an operator's release from quarantine does not count any more."""


@dataclass(slots=True)
class Changes:
    """What is to be written for all files together."""

    new: list[dict[str, Any]] = field(default_factory=list)
    """Rows of jobs."""
    ended: dict[tuple[tuple[str, Any], ...], list[uuid.UUID]] = field(default_factory=lambda: defaultdict(list))
    """Jobs that run once more, by what changes in their rows."""
    obsolete: dict[Results, uuid.UUID] = field(default_factory=dict)
    """Jobs of processors that have no step any more."""


def process_again(wanted: Mapping[uuid.UUID, Again]) -> list[str]:
    """Process these files once more. Active jobs are left alone.

    A file in quarantine is scanned, and the other jobs are held until then.

    A processor that has no step any more loses its job, its facts and its derivatives. Returns a key in each folder of
    derivatives that no row names from now on, to be removed after the COMMIT.
    """
    with transaction.atomic():
        locked = settle.lock_files(visible_to(SERVICE).filter(pk__in=list(wanted)))
        files = visible_to(SERVICE).in_bulk(list(locked))
        jobs, changes = jobs_of(files), Changes()
        for file in files.values():
            add_changes(changes, file, jobs[file.pk], wanted[file.pk])
        write_jobs(changes)
        keys = remove_results(changes.obsolete)
        write_files([(files[pk], wanted[pk]) for pk in files], changes.obsolete)
        settle.settle_files(locked)
    return keys


def jobs_of(files: Collection[uuid.UUID]) -> Mapping[uuid.UUID, dict[str, Job]]:
    """The jobs of each of these files, by processor. They are locked."""
    found: dict[uuid.UUID, dict[str, Job]] = defaultdict(dict)
    for job in Job.everywhere.select_for_update().filter(file__in=list(files)).order_by("pk"):
        found[job.file_id][job.processor] = job
    return found


def add_changes(changes: Changes, file: File, jobs: Mapping[str, Job], again: Again) -> None:
    """What becomes of the jobs of one file."""
    steps = {step.processor: step for step in (states.with_scan(again.steps) if file.quarantined else again.steps)}
    for processor, step in steps.items():
        columns: dict[str, Any] = {"queue": step.queue, "pipeline": again.pipeline, "priority": again.priority}
        if file.quarantined and processor != holds.SCANNER:
            columns["due_at"] = holds.NEVER
        if processor not in jobs:
            changes.new.append({**states.new_job(file, step), **columns})
        elif jobs[processor].state in states.ENDED:
            changes.ended[tuple(columns.items())].append(jobs[processor].pk)
    for job in jobs.values():
        if job.processor not in steps and job.state in states.ENDED:
            changes.obsolete[file.pk, job.processor] = job.pk


def write_jobs(changes: Changes) -> None:
    bulk_insert.insert_rows(Job, [row for row in changes.new if "due_at" not in row])
    bulk_insert.insert_rows(Job, [row for row in changes.new if "due_at" in row])
    for columns, ids in changes.ended.items():
        ended = Job.everywhere.filter(pk__in=ids, state__in=states.ENDED)
        ended.update(state=State.WAITING, **{**RESET, **dict(columns)})


def remove_results(obsolete: Mapping[Results, uuid.UUID]) -> list[str]:
    """Remove these jobs and what they derived. Facts are in the rows of the files: see `write_files`."""
    if not obsolete:
        return []
    files, processors = {file_id for file_id, _ in obsolete}, {processor for _, processor in obsolete}
    rows = Derivative.objects.filter(file__in=files, processor__in=processors)
    found = [row for row in rows.only("file_id", "processor", "key") if (row.file_id, row.processor) in obsolete]
    Derivative.objects.filter(pk__in=[row.pk for row in found]).delete()
    Job.everywhere.filter(pk__in=list(obsolete.values())).delete()
    return list({row.key.rpartition("/")[0]: row.key for row in found}.values())


def write_files(files: Sequence[tuple[File, Again]], obsolete: Collection[Results]) -> None:
    by_pipeline: dict[tuple[str, int], list[uuid.UUID]] = defaultdict(list)
    for file, again in files:
        by_pipeline[again.pipeline, again.version].append(file.pk)
    for (pipeline, version), ids in by_pipeline.items():
        visible_to(SERVICE).filter(pk__in=ids).update(pipeline=pipeline, pipeline_version=version)
    visible_to(SERVICE).bulk_update(with_other_expiry(files), ["expires_at"])
    visible_to(SERVICE).bulk_update(with_other_facts(files, obsolete), ["facts"])


def with_other_expiry(files: Sequence[tuple[File, Again]]) -> Iterator[File]:
    for file, again in files:
        expires_at = expiry.earliest(file.uploaded_at, file.expires_at, again.retention_days)
        if expires_at != file.expires_at:
            file.expires_at = expires_at
            yield file


def with_other_facts(files: Sequence[tuple[File, Again]], obsolete: Collection[Results]) -> Iterator[File]:
    for file, again in files:
        before = file.facts
        file.facts = {name: facts for name, facts in before.items() if (file.pk, name) not in obsolete}
        if again.judge_again:
            verdicts.forget_release(file)
        if file.facts != before:
            yield file
