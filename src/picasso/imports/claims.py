"""Which waiting imports a worker takes next: fair between projects, and few of one host.

An import may last for hours. So a project that has many never takes all places: it takes one more only while it has
less than what is free: with 32 places 16 if it is alone, and there are always some left for a project that comes later.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.db.models.functions import Now

from picasso.imports import states
from picasso.models import Import

# So many projects are looked at in one round; the next round continues with others.
PROJECTS = 16


@dataclass
class Places:
    """What a worker runs."""

    total: int
    by_project: Counter[int] = field(default_factory=Counter)
    by_host: Counter[str] = field(default_factory=Counter)

    @property
    def free(self) -> int:
        return self.total - self.by_project.total()

    @property
    def per_host(self) -> int:
        """One slow host takes a quarter of the places at most."""
        return max(1, self.total // 4)

    def has_room(self, row: Import) -> bool:
        used = self.by_project[row.project_id]
        return self.by_host[row.host] < self.per_host and used < max(1, self.free)

    def take(self, row: Import) -> None:
        self.by_project[row.project_id] += 1
        self.by_host[row.host] += 1

    def leave(self, row: Import) -> None:
        self.by_project[row.project_id] -= 1
        self.by_host[row.host] -= 1

    def full_hosts(self) -> set[str]:
        return {host for host, used in self.by_host.items() if used >= self.per_host}


class Claims:
    """Of one worker. In the thread of the database."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._last_project = 0

    def claim(self, places: Places, paused_hosts: Collection[str], running: Collection[uuid.UUID]) -> list[Import]:
        """Start what there are places for, and return it. ``places`` are not changed."""
        left = Places(places.total, Counter(places.by_project), Counter(places.by_host))
        due = Import.everywhere.filter(state=states.State.WAITING, due_at__lte=Now())
        due = due.exclude(pk__in=running).exclude(host__in={*paused_hosts, *left.full_hosts()})
        found: list[Import] = []
        queues = {project: self._first(due, project, left.free) for project in self._projects(due)}
        while left.free > 0 and queues:
            project = min(queues, key=lambda each: left.by_project[each])
            if not queues[project]:
                del queues[project]
            elif left.has_room(row := queues[project].pop(0)) and states.start(row, self._worker):
                left.take(row)
                found.append(row)
        return found

    def _projects(self, due: QuerySet[Import]) -> list[int]:
        """With due imports: another part of them each time."""
        ids = due.order_by("project").values_list("project", flat=True).distinct()
        found = list(ids.filter(project__gt=self._last_project)[:PROJECTS])
        if len(found) < PROJECTS:
            found += [each for each in ids[: PROJECTS - len(found)] if each not in found]
        self._last_project = found[-1] if found else 0
        return found

    def _first(self, due: QuerySet[Import], project: int, number: int) -> list[Import]:
        return list(due.filter(project=project).order_by("due_at")[: max(0, number)])
