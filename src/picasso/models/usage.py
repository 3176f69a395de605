"""How much is stored and used."""

from __future__ import annotations

from django.db import connection, models

from picasso.models.projects import Project


class Usage(models.Model):
    """What is stored of a project, or of a part of it."""

    project = models.ForeignKey(Project, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    files = models.BigIntegerField(default=0, help_text="Without those in the trash.")
    trashed = models.BigIntegerField(default=0, help_text="The number of files in the trash.")
    bytes = models.BigIntegerField(default=0, help_text="Of the originals, with those in the trash.")

    class Meta:
        abstract = True


class ProjectUsage(Usage):
    """What a project has stored. Triggers of the database update it in the transaction that changes the files.

    The sum over the rows of a project is exact, and reading it costs the same for a million files as for ten. There are
    several rows (slots) so that concurrent transactions do not wait for each other.
    """

    pk = models.CompositePrimaryKey("project_id", "slot")
    slot = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"slot {self.slot} of project {self.project_id}: {self.files}"

    @classmethod
    def total_files(cls, project_id: int | None = None) -> int:
        """Without those in the trash; of one project, or of all."""
        return cls.total("files", project_id)

    @classmethod
    def total(cls, column: str, project_id: int | None = None) -> int:
        """The sum of a column of one project, or of all."""
        # Each page of a list asks, and to make this statement takes the ORM longer than the database to run it.
        sum_of = f"SELECT SUM({column}) FROM {cls._meta.db_table}"  # noqa: S608 # own names
        where, values = ("", []) if project_id is None else (" WHERE project_id = %s", [project_id])
        with connection.cursor() as cursor:
            cursor.execute(sum_of + where, values)
            return int(cursor.fetchone()[0] or 0)


class OwnerUsage(Usage):
    """The same for each owner in a project."""

    pk = models.CompositePrimaryKey("project_id", "owner")
    owner = models.CharField(max_length=255)

    def __str__(self) -> str:
        return f"{self.owner} in project {self.project_id}: {self.files}"


class DailyUsage(models.Model):
    """Bytes that were uploaded in a day of UTC, where a quota limits them. The row without an owner is of all."""

    pk = models.CompositePrimaryKey("project_id", "owner", "day")
    project = models.ForeignKey(Project, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    owner = models.CharField(max_length=255, blank=True)
    day = models.DateField()
    bytes = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day} of project {self.project_id}: {self.bytes}"


class RateCounter(models.Model):
    """What a subject of a rate policy has used in its current window. Written by `picasso.limits.database` only.

    On PostgreSQL the table is unlogged: a crash of the server empties it, and every window begins anew.
    """

    key = models.UUIDField(primary_key=True, editable=False, help_text="Hash of policy and subject.")
    quota = models.BigIntegerField()
    used = models.BigIntegerField(help_text="Including what processes have reserved.")
    granted = models.BigIntegerField(help_text="What the last charge reserved.")
    ends_at = models.BigIntegerField(db_index=True, help_text="Milliseconds since 1970. Identifies the window.")

    def __str__(self) -> str:
        return f"{self.key}: {self.used} of {self.quota}"
