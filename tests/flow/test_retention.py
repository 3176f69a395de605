"""How long files are kept: expiry by client, pipeline and project; the trash, and what ends there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from picasso.access.principal import OPEN, Principal, Scope
from picasso.access.projects import Project as Settings
from picasso.access.projects import read
from picasso.files.change import change
from picasso.files.queries import count
from picasso.files.retention import BATCH, Retention, due, remove_due
from picasso.models import DEFAULT_PROJECT, File, OwnerUsage, Project
from picasso.process import reprocess
from picasso.process.pipelines import Pipeline, Pipelines
from picasso.storage.folder import Folder
from tests.flow.http import client
from tests.flow.rows import derivative_of, new_file, new_job
from tests.stack import until
from tests.waiting import join

pytestmark = pytest.mark.django_db

FILES, TRASH = "/api/v1.0/files/", "/api/v1.0/trash/"


@pytest.fixture
def keeper() -> Principal:
    """Of a project whose trash keeps files for three days."""
    row = Project.objects.create(name="kept", trash_days=3)
    return replace(OPEN, project=read(row.pk))


@pytest.fixture
def storage(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def project_of(principal: Principal) -> Settings:
    assert principal.project
    return principal.project


def a_moment_ago() -> datetime:
    """Due by the clock of every database: that of SQLite has milliseconds, and may be one behind."""
    return timezone.now() - timedelta(seconds=1)


def stored(storage: Folder, **fields: Any) -> File:
    file = new_file(**fields)
    path = storage.files.path(file.key)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"bytes")
    return file


def exists(storage: Folder, file: File) -> tuple[bool, bool]:
    """Whether its row and its bytes are there."""
    return File.everywhere.filter(pk=file.pk).exists(), storage.files.path(file.key).exists()


def test_an_expired_file_is_deleted_with_all_that_was_made_of_it(storage: Folder) -> None:
    due, later, never = (
        stored(storage, expires_at=at) for at in (a_moment_ago(), timezone.now() + timedelta(hours=1), None)
    )
    derivative_of(new_job(due)).save()
    assert remove_due(storage) == 1
    assert [exists(storage, file) for file in (due, later, never)] == [(False, False), (True, True), (True, True)]


def test_a_file_goes_to_the_trash_and_comes_back(keeper: Principal) -> None:
    file = new_file(project_id=project_of(keeper).id)
    mine, path = client(keeper), f"{FILES}{file.pk}/"
    before = mine.get(path).json()
    assert mine.delete(path).status_code == 204
    assert mine.get(path).status_code == 404
    assert mine.delete(path).status_code == 404
    assert mine.get(FILES).json()["count"] == count(keeper) == 0
    (shown,) = mine.get(TRASH).json()["results"]
    assert (shown["id"], mine.get(TRASH).json()["count"]) == (str(file.pk), 1)
    assert shown["deleted_at"]
    assert mine.post(f"{path}restore/").status_code == 200
    assert mine.get(path).json() == before
    assert mine.post(f"{path}restore/").status_code == 404
    assert mine.get(TRASH).json()["count"] == 0


def test_others_neither_see_the_trash_nor_restore_from_it(keeper: Principal) -> None:
    file = new_file(project_id=project_of(keeper).id, owner="ann")
    client(keeper).delete(f"{FILES}{file.pk}/")
    restore = f"{FILES}{file.pk}/restore/"
    for stranger in (OPEN, replace(keeper, owner="bob")):
        assert client(stranger).get(TRASH).json()["count"] == 0
        assert client(stranger).post(restore).status_code == 404
        assert client(stranger).delete(f"{FILES}{file.pk}/?permanently=true").status_code == 404
    reader = replace(keeper, scopes=frozenset({Scope.FILES_READ}))
    assert client(reader).post(restore).status_code == 403
    assert client(replace(keeper, scopes=frozenset())).get(TRASH).status_code == 403
    assert client(replace(keeper, owner="ann")).post(restore).status_code == 200


def test_without_a_trash_a_file_is_gone_at_once() -> None:
    file = new_file()
    assert client(OPEN).delete(f"{FILES}{file.pk}/").status_code == 204
    assert not File.everywhere.filter(pk=file.pk).exists()


@pytest.mark.parametrize("trashed", [False, True])
def test_a_file_is_deleted_permanently_if_that_is_asked_for(keeper: Principal, trashed: bool) -> None:
    file = new_file(project_id=project_of(keeper).id)
    path = f"{FILES}{file.pk}/"
    if trashed:
        client(keeper).delete(path)
    assert client(keeper).delete(f"{path}?permanently=perhaps").status_code == 400
    assert client(keeper).delete(f"{path}?permanently=true").status_code == 204
    assert not File.everywhere.filter(pk=file.pk).exists()


def test_the_trash_is_emptied_after_its_days(storage: Folder, keeper: Principal) -> None:
    project_id = project_of(keeper).id
    old, new = (
        stored(storage, project_id=project_id, owner="ann", deleted_at=timezone.now() - timedelta(days=days))
        for days in (4, 2)
    )
    elsewhere = stored(storage, deleted_at=Now())  # in a project that has no trash any more
    assert remove_due(storage) == 2
    assert [exists(storage, file)[0] for file in (old, new, elsewhere)] == [False, True, False]
    usage = OwnerUsage.objects.get(project=project_id, owner="ann")
    assert (usage.files, usage.trashed, usage.bytes) == (0, 1, 5)


@pytest.mark.parametrize("again", [False, True])
def test_a_file_that_was_restored_meanwhile_is_kept(
    storage: Folder, keeper: Principal, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    """Also if it was deleted once more: it stays in the trash for all its days."""
    file = stored(storage, project_id=project_of(keeper).id, deleted_at=timezone.now() - timedelta(days=4))
    found = list(due())
    monkeypatch.setattr("picasso.files.retention.due", lambda: iter(found))
    File.everywhere.filter(pk=file.pk).update(deleted_at=timezone.now() if again else None)
    assert remove_due(storage) == 1
    assert exists(storage, file) == (True, True)


@pytest.mark.parametrize("days", [900_000, 2**31 - 1])
def test_settings_out_of_the_range_of_dates_stop_no_deletion(storage: Folder, days: int) -> None:
    """The API refuses them, but rows may have been written past it."""
    Project.objects.create(name="for-ever", trash_days=days)
    kept = stored(storage, project_id=Project.objects.get(name="for-ever").pk, deleted_at=timezone.now())
    expired = stored(storage, expires_at=a_moment_ago())
    assert remove_due(storage) == 1
    assert [exists(storage, file)[0] for file in (kept, expired)] == [True, False]


def test_looking_for_what_is_due_takes_as_many_queries_for_many_projects(django_assert_num_queries: Any) -> None:
    for n in range(20):
        new_file(project_id=Project.objects.create(name=f"p{n}", trash_days=n + 1).pk, deleted_at=timezone.now())
    with django_assert_num_queries(2):
        assert not list(due())


@pytest.mark.parametrize("wish", [None, timezone.now() + timedelta(days=9)])
def test_a_client_can_not_keep_a_file_longer_than_its_project(wish: datetime | None) -> None:
    Project.objects.filter(pk=DEFAULT_PROJECT).update(retention_days=2)
    mine, file = replace(OPEN, project=read(DEFAULT_PROJECT)), new_file()
    change(mine, file, {"expires_at": wish})
    file.refresh_from_db()
    assert file.expires_at == file.uploaded_at + timedelta(days=2)
    sooner = file.uploaded_at + timedelta(days=1)
    change(mine, file, {"expires_at": sooner})
    file.refresh_from_db()
    assert file.expires_at == sooner


@pytest.mark.parametrize(("pipeline", "project", "kept"), [(3, None, 3), (3, 9, 3), (9, 3, 3), (None, None, None)])
def test_the_first_of_project_and_pipeline_counts_after_a_patch_as_well(
    monkeypatch: pytest.MonkeyPatch, pipeline: int | None, project: int | None, kept: int | None
) -> None:
    known = Pipelines([Pipeline("default", retention_days=pipeline)])
    monkeypatch.setattr("picasso.api.files.pipelines", lambda: known)
    Project.objects.filter(pk=DEFAULT_PROJECT).update(retention_days=project)
    file, mine = new_file(), client(replace(OPEN, project=read(DEFAULT_PROJECT)))
    end = file.uploaded_at + timedelta(days=kept) if kept else None
    later = (timezone.now() + timedelta(days=30)).isoformat()
    for wish in (None, later):
        patched = mine.patch(f"/api/v1.0/files/{file.pk}/", {"expires_at": wish}, content_type="application/json")
        assert patched.status_code == 200
        file.refresh_from_db()
        assert file.expires_at == (end or (wish and datetime.fromisoformat(wish)))


def test_reprocessing_applies_how_long_pipeline_and_project_keep_files_now(storage: Folder) -> None:
    Project.objects.filter(pk=DEFAULT_PROJECT).update(retention_days=9)
    plain, hurried = new_file(), new_file(expires_at=timezone.now() + timedelta(days=1))
    before = hurried.expires_at
    for version, days in ((2, 20), (3, 4), (4, 6)):
        known = Pipelines([Pipeline("default", version, retention_days=days)])
        reprocess.start(known, "default", {})
        while reprocess.advance(storage, known):
            pass
        plain.refresh_from_db()
        hurried.refresh_from_db()
        assert plain.expires_at == plain.uploaded_at + timedelta(days={20: 9, 4: 4, 6: 4}[days])
        assert hurried.expires_at == before


def test_many_are_deleted_batch_by_batch(storage: Folder) -> None:
    for _ in range(BATCH + 1):
        new_file(expires_at=a_moment_ago())
    assert [remove_due(storage) for _ in range(3)] == [BATCH, 1, 0]


@pytest.mark.django_db(transaction=True)
def test_a_worker_deletes_what_is_due(storage: Folder) -> None:
    file, retention = stored(storage, expires_at=a_moment_ago()), Retention(storage)
    retention.start()
    until(lambda: exists(storage, file) == (False, False), 30, lambda: "the file was not deleted", every=0.01)
    retention.stop()
    join(retention._thread)
