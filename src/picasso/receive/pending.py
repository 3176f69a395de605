"""A file on its way into the database, and the plan for its processing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from picasso.jobs.states import Step
from picasso.models import File
from picasso.receive.content import Content
from picasso.receive.new_file import NewFile


class Plan(Protocol):
    """How a file is to be processed."""

    @property
    def pipeline(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def steps(self) -> Sequence[Step]: ...
    @property
    def retention_days(self) -> int | None: ...


Planner = Callable[[str, str], Plan]
"""Pipeline and media type → how such a file is to be processed."""


@dataclass(slots=True, eq=False)
class Pending:
    """A file on its way into the database."""

    content: Content
    new: NewFile
    result: asyncio.Future[File]
    file: File | None = None
    """The row, once the bytes are stored."""
    plan: Plan | None = None
    steps: Sequence[Step] = ()
    """As `choose_steps` says."""
    also: Callable[[File], None] | None = None
    """Called in the transaction that inserts the file. What it raises is raised by the commit."""

    def resolve(self, outcome: File | Exception) -> None:
        """On the loop's thread."""
        self.content.release()
        if self.result.done():
            return
        if isinstance(outcome, Exception):
            # Without the frames of the committer, which have this: nothing should depend on the collector of garbage.
            self.result.set_exception(outcome.with_traceback(None))
        else:
            self.result.set_result(outcome)
