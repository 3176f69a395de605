"""What limits the files of a batch in its transaction: how long they are kept, scans, quotas, and uses of tokens."""

from __future__ import annotations

from collections.abc import Sequence

from picasso.access import projects, quotas
from picasso.access.projects import Project, Projects
from picasso.errors import PicassoError, QuotaExceeded, TokenUsedUp, Unauthorized
from picasso.files import expiry
from picasso.jobs import holds, settle, states
from picasso.models import Scan
from picasso.receive import token_use
from picasso.receive.pending import Pending

DELETED = "This project was deleted."


class Admission:
    """Applies, in the transaction of a commit, what projects and tokens have set."""

    def __init__(self) -> None:
        self._projects = Projects()

    def refuse_deleted(self, batch: Sequence[Pending]) -> dict[Pending, PicassoError]:
        """Those whose project was deleted while they arrived; no other project is deleted during the transaction."""
        kept = projects.keep({pending.new.project_id for pending in batch})
        return {each: Unauthorized(DELETED) for each in batch if each.new.project_id not in kept}

    def complete(self, batch: Sequence[Pending]) -> list[Pending]:
        """Complete the rows of the batch. Returns the members that `admit` has to count, which takes locks."""
        for project_id, members in by_project(batch):
            project = self._projects.get(project_id)
            limit_life(project, members)
            choose_steps(project, members)
        return [each for each in batch if self._is_limited(each)]

    def admit(self, limited: Sequence[Pending]) -> dict[Pending, PicassoError]:
        """Those that do not fit, with the reasons; the others are counted.

        It takes locks until the end of the transaction: before rows are inserted, and always in one order, so that two
        processes never wait for each other in a circle. Tokens first, then projects.
        """
        refused = refuse_by_token(limited)
        left = [pending for pending in limited if pending not in refused]
        for project_id, members in by_project(left):
            project = self._projects.get(project_id)
            if quotas.is_limited(project):
                refused |= refuse_by_quota(project, members)
        return refused

    def _is_limited(self, pending: Pending) -> bool:
        limits = pending.new.limits
        return bool(limits and limits.max_files) or quotas.is_limited(self._projects.get(pending.new.project_id))


def by_project(batch: Sequence[Pending]) -> list[tuple[int, list[Pending]]]:
    """In the order of the projects' numbers."""
    ids = sorted({pending.new.project_id for pending in batch})
    return [(each, [pending for pending in batch if pending.new.project_id == each]) for each in ids]


def refuse_by_token(batch: Sequence[Pending]) -> dict[Pending, PicassoError]:
    too_many = {id(new) for new in token_use.too_many(pending.new for pending in batch)}
    return {pending: TokenUsedUp() for pending in batch if id(pending.new) in too_many}


def limit_life(project: Project, batch: Sequence[Pending]) -> None:
    for file, plan in ((each.file, each.plan) for each in batch):
        if file:
            days = (project.retention_days, plan.retention_days if plan else None)
            file.expires_at = expiry.earliest(file.uploaded_at, file.expires_at, days)


def choose_steps(project: Project, batch: Sequence[Pending]) -> None:
    """Those of the plan, and a scan if the project wants it. A file that is to be scanned begins in quarantine."""
    for pending in batch:
        if pending.file and pending.plan:
            pending.steps = states.with_scan(pending.plan.steps) if project.scans else pending.plan.steps
            settle.begin(pending.file, pending.steps)
            if any(step.processor == holds.SCANNER for step in pending.steps):
                pending.file.scan, pending.file.quarantined = Scan.WAITING, True


def refuse_by_quota(project: Project, batch: Sequence[Pending]) -> dict[Pending, PicassoError]:
    refused: dict[Pending, PicassoError] = {}
    quotas.lock(project.id)
    account = quotas.Account(project)
    for pending in batch:
        try:
            account.add(pending.new.owner, pending.content.size)
        except QuotaExceeded as fault:
            refused[pending] = fault
            token_use.give_back(pending.new)
    account.save()
    return refused
