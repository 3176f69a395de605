"""Data of every earlier schema is whole after the migration to the newest one."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from picasso.models import File, Job, ProjectUsage, Queue, Reprocess, Upload, made_at, new_id
from tests.flow.http import client
from tests.flow.rows import new_file

pytestmark = pytest.mark.django_db(transaction=True)

FILES = "/api/v1.0/files/"
JOBS = "/api/v1.0/jobs/"

SCHEMAS = sorted(name for app, name in MigrationLoader(None).disk_migrations if app == "picasso")
WITHOUT_COUNT, WITH_COUNT, WITH_PIPELINES, WITH_UPLOADS, WITH_NEW_NAMES, BEFORE_RECOUNT, WITH_RECOUNT = SCHEMAS[:7]
WITH_PROJECTS = SCHEMAS[7]

# The fields of an upload that were renamed, and what the tests put there.
OLD_NAMES = ("promised", "key", "payload", "answered", "wanted")
NEW_NAMES = ("reserved", "idempotency_key", "request_fingerprint", "announced", "takeover_requested")
VALUES = (700, "k" * 64, "p" * 64, True, True)
FINISHED_AT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def newest_afterwards() -> Iterator[None]:
    yield
    migrate()


def migrate(schema: str = "") -> None:
    call_command("migrate", "picasso", *filter(None, [schema]), verbosity=0, interactive=False)


@dataclass
class Earlier:
    """The tables of an earlier schema, filled by its own models."""

    schema: str

    def __post_init__(self) -> None:
        migrate("zero")
        migrate(self.schema)
        loader = MigrationExecutor(connection).loader
        self._models = loader.project_state(("picasso", self.schema)).apps
        self.done = self.file("a.png", "processed", {"image": {"width": 7}})
        self.failed = self.file("b.png", "failed", {})
        self.waiting = self.file("c.png", "pending", {})
        self.jobs = [
            self.job(self.done, "done", attempt=1),
            self.job(self.failed, "failed", attempt=3, error_code="corrupt", error_detail="It is corrupt."),
            self.job(self.waiting, "waiting"),
        ]
        self.model("Derivative")._base_manager.create(
            file=self.done, processor="image", role="thumbnail-256", key="x/y", media_type="image/webp", size=9,
            sha256="1" * 64, width=7, height=5,
        )  # fmt: skip

    def model(self, name: str) -> Any:
        return self._models.get_model("picasso", name)

    def file(self, name: str, state: str, facts: dict[str, Any]) -> Any:
        file_id = new_id()
        fields = {"pipeline": "photos", "pipeline_version": 3} if self.schema >= WITH_PIPELINES else {}
        return self.model("File")._base_manager.create(
            id=file_id, uploaded_at=made_at(file_id), name=name, size=5, media_type="image/png", sha256="0" * 64,
            key=f"media/{file_id}", state=state, facts={"file": {}, **facts}, **fields,
        )  # fmt: skip

    def queues(self) -> None:
        self.model("Queue")._base_manager.create(name="heavy", paused=True)
        force = "force" if self.schema >= WITH_NEW_NAMES else "anew"
        self.model("Reprocess")._base_manager.create(
            pipeline="photos", version=3, after=uuid.UUID(int=0), until=self.done.pk, files=2, **{force: True}
        )

    def uploads(self) -> tuple[uuid.UUID, uuid.UUID]:
        """The ids of a part and of the upload that it became part of."""
        names = NEW_NAMES if self.schema >= WITH_NEW_NAMES else OLD_NAMES
        rows = self.model("Upload")._base_manager
        part = rows.create(protocol="tus", length=900, name="a.png", **dict(zip(names, VALUES, strict=True)))
        whole = rows.create(protocol="draft", file=self.done, finished_at=FINISHED_AT, parts=[str(part.pk)])
        rows.filter(pk=part.pk).update(final=whole)
        return part.pk, whole.pk

    def job(self, file: Any, state: str, **fields: Any) -> Any:
        if self.schema >= WITH_PIPELINES:
            fields |= {"pipeline": "photos", "priority": -1, "progress": 0.5, "log": "a line"}
        return self.model("Job")._base_manager.create(
            file=file, processor="image", queue="heavy", state=state, **fields
        )


@pytest.mark.parametrize("schema", SCHEMAS[:8])
def test_data_is_kept(schema: str) -> None:
    earlier = Earlier(schema)
    uploads = earlier.uploads() if schema >= WITH_UPLOADS else ()
    if schema >= WITH_PIPELINES:
        earlier.queues()
    migrate()
    assert_files(earlier)
    assert_jobs(earlier)
    if schema >= WITH_PIPELINES:
        assert_queues(earlier)
    if uploads:
        assert_uploads(earlier, *uploads)
    assert_exact_count(earlier)


def assert_files(earlier: Earlier) -> None:
    listed = client().get(FILES).json()
    assert listed["count"] == 3
    assert [(file["name"], file["state"]) for file in listed["results"]] == [
        ("c.png", "pending"),
        ("b.png", "failed"),
        ("a.png", "processed"),
    ]
    done = client().get(f"{FILES}{earlier.done.pk}/").json()
    assert done["facts"]["image"] == {"width": 7}
    (derivative,) = done["derivatives"]
    assert (derivative["role"], derivative["size"], derivative["width"]) == ("thumbnail-256", 9, 7)
    assert client().get(f"{FILES}{earlier.failed.pk}/").json()["error"]["code"] == "corrupt"
    with_pipelines = earlier.schema >= WITH_PIPELINES
    row = File.everywhere.get(pk=earlier.done.pk)
    assert (row.pipeline, row.pipeline_version) == (("photos", 3) if with_pipelines else ("default", 1))


def assert_jobs(earlier: Earlier) -> None:
    with_pipelines = earlier.schema >= WITH_PIPELINES
    for job in earlier.jobs:
        found = client().get(f"{JOBS}{job.pk}/").json()
        assert (found["state"], found["attempt"], found["queue"]) == (job.state, job.attempt, "heavy")
        assert (found["log"], found["priority"]) == (("a line", -1) if with_pipelines else ("", 0))
    if not with_pipelines:  # a job was requested when its file came
        assert Job.everywhere.get(file_id=earlier.done.pk).requested_at == earlier.done.uploaded_at


def assert_queues(earlier: Earlier) -> None:
    assert Queue.objects.get().paused
    kept = Reprocess.objects.get()
    assert (kept.pipeline, kept.version, kept.force, kept.until, kept.files) == ("photos", 3, True, earlier.done.pk, 2)


def assert_uploads(earlier: Earlier, part_id: uuid.UUID, whole_id: uuid.UUID) -> None:
    part, whole = Upload.everywhere.get(pk=part_id), Upload.everywhere.get(pk=whole_id)
    assert (part.protocol, part.length, part.name, part.final_id) == ("tus", 900, "a.png", whole_id)
    assert tuple(getattr(part, name) for name in NEW_NAMES) == VALUES
    assert (whole.file_id, whole.finished_at, whole.parts) == (earlier.done.pk, FINISHED_AT, [str(part_id)])


def assert_exact_count(earlier: Earlier) -> None:
    """Also after files have been added and deleted."""
    assert ProjectUsage.total_files() == File.everywhere.count() == 3
    new_file()
    assert ProjectUsage.total_files() == 4
    File.everywhere.filter(pk__in=[earlier.failed.pk, earlier.waiting.pk]).delete()
    assert ProjectUsage.total_files() == File.everywhere.count() == 2


@pytest.mark.parametrize("schema", SCHEMAS[SCHEMAS.index(WITH_COUNT) : SCHEMAS.index(WITH_RECOUNT)])
def test_a_wrong_count_is_corrected(schema: str) -> None:
    """Migration 0002 did not always count the files that existed already."""
    earlier = Earlier(schema)
    earlier.model("FileCount").objects.all().delete()
    migrate()
    assert_exact_count(earlier)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
@pytest.mark.parametrize(
    ("before", "after"), [(WITHOUT_COUNT, WITH_COUNT), (BEFORE_RECOUNT, WITH_RECOUNT), (WITH_RECOUNT, WITH_PROJECTS)]
)
def test_a_file_that_is_added_during_a_count_is_counted(before: str, after: str) -> None:
    earlier = Earlier(before)
    if before == BEFORE_RECOUNT:
        earlier.model("FileCount").objects.all().delete()
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            earlier.file("d.png", "pending", {})
            migration = threads.submit(migrate_and_disconnect, after)
            wait_until_blocked()
        migration.result(timeout=30)
    assert total_files(after) == 4


def total_files(schema: str) -> int:
    if schema >= WITH_PROJECTS:
        return ProjectUsage.total_files()
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(n) FROM picasso_filecount")
        return int(cursor.fetchone()[0])


def migrate_and_disconnect(schema: str) -> None:
    try:
        migrate(schema)
    finally:
        connection.close()


def wait_until_blocked() -> None:
    """Until another session of this database waits for a lock."""
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = "
                "(SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise AssertionError("no session waits for a lock")


def test_djangos_checks_find_nothing() -> None:
    """`picasso up` starts without them."""
    assert run_checks(databases=["default"]) == []
