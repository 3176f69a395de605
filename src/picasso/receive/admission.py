"""What projects have set for their files: how long they are kept, scans and quotas. Once for each batch of a commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from picasso.access import quotas
from picasso.access.projects import Project, Projects
from picasso.errors import QuotaExceeded
from picasso.jobs import holds, settle, states
from picasso.models import MAX_DAYS, Scan
from picasso.receive.pending import Pending


class Admission:
    """Applies, in the transaction of a commit, what projects have set: how long files are kept, scans and quotas."""

    def __init__(self) -> None:
        self._projects = Projects()

    def refuse(self, batch: Sequence[Pending]) -> dict[Pending, QuotaExceeded]:
        """The members of the batch that do not fit, with the reasons; the others are counted."""
        refused: dict[Pending, QuotaExceeded] = {}
        # In one order, so that two processes never wait for each other in a circle.
        for project_id in sorted({pending.new.project_id for pending in batch}):
            project, members = (
                self._projects.get(project_id),
                [each for each in batch if each.new.project_id == project_id],
            )
            limit_life(project, members)
            choose_steps(project, members)
            if quotas.is_limited(project):
                refused |= refuse_in(project, members)
        return refused


def limit_life(project: Project, batch: Sequence[Pending]) -> None:
    """A file expires when the first of its client, its pipeline and its project wants it."""
    for file, plan in ((each.file, each.plan) for each in batch):
        for days in (project.retention_days, plan and plan.retention_days):
            if file and days:
                end = file.uploaded_at + timedelta(days=min(days, MAX_DAYS))
                file.expires_at = min(file.expires_at or end, end)


def choose_steps(project: Project, batch: Sequence[Pending]) -> None:
    """Those of the plan, and a scan if the project wants it. A file that is to be scanned begins in quarantine."""
    for pending in batch:
        if pending.file and pending.plan:
            pending.steps = states.with_scan(pending.plan.steps) if project.scans else pending.plan.steps
            settle.begin(pending.file, pending.steps)
            if any(step.processor == holds.SCANNER for step in pending.steps):
                pending.file.scan, pending.file.quarantined = Scan.WAITING, True


def refuse_in(project: Project, batch: Sequence[Pending]) -> dict[Pending, QuotaExceeded]:
    refused = {}
    quotas.lock(project.id)
    account = quotas.Account(project)
    for pending in batch:
        try:
            account.add(pending.new.owner, pending.content.size)
        except QuotaExceeded as fault:
            refused[pending] = fault
    account.save()
    return refused
