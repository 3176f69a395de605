"""Which files a principal sees, and how many there are."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from picasso.access.principal import OPEN, SERVICE, Principal, Scope
from picasso.errors import Forbidden, NotFound
from picasso.files import queries
from picasso.files.delete import delete, undo
from picasso.models import Derivative, File, FileCount
from picasso.storage import default_storage
from picasso.storage.folder import Folder
from tests.flow.http import client
from tests.flow.rows import new_file

pytestmark = pytest.mark.django_db

STRANGERS = [
    replace(OPEN, project="another"),
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
        assert queries.count(query(principal)) == 0
    with pytest.raises(NotFound):
        queries.get(principal, file.pk)
    assert not queries.exists(principal, file.pk)
    assert queries.existing(principal, [file.pk]) == set()
    assert queries.newest_id(principal) is None
    assert list(queries.derivatives(principal, file.pk, "image")) == []


@pytest.mark.parametrize("principal", STRANGERS)
def test_a_view_asks_for_the_principal(principal: Principal) -> None:
    file = new_file()
    stranger = client(principal)
    assert stranger.get("/api/v1.0/files/").json()["count"] == 0
    assert stranger.get(f"/api/v1.0/files/{file.pk}/").status_code == 404
    assert stranger.get(f"/api/v1.0/files/{file.pk}/jobs/").status_code == 404
    assert stranger.delete(f"/api/v1.0/files/{file.pk}/").status_code == 404
    assert File.objects.filter(pk=file.pk).exists()


def test_deleting_needs_its_scope() -> None:
    file = new_file()
    with pytest.raises(Forbidden):
        delete(replace(OPEN, scopes=frozenset({Scope.FILES_READ})), default_storage(), file)
    assert File.objects.filter(pk=file.pk).exists()


@pytest.mark.parametrize(
    "principal",
    [
        replace(OPEN, scopes=frozenset({Scope.FILES_DELETE})),
        replace(OPEN, project="another"),
        replace(OPEN, owner="ann"),
    ],
)
def test_a_file_that_is_not_visible_keeps_its_row_and_its_bytes(principal: Principal, tmp_path: Path) -> None:
    storage, file = Folder(tmp_path), new_file()
    stored = storage.files.path(file.key)
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"bytes")
    with pytest.raises(NotFound):
        delete(principal, storage, file)
    assert File.objects.filter(pk=file.pk).exists()
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
            File.objects.filter(pk=file.pk).delete()
        undo(storage, file)
        assert not File.objects.filter(pk=file.pk).exists()
        assert not stored.exists()


def test_the_count_of_all_files_is_read_from_the_total() -> None:
    new_file()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert queries.count(queries.newest_first(OPEN)) == queries.visible_to(OPEN).count()
    assert "picasso_filecount" in asked[0]["sql"]


def test_the_count_of_some_files_is_their_own() -> None:
    for state in (File.State.PENDING, File.State.PENDING, File.State.FAILED):
        new_file(state=state)
    everything = queries.visible_to(OPEN)
    assert queries.count(everything.filter(state=File.State.FAILED)) == 1
    assert queries.count(everything.exclude(state=File.State.FAILED)) == queries.count(everything) - 1
    assert queries.count(everything[:2]) == 2
    assert queries.count(everything.none()) == 0
    assert queries.count(everything[1:]) == 2


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
        assert FileCount.total() == File.objects.count()
        new_file()
        assert FileCount.total() == File.objects.count()
        File.objects.latest("pk").delete()
        assert FileCount.total() == File.objects.count()
    finally:
        with connection.schema_editor() as editor:
            editor.alter_field(File, wider, field)
        call_command("migrate", verbosity=0)
    assert FileCount.total() == File.objects.count() > 0
    File.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_triggers_that_are_there_are_left_alone() -> None:
    new_file()
    with CaptureQueriesContext(connection) as asked:
        call_command("migrate", verbosity=0)
    assert not [query["sql"] for query in asked if "picasso_filecount" in query["sql"]]
