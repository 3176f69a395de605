"""The one task: it takes a job's id and calls the function that does the work."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from picasso.jobs.celery import app

Run = Callable[[uuid.UUID], None]

_run: Run | None = None


def use(run: Run) -> None:
    """Say what a job's work is; the rooms above this one know, and call down."""
    global _run  # noqa: PLW0603 - Celery finds a task by its name, so there is one per process
    _run = run


@app.task(name="picasso.run_job")
def run_job(job_id: str) -> None:
    if _run is None:
        raise RuntimeError("this process is not a worker")
    _run(uuid.UUID(job_id))
