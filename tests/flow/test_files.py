"""Which files a principal sees, and how many there are."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from picasso.access.principal import ANONYMOUS, OPEN, SERVICE, Principal, Scope
from picasso.access.projects import Project
from picasso.errors import Forbidden, NotFound
from picasso.files import queries
from picasso.files.delete import delete, undo
from picasso.models import (
    AuditRetention,
    Derivative,
    File,
    Job,
    OwnerUsage,
    ProjectUsage,
    UnscopedQueryError,
    Upload,
)
from picasso.storage import default_storage
from picasso.storage.folder import Folder
from tests.flow.http import client
from tests.flow.rows import new_file

pytestmark = pytest.mark.django_db

ANOTHER = Project(id=2, name="another")

STRANGERS = [
    replace(OPEN, project=ANOTHER),
    replace(OPEN, owner="ann"),
    replace(OPEN, scopes=frozenset(Scope) - {Scope.FILES_READ}),
]


@pytest.mark.parametrize("principal", [OPEN, SERVICE])
def test_a_file_is_seen(principal: Principal) -> None:
    file = new_file()
    made = Derivative.objects.create(file=file, processor="image", role="thumbnail", key="a/b", size=1)
    assert queries.get(principal, file.pk) == file
    assert queries.exists(principal, file.pk)
    assert queries.existing(principal, [file.pk, uuid.uuid4()]) == {file.pk}
    assert queries.newest_id(principal) == file.pk
    assert list(queries.derivatives(principal, file.pk, "image")) == [made]


@pytest.mark.parametrize("principal", STRANGERS)
def test_a_file_is_hidden_from_every_query(principal: Principal) -> None:
    file = new_file()
    Derivative.objects.create(file=file, processor="image", role="thumbnail", key="a/b", size=1)
    for query in (queries.visible_to, queries.newest_first, queries.with_derivatives):
        assert list(query(principal)) == []
    assert queries.count(principal) == 0
    with pytest.raises(NotFound):
        queries.get(principal, file.pk)
    assert not queries.exists(principal, file.pk)
    assert queries.existing(principal, [file.pk]) == set()
    assert queries.newest_id(principal) is None
    assert list(queries.derivatives(principal, file.pk, "image")) == []


@pytest.mark.parametrize("principal", STRANGERS)
def test_a_view_asks_for_the_principal(principal: Principal) -> None:
    file = new_file()
    stranger, reads = client(principal), Scope.FILES_READ in principal.scopes
    assert stranger.get("/api/v1.0/files/").json().get("count") == (0 if reads else None)
    assert stranger.get(f"/api/v1.0/files/{file.pk}/").status_code == (404 if reads else 403)
    assert stranger.get(f"/api/v1.0/files/{file.pk}/jobs/").status_code == (404 if reads else 200)
    if reads:
        assert stranger.delete(f"/api/v1.0/files/{file.pk}/").status_code == 404
    assert File.everywhere.filter(pk=file.pk).exists()


def test_deleting_needs_its_scope() -> None:
    file = new_file()
    with pytest.raises(Forbidden):
        delete(replace(OPEN, scopes=frozenset({Scope.FILES_READ})), default_storage(), file)
    assert File.everywhere.filter(pk=file.pk).exists()


@pytest.mark.parametrize(
    "principal",
    [replace(OPEN, project=ANOTHER), replace(OPEN, owner="ann")],
)
def test_a_file_that_is_not_visible_keeps_its_row_and_its_bytes(principal: Principal, tmp_path: Path) -> None:
    storage, file = Folder(tmp_path), new_file()
    stored = storage.files.path(file.key)
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"bytes")
    with pytest.raises(NotFound):
        delete(principal, storage, file)
    assert File.everywhere.filter(pk=file.pk).exists()
    assert stored.read_bytes() == b"bytes"
    delete(OPEN, storage, file)
    assert not stored.exists()
    with pytest.raises(NotFound):
        delete(OPEN, storage, file)


def test_undo_removes_the_bytes_whether_or_not_there_is_a_row(tmp_path: Path) -> None:
    storage = Folder(tmp_path)
    for committed in (True, False):
        file = new_file()
        stored = storage.files.path(file.key)
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_bytes(b"bytes")
        if not committed:
            File.everywhere.filter(pk=file.pk).delete()
        undo(storage, file)
        assert not File.everywhere.filter(pk=file.pk).exists()
        assert not stored.exists()


def test_the_count_is_read_from_the_total_of_the_project() -> None:
    new_file()
    new_file(project_id=2)
    with CaptureQueriesContext(connection) as asked:
        assert queries.count(OPEN) == queries.visible_to(OPEN).count() == File.everywhere.count() - 1
    assert "picasso_projectusage" in asked[0]["sql"]
    assert queries.count(replace(OPEN, project=ANOTHER)) == 1
    assert queries.count(SERVICE) == File.everywhere.count()


def test_the_count_of_an_owner_is_that_of_their_files() -> None:
    for owner in ("ann", "ann", "bob", ""):
        new_file(owner=owner)
    ann = replace(OPEN, owner="ann")
    assert queries.count(ann) == queries.visible_to(ann).count() == 2
    File.everywhere.filter(owner="ann").first().delete()  # type: ignore[union-attr]
    assert queries.count(ann) == 1
    assert queries.count(replace(OPEN, owner="nobody")) == 0


def test_a_file_in_the_trash_is_hidden_and_not_counted_but_its_bytes_are() -> None:
    file, before = new_file(owner="ann", size=7), ProjectUsage.total_files()
    File.everywhere.filter(pk=file.pk).update(deleted_at=Now())
    assert queries.count(OPEN) == before - 1
    assert not queries.exists(OPEN, file.pk)
    usage = OwnerUsage.objects.get(owner="ann")
    assert (usage.files, usage.trashed, usage.bytes) == (0, 1, 7)
    File.everywhere.filter(pk=file.pk).update(deleted_at=None)
    usage.refresh_from_db()
    assert (usage.files, usage.trashed, usage.bytes) == (1, 0, 7)


def test_a_query_without_a_project_does_not_run() -> None:
    for model in (File, Job, Upload):
        for query in (model.objects.all, model.objects.filter, model.objects.count, model.objects.first):
            with pytest.raises(UnscopedQueryError):
                query()
        assert list(model.objects.of(1)) == list(model.everywhere.filter(project=1))


def test_a_public_file_may_be_fetched_by_strangers_and_is_listed_to_none() -> None:
    public, private = new_file(visibility="public"), new_file()
    assert list(queries.fetchable_by(ANONYMOUS).filter(pk__in=[public.pk, private.pk])) == [public]
    assert not queries.exists(ANONYMOUS, public.pk)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("migrate", ["first", "last"])
def test_a_migration_that_changes_the_table_keeps_the_count(migrate: str) -> None:
    """On SQLite the table is copied, and its triggers are dropped with the old one."""
    new_file()
    field = File._meta.get_field("sha256")
    wider = field.clone()
    wider.max_length = 128
    wider.set_attributes_from_name("sha256")
    wider.model = File
    try:
        with connection.schema_editor() as editor:
            editor.alter_field(File, field, wider)
        if migrate == "last":
            new_file()  # as a data migration after it would
        call_command("migrate", verbosity=0)
        assert ProjectUsage.total_files() == File.everywhere.count()
        new_file()
        assert ProjectUsage.total_files() == File.everywhere.count()
        File.everywhere.latest("pk").delete()
        assert ProjectUsage.total_files() == File.everywhere.count()
    finally:
        with connection.schema_editor() as editor:
            editor.alter_field(File, wider, field)
        call_command("migrate", verbosity=0)
    assert ProjectUsage.total_files() == File.everywhere.count() > 0
    File.everywhere.all().delete()


@pytest.mark.django_db(transaction=True)
def test_triggers_that_are_there_are_left_alone() -> None:
    new_file()
    with CaptureQueriesContext(connection) as asked:
        call_command("migrate", verbosity=0)
    written = ("CREATE TRIGGER picasso_files", "INSERT INTO picasso_projectusage")
    assert not [query["sql"] for query in asked if query["sql"].strip().startswith(written)]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_counted_after_all_rows_were_deleted() -> None:
    new_file(owner="ann")
    # Without it PostgreSQL refuses to truncate the audit.
    AuditRetention.objects.create(pk=1, before=timezone.now() + timedelta(days=1))
    call_command("flush", verbosity=0, interactive=False)
    assert ProjectUsage.total_files() == 0
    new_file(owner="ann")
    assert ProjectUsage.total_files() == OwnerUsage.objects.get().files == 1
