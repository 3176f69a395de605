"""What can be done with many files at once. Each action takes some files in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TypedDict

from django.db import transaction
from django.db.models import QuerySet

from picasso.access.principal import Principal, Scope
from picasso.access.projects import Projects
from picasso.errors import Conflict, PicassoError
from picasso.files import batch
from picasso.files.batch import Outcomes
from picasso.files.queries import everything_in_reach_of, in_reach_of
from picasso.jobs import commands
from picasso.jobs.process_again import process_again
from picasso.models import File
from picasso.process.pipelines import Pipelines
from picasso.process.reprocess import again
from picasso.storage import Storage


class Options(TypedDict, total=False):
    tags: list[str]
    visibility: str
    permanently: bool
    pipeline: str


@dataclass(frozen=True, slots=True)
class Task:
    principal: Principal
    options: Options
    storage: Storage
    pipelines: Pipelines


def delete(task: Task, ids: Collection[uuid.UUID]) -> Outcomes:
    permanently = task.options.get("permanently", False)
    return batch.delete_all(task.principal, task.storage, ids, permanently=permanently)


def restore(task: Task, ids: Collection[uuid.UUID]) -> Outcomes:
    return batch.restore_all(task.principal, ids)


def tag(task: Task, ids: Collection[uuid.UUID]) -> Outcomes:
    return batch.tag_all(task.principal, ids, task.options["tags"])


def untag(task: Task, ids: Collection[uuid.UUID]) -> Outcomes:
    return batch.untag_all(task.principal, ids, task.options["tags"])


def set_visibility(task: Task, ids: Collection[uuid.UUID]) -> Outcomes:
    return batch.set_visibility(task.principal, ids, task.options["visibility"])


@transaction.atomic
def retry(task: Task, ids: Collection[uuid.UUID]) -> Outcomes:
    files = batch.lock(in_reach_of(task.principal), ids)
    retried = commands.retry_files(files)
    nothing = Conflict("No job of this file has failed or was cancelled.")
    return batch.outcomes(ids, files, dict.fromkeys(files.keys() - retried, nothing))


@transaction.atomic
def reprocess(task: Task, ids: Collection[uuid.UUID]) -> Outcomes:
    """In the background, by the pipeline as it is now, or by another one, to which the files belong from then on.

    Files of a pipeline that no longer exists stay as they are.
    """
    files, projects = batch.lock(in_reach_of(task.principal), ids), Projects()
    chosen = {file.pk: task.options.get("pipeline", file.pipeline) for file in files.values()}
    known = [file for file in files.values() if chosen[file.pk] in task.pipelines]
    gone = Conflict("The pipeline of this file does not exist any more.")
    faults: dict[uuid.UUID, PicassoError] = dict.fromkeys(files.keys() - {file.pk for file in known}, gone)
    plans = {file.pk: task.pipelines.plan(chosen[file.pk], file.media_type) for file in known}
    for key in process_again({file.pk: again(plans[file.pk], projects.get(file.project_id or 0)) for file in known}):
        transaction.on_commit(partial(task.storage.files.remove_derived, key), robust=True)
    return batch.outcomes(ids, files, faults)


@dataclass(frozen=True, slots=True)
class Action:
    scope: Scope
    apply: Callable[[Task, Collection[uuid.UUID]], Outcomes]
    needs: str = ""
    """The option that it can't do without."""
    takes: str = ""
    """The option that it may have."""
    among: Callable[[Principal], QuerySet[File]] = in_reach_of
    """The files among which a filter selects."""
    chunk: int = 250
    """So many files are locked at a time, for some tenths of a second."""


def trashed(principal: Principal) -> QuerySet[File]:
    return everything_in_reach_of(principal).filter(deleted_at__isnull=False)


ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        "delete": Action(Scope.FILES_DELETE, delete, takes="permanently"),
        "restore": Action(Scope.FILES_DELETE, restore, among=trashed),
        "tag": Action(Scope.FILES_WRITE, tag, needs="tags"),
        "untag": Action(Scope.FILES_WRITE, untag, needs="tags"),
        "visibility": Action(Scope.FILES_WRITE, set_visibility, needs="visibility"),
        "retry": Action(Scope.JOBS_WRITE, retry),
        "reprocess": Action(Scope.JOBS_WRITE, reprocess, takes="pipeline", chunk=32),
    }
)


def knows_all_results(pipelines: Pipelines) -> bool:
    """Whether this process may reprocess: one that lacks libraries would take others' results for obsolete."""
    return not any(each.unavailable for each in pipelines)
