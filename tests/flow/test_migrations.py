"""Data of every earlier schema is whole after the migration to the newest one."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, RunPython
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import NOT_PROVIDED

from picasso.models import File, Job, ProjectUsage, Queue, Reprocess, Upload, made_at, new_id
from tests.flow.http import client
from tests.flow.rows import new_file
from tests.sampling import everything, sample
from tests.waiting import in_background, outcome_of

pytestmark = pytest.mark.django_db(transaction=True)

FILES = "/api/v1.0/files/"
JOBS = "/api/v1.0/jobs/"

SCHEMAS = sorted(name for app, name in MigrationLoader(None).disk_migrations if app == "picasso")
WITHOUT_COUNT, WITH_COUNT, WITH_PIPELINES, WITH_UPLOADS, WITH_NEW_NAMES, BEFORE_RECOUNT, WITH_RECOUNT = SCHEMAS[:7]
WITH_PROJECTS = SCHEMAS[7]

# The fields of an upload that were renamed.
OLD_NAMES = ("promised", "key", "payload", "answered", "wanted")
NEW_NAMES = ("reserved", "idempotency_key", "request_fingerprint", "announced", "takeover_requested")
FINISHED_AT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def newest_afterwards() -> Iterator[None]:
    yield
    if applied() != set(SCHEMAS):
        migrate()


def applied() -> set[str]:
    return {name for app, name in MigrationRecorder(connection).applied_migrations() if app == "picasso"}


def migrate(schema: str = "") -> None:
    call_command("migrate", "picasso", *filter(None, [schema]), verbosity=0, interactive=False)


class Walk:
    """Migrates step by step, without what follows at the end of the command."""

    def __init__(self) -> None:
        """From nothing."""
        MigrationExecutor(connection).migrate([("picasso", None)])
        self._executor = MigrationExecutor(connection)
        self._state: Any = None

    def step_to(self, schema: str) -> Any:
        """Returns the models of this schema."""
        executor = self._executor
        self._state = executor.migrate([("picasso", schema)], state=self._state)
        executor.loader.applied_migrations = executor.recorder.applied_migrations()  # type: ignore[assignment]
        # Those of the state itself refer to models that it has already replaced.
        return executor.loader.project_state(("picasso", schema)).apps


@dataclass
class Earlier:
    """Rows of an earlier schema, made by its own models."""

    walk: Walk
    schema: str

    def __post_init__(self) -> None:
        self._models = self.walk.step_to(self.schema)
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
        self.model("Queue")._base_manager.update_or_create(name="heavy", defaults={"paused": True})
        force = "force" if self.schema >= WITH_NEW_NAMES else "anew"
        self.model("Reprocess")._base_manager.create(
            pipeline="photos", version=3, after=uuid.UUID(int=0), until=self.done.pk, files=2, **{force: True}
        )

    @property
    def upload_values(self) -> tuple[object, ...]:
        """Of the renamed fields. A key is there once."""
        return (700, self.schema.ljust(64, "k"), "p" * 64, True, True)

    def uploads(self) -> tuple[uuid.UUID, uuid.UUID]:
        """The ids of a part and of the upload that it became part of."""
        names = NEW_NAMES if self.schema >= WITH_NEW_NAMES else OLD_NAMES
        rows = self.model("Upload")._base_manager
        part = rows.create(
            protocol="tus", length=900, name="a.png", **dict(zip(names, self.upload_values, strict=True))
        )
        whole = rows.create(protocol="draft", file=self.done, finished_at=FINISHED_AT, parts=[str(part.pk)])
        rows.filter(pk=part.pk).update(final=whole)
        return part.pk, whole.pk

    def job(self, file: Any, state: str, **fields: Any) -> Any:
        if self.schema >= WITH_PIPELINES:
            fields |= {"pipeline": "photos", "priority": -1, "progress": 0.5, "log": "a line"}
        return self.model("Job")._base_manager.create(
            file=file, processor="image", queue="heavy", state=state, **fields
        )


# Migration 0002 did not always count the files that existed already, and 0007 counts them again.
WITH_WRONG_COUNT = SCHEMAS[SCHEMAS.index(WITH_COUNT) : SCHEMAS.index(WITH_RECOUNT)]

# Each alone, right and wrong; or all in one walk from the oldest to the newest, which takes a tenth of the time.
EACH_ALONE = [([name], "") for name in SCHEMAS] + [([name], name) for name in WITH_WRONG_COUNT]
IN_ONE_WALK = [(SCHEMAS, name) for name in sample(WITH_WRONG_COUNT, lambda _: "count", 1 / len(WITH_WRONG_COUNT))]


@pytest.mark.parametrize(
    ("schemas", "wrong_count"),
    EACH_ALONE if everything() else IN_ONE_WALK,
    ids=lambda value: value[-1] if isinstance(value, list) else value,
)
def test_data_is_kept(schemas: list[str], wrong_count: str) -> None:
    """In the schema ``wrong_count`` the files are not counted."""
    walk = Walk()
    found: list[tuple[Earlier, tuple[uuid.UUID, ...]]] = []
    for schema in schemas:
        earlier = Earlier(walk, schema)
        uploads: tuple[uuid.UUID, ...] = earlier.uploads() if schema >= WITH_UPLOADS else ()
        if schema >= WITH_PIPELINES:
            earlier.queues()
        if schema == wrong_count:
            earlier.model("FileCount").objects.all().delete()
        found.append((earlier, uploads))
    migrate()
    for earlier, uploads in found:
        assert_files(earlier)
        assert_jobs(earlier)
        if earlier.schema >= WITH_PIPELINES:
            assert_queues(earlier)
        if uploads:
            assert_uploads(earlier, *uploads)
    assert_exact_count([earlier for earlier, _ in found])


def assert_files(earlier: Earlier) -> None:
    listed: list[dict[str, str]] = []
    page: int | None = 1
    while page:
        answer = client().get(FILES, {"page_size": 100, "page": page}).json()
        listed, page = [*listed, *answer["results"]], answer["next"]
    mine = {str(file.pk) for file in (earlier.done, earlier.failed, earlier.waiting)}
    assert [(file["name"], file["state"]) for file in listed if file["id"] in mine] == [
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
    kept = Reprocess.objects.get(until=earlier.done.pk)
    assert (kept.pipeline, kept.version, kept.force, kept.files) == ("photos", 3, True, 2)


def assert_uploads(earlier: Earlier, part_id: uuid.UUID, whole_id: uuid.UUID) -> None:
    part, whole = Upload.everywhere.get(pk=part_id), Upload.everywhere.get(pk=whole_id)
    assert (part.protocol, part.length, part.name, part.final_id) == ("tus", 900, "a.png", whole_id)
    assert tuple(getattr(part, name) for name in NEW_NAMES) == earlier.upload_values
    assert (whole.file_id, whole.finished_at, whole.parts) == (earlier.done.pk, FINISHED_AT, [str(part_id)])


def assert_exact_count(found: list[Earlier]) -> None:
    """Also after files have been added and deleted."""
    count = 3 * len(found)
    assert client().get(FILES).json()["count"] == ProjectUsage.total_files() == File.everywhere.count() == count
    new_file()
    assert ProjectUsage.total_files() == count + 1
    File.everywhere.filter(pk__in=[file.pk for one in found for file in (one.failed, one.waiting)]).delete()
    assert ProjectUsage.total_files() == File.everywhere.count() == len(found) + 1


COUNTING = [(WITHOUT_COUNT, WITH_COUNT), (BEFORE_RECOUNT, WITH_RECOUNT), (WITH_RECOUNT, WITH_PROJECTS)]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
@pytest.mark.parametrize(("before", "after"), sample(COUNTING, lambda _: "count", 1 / len(COUNTING)))
def test_a_file_that_is_added_during_a_count_is_counted(before: str, after: str) -> None:
    earlier = Earlier(Walk(), before)
    if before == BEFORE_RECOUNT:
        earlier.model("FileCount").objects.all().delete()
    with transaction.atomic():
        earlier.file("d.png", "pending", {})
        migration = in_background(migrate_and_disconnect, after)
        wait_until_blocked()
    outcome_of(migration, "the migration")
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


def test_a_run_that_was_interrupted_between_indexes_is_repeated() -> None:
    loader = MigrationLoader(connection)
    before = loader.project_state(("picasso", "0022_imports"))
    with connection.schema_editor(atomic=False) as editor:
        loader.get_migration("picasso", "0023_lists_of_files").apply(before, editor)
    assert {"file_state", "file_name"} <= set(
        connection.introspection.get_constraints(connection.cursor(), "picasso_file")
    )


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="of PostgreSQL's planner")
def test_an_empty_table_is_not_taken_for_empty_later() -> None:
    """The plans of foreign keys are kept by a connection. Made for an empty table, they read all of it."""
    loader = MigrationLoader(None)
    lists, state = loader.get_migration("picasso", "0023_lists_of_files"), loader.project_state()
    gather = next(step.code for step in lists.operations if isinstance(step, RunPython))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE picasso_file CASCADE")
        for expected in (-1, 1):  # -1: it is not known
            with connection.schema_editor() as editor:
                gather(state.apps, editor)
            cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'picasso_file'::regclass")
            assert cursor.fetchone() == (expected,)
            new_file()


def test_older_processes_can_insert_rows_until_they_are_replaced() -> None:
    """They leave out the columns that are new."""
    loader = MigrationLoader(None)
    for schema in SCHEMAS[19:]:
        for added in loader.disk_migrations["picasso", schema].operations:
            if isinstance(added, AddField):
                column = apps.get_model("picasso", added.model_name)._meta.get_field(added.name)
                assert column.null or column.db_default is not NOT_PROVIDED, column


def test_djangos_checks_find_nothing() -> None:
    """`picasso up` starts without them."""
    assert run_checks(databases=["default"]) == []
