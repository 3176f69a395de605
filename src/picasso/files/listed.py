"""What a list of files shows of each file beside its row, read for all files of a page at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.db.models import prefetch_related_objects
from django.db.models.fields.json import KT

from picasso.access.principal import Principal
from picasso.files.quarantine import shown_derivatives
from picasso.files.queries import visible_to
from picasso.files.thumbnail import thumbnail_of
from picasso.models import File, Job


def add_thumbnails(principal: Principal, files: Sequence[File]) -> None:
    """Set ``file.thumbnail``: the `Derivative` to show as its picture, with its ``thumbhash``; or None."""
    prefetch_related_objects(files, "derivatives")
    ids = [file.pk for file in files]
    hashes = dict(visible_to(principal).filter(pk__in=ids).values_list("pk", KT("facts__image__thumbhash")))
    for file in files:
        picture = thumbnail_of(shown_derivatives(file))
        if picture:
            picture.thumbhash = hashes.get(file.pk)  # type: ignore[attr-defined] # of the answer only
        file.thumbnail = picture  # type: ignore[attr-defined] # of the answer only


def add_errors(principal: Principal, files: Sequence[File]) -> None:
    """Set ``file.error``: code and detail of the job because of which it failed; or None."""
    failed = [file.pk for file in files if file.state == File.State.FAILED]
    bad = (Job.State.FAILED, Job.State.CANCELLED)
    jobs = Job.objects.of(principal.project_id).filter(file__in=failed, state__in=bad).defer("log").order_by("-id")
    # A failed job comes before a cancelled one, then the first one: the last that is put here stays.
    ordered = sorted(jobs, key=lambda job: job.state == Job.State.FAILED)
    found = {job.file_id: {"code": job.error_code, "detail": job.error_detail} for job in ordered}
    for file in files:
        file.error = found.get(file.pk)  # type: ignore[attr-defined] # of the answer only


PARTS: Mapping[str, Callable[[Principal, Sequence[File]], None]] = {"thumbnail": add_thumbnails, "error": add_errors}
"""What can be asked for, and what adds it."""
