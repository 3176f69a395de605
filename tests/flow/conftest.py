"""For tests that speak to the database in this process: on SQLite, and once more on PostgreSQL."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client, TransactionTestCase
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

from picasso.access import people
from picasso.access.projects import DEFAULT
from picasso.limits.default import default_counters
from picasso.models import AuditEntry, AuditRetention, File, Project, ProjectUsage
from tests import databases
from tests.databases import Databases
from tests.flow.people import PASSWORD, Role, fast_hashes, new_browser, set_up_second_factor
from tests.flow.vendors import VENDOR, runs_on
from tests.stack import SHARED_FOLDER, migrated

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where the whole suite runs, it has two parts with these tests: one on each database."""
    vendor = os.environ.get(VENDOR, "")
    left_out = [item for item in items if vendor and not is_run(item, vendor)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def is_run(item: pytest.Item, vendor: str) -> bool:
    skipped = item.get_closest_marker("skipif") is not None
    function = getattr(item, "function", None)
    return runs_on(vendor, item.nodeid, function, uses_database=uses_database(item), skipped=skipped)


def uses_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A database that loses commits if its machine loses power, as none does here: each takes a tenth of the time.

    The parts of the suite share what was migrated. SQLite is in a file, as the service has it: in memory, which Django
    would take, threads lock each other out.
    """
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        path = tmp_path_factory.mktemp("database") / "test.sqlite3"
        config["TEST"]["NAME"] = str(path)
        config["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
        if SHARED_FOLDER in os.environ:
            shutil.copy(migrated() / "picasso.sqlite3", path)
    else:
        config["OPTIONS"]["options"] += " -c synchronous_commit=off"
        if folder := os.environ.get(databases.FOLDER):
            config["TEST"]["TEMPLATE"] = Databases(Path(folder)).migrated_template()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Whether the file that was copied is used as it is. Django would make a new one in its place."""
    return connection.vendor == "sqlite" and SHARED_FOLDER in os.environ


@pytest.fixture(scope="session", autouse=True)
def _emptied_quickly() -> Iterator[None]:
    """Django's `flush` takes five times as long, as it makes anew what no test changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield


def empty_tables(_: TransactionTestCase) -> None:
    """Leave what a new database has, also of the audit, which nobody else can empty."""
    deletions = [f"DELETE FROM {table}" for table in tables()]
    with transaction.atomic(), connection.cursor() as cursor:
        AuditRetention.objects.update_or_create(pk=1, defaults={"before": END_OF_TIME})
        # PostgreSQL takes them all at once.
        for statement in deletions if connection.vendor == "sqlite" else ["; ".join(deletions)]:
            cursor.execute(statement)
        Project.objects.create(pk=DEFAULT.id, name=DEFAULT.name)
        if connection.vendor == "sqlite":  # which counts in this one row
            ProjectUsage.objects.create(project_id=DEFAULT.id, slot=0)


@cache
def tables() -> list[str]:
    """That of files goes first: triggers count them in other tables. What allows to empty the audit goes after it."""
    later = [model for model in apps.get_models(include_auto_created=True) if model not in (ContentType, Permission)]
    models: list[type[Model]] = [File, AuditEntry, *later]
    return list(dict.fromkeys(model._meta.db_table for model in models))


@pytest.fixture(scope="session", autouse=True)
def _static_files_found_once() -> Iterator[None]:
    """Each new client of Django's would look for all of them, which takes longer than most requests."""
    find = WhiteNoiseMiddleware.add_files_from_finders
    files: dict[str, Any] = {}

    def find_once(middleware: WhiteNoiseMiddleware) -> None:
        if not files:
            find(middleware)
            files.update(middleware.files)
        middleware.files.update(files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", find_once)
        yield


@pytest.fixture(autouse=True)
def _fresh_counters() -> Iterator[None]:
    """What a test uses of a rate, which all tests share as they have one address, the next one has not used."""
    yield
    default_counters.cache_clear()


# Of the tests of people


@pytest.fixture
def ann() -> User:
    """An administrator of everything."""
    return people.create("ann", PASSWORD, Role.ADMIN, None)


@pytest.fixture
def browser() -> Client:
    return new_browser()


@pytest.fixture
def of_people(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords cost little, and the connection of the test's own requests is closed."""
    fast_hashes(monkeypatch)
    yield
    connection.close()


@pytest.fixture
def with_second_factor(ann: User) -> list[str]:
    """Recovery codes."""
    return set_up_second_factor(ann)
