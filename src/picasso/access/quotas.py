"""Quotas: how much a project, and each owner in it, may store.

They hold exactly, however many uploads end at the same time: in the transaction of a commit one project's uploads wait
for each other (`lock`), its usage is read, and what does not fit is refused. Projects without quotas lock nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from picasso.access.projects import Project
from picasso.errors import InvalidField, QuotaAsked, QuotaExceeded
from picasso.models import DailyUsage, OwnerUsage, ProjectUsage
from picasso.query_values import without_fraction

# The first half of the key of an advisory lock; the second is the number of the project.
LOCK = 0x5051

MAX = 2**62


@dataclass(frozen=True, slots=True)
class Quotas:
    """Limits of a project or of each owner; None for no limit."""

    bytes: int | None = None
    """Of all stored originals, those in the trash too."""
    files: int | None = None
    """Those in the trash too."""
    bytes_per_day: int | None = None
    """Uploaded in a day of UTC, whether or not it was deleted since."""
    unfinished_bytes: int | None = None
    """Of resumable uploads that are not complete."""
    concurrent_uploads: int | None = None
    """Resumable uploads that are not complete."""

    @property
    def limits_files(self) -> bool:
        """Whether a commit has to check it."""
        return any(limit is not None for limit in (self.bytes, self.files, self.bytes_per_day))

    @property
    def counts_days(self) -> bool:
        return self.bytes_per_day is not None


NAMES = tuple(field.name for field in fields(Quotas))


def parse(value: object, field: str = "quotas") -> Quotas:
    """From a JSON object of numbers; null, or a missing name, is no limit. Raises `InvalidField`."""
    if not isinstance(value, Mapping):
        raise InvalidField(field, f"{field} must be an object.")
    limits: dict[str, Any] = {name: without_fraction(limit) for name, limit in value.items()}
    for name, limit in limits.items():
        if name not in NAMES:
            raise InvalidField(f"{field}.{name}", f"{field} has no {name!r}, only {', '.join(NAMES)}.")
        number = isinstance(limit, int) and not isinstance(limit, bool) and 0 <= limit < MAX
        if limit is not None and not number:
            raise InvalidField(
                f"{field}.{name}", f"{field}.{name} must be a whole number from 0, or null for no limit."
            )
    return Quotas(**limits)


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored, or about to be."""

    files: int = 0
    bytes: int = 0
    today: int = 0
    """Bytes."""

    def plus(self, size: int) -> Stored:
        """With one more file."""
        return Stored(self.files + 1, self.bytes + size, self.today + size)


@dataclass(frozen=True, slots=True)
class Announced:
    """What is known of a file before its content arrives."""

    least: int = 1
    """At least so many bytes it has: an empty one is refused anyway."""
    asked: QuotaAsked | None = None
    """What an error tells; None if nobody has said how large it is."""

    @classmethod
    def exactly(cls, size: int) -> Announced:
        return cls(size, QuotaAsked(size))


def require(quotas: Quotas, stored: Stored, file: Announced, whose: str) -> None:
    """Refuse one more file if it does not fit. Raises `QuotaExceeded`."""
    checks = (
        ("files", quotas.files, stored.files, 1),
        ("bytes", quotas.bytes, stored.bytes, file.least),
        ("bytes_per_day", quotas.bytes_per_day, stored.today, file.least),
    )
    for name, limit, used, more in checks:
        if limit is not None and used + more > limit:
            raise QuotaExceeded(name, whose, limit, used, file.asked)


def lock(project_id: int) -> None:
    """Until the end of the transaction nobody else stores files of this project. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, project_id])


def stored_by_project(project: Project) -> Stored:
    rows = ProjectUsage.objects.filter(project=project.id)
    found = rows.aggregate(files=Sum("files") + Sum("trashed"), bytes=Sum("bytes"))
    counted = parse(project.quotas).counts_days
    return Stored(found["files"] or 0, found["bytes"] or 0, uploaded_today(project.id, "") if counted else 0)


def stored_by_owner(project: Project, owner: str) -> Stored:
    row = OwnerUsage.objects.filter(project=project.id, owner=owner).first()
    today = uploaded_today(project.id, owner) if parse(project.owner_quotas).counts_days else 0
    return Stored(row.files + row.trashed, row.bytes, today) if row else Stored(today=today)


def uploaded_today(project_id: int, owner: str) -> int:
    """Bytes; by all together for an empty ``owner``."""
    rows = DailyUsage.objects.filter(project=project_id, owner=owner, day=current_day())
    return rows.values_list("bytes", flat=True).first() or 0


def current_day() -> date:
    return datetime.now(UTC).date()


class Account:
    """What a project stores, while one transaction adds files to it. After `lock`."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._quotas = parse(project.quotas)
        self._owner_quotas = parse(project.owner_quotas)
        self._stored = stored_by_project(project) if self._quotas.limits_files else None
        self._owners: dict[str, Stored] = {}
        self._today: dict[str, int] = {}

    def add(self, owner: str, size: int) -> None:
        """Count one more file. Raises `QuotaExceeded`, and counts nothing."""
        file = Announced.exactly(size)
        if self._stored:
            require(self._quotas, self._stored, file, "the project")
        if owner and self._owner_quotas.limits_files:
            mine = self._owners.get(owner) or stored_by_owner(self._project, owner)
            require(self._owner_quotas, mine, file, "this owner")
            self._owners[owner] = mine.plus(size)
        if self._stored:
            self._stored = self._stored.plus(size)
        self._count_day(owner, size)

    def _count_day(self, owner: str, size: int) -> None:
        if self._quotas.counts_days:
            self._today[""] = self._today.get("", 0) + size
        if owner and self._owner_quotas.counts_days:
            self._today[owner] = self._today.get(owner, 0) + size

    def save(self) -> None:
        """Write what was uploaded today; triggers count all else."""
        for owner, size in sorted(self._today.items()):
            with connection.cursor() as cursor:
                cursor.execute(ADD_TODAY, [self._project.id, owner, current_day(), size])


ADD_TODAY = """
    INSERT INTO picasso_dailyusage (project_id, owner, day, bytes) VALUES (%s, %s, %s, %s)
    ON CONFLICT (project_id, owner, day) DO UPDATE SET bytes = picasso_dailyusage.bytes + excluded.bytes"""


def is_limited(project: Project) -> bool:
    """Whether files of this project need an `Account`."""
    return bool(project.quotas or project.owner_quotas)


def check_early(project: Project, owner: str, file: Announced) -> None:
    """Before the content arrives, by what the head tells. Raises `QuotaExceeded`.

    Others may fill the quota meanwhile: the commit checks again.
    """
    quotas, owner_quotas = parse(project.quotas), parse(project.owner_quotas)
    if quotas.limits_files:
        require(quotas, stored_by_project(project), file, "the project")
    if owner and owner_quotas.limits_files:
        require(owner_quotas, stored_by_owner(project, owner), file, "this owner")


def usage(project: Project, owner: str | None) -> dict[str, Any]:
    """For the API: what is stored and what the limits are. Of an owner, or for None of the whole project."""
    stored = stored_by_project(project) if owner is None else stored_by_owner(project, owner)
    limits = parse(project.quotas if owner is None else project.owner_quotas)
    return {
        "owner": owner,
        "files": stored.files,
        "bytes": stored.bytes,
        "bytes_today": stored.today if limits.counts_days else None,
        "limits": {name: getattr(limits, name) for name in NAMES},
    }


def forget_past_days() -> None:
    """Nothing reads them any more."""
    DailyUsage.objects.filter(day__lt=current_day()).delete()
