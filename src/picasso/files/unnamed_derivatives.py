"""Sets derived bytes aside that no row names: what a crash has left between the bytes and their rows."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import date

from picasso.models import Derivative, Job, StagedDerivative
from picasso.storage import FileStore


def set_unnamed_aside(
    files: FileStore, originals: Iterable[tuple[uuid.UUID, str]], before: float, today: date
) -> list[str]:
    """Of these originals (id and key), which have rows: what is older than ``before`` (Unix time). Returns the keys.

    It is not deleted yet: to a process with a database restored from yesterday, what was derived since looks like this.
    """
    found = {key: file_id for file_id, original in originals for key in files.derived(original, before)}
    if not found:
        return []
    ids = set(found.values())
    # In this order: an attempt that has ended by then has its rows.
    running = attempts_of(ids)
    named = keys_of(ids)
    unnamed = [key for key, file_id in found.items() if key not in named and (file_id, folder_of(key)) not in running]
    for key in unnamed:
        files.set_aside_derived(key, today)
    return unnamed


def attempts_of(ids: Collection[uuid.UUID]) -> set[tuple[uuid.UUID, str]]:
    """The running attempts at these files, each with the name of its folder."""
    rows = Job.everywhere.filter(file__in=ids, state=Job.State.RUNNING).values_list("file", "processor", "attempt")
    return {(file_id, f"{processor}-{attempt}") for file_id, processor, attempt in rows}


def keys_of(ids: Collection[uuid.UUID]) -> set[str]:
    """What rows of these files name."""
    derived = Derivative.objects.filter(file__in=ids).values_list("key", flat=True)
    staged = StagedDerivative.objects.filter(job__file__in=ids).values_list("key", flat=True)
    return {*derived, *staged}


def folder_of(key: str) -> str:
    """``<processor>-<attempt>``: see `picasso.storage.names`."""
    return key.split("/")[-2]
