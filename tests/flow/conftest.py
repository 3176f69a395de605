"""For tests that speak to the database in this process: on SQLite, and once more on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from picasso.models import AuditEntry, AuditRetention

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file, as the service has it: in memory, which Django would take, threads lock each other out."""
    if connection.vendor == "sqlite":
        folder: Path = tmp_path_factory.mktemp("database")
        connection.settings_dict["TEST"]["NAME"] = str(folder / "test.sqlite3")


@pytest.fixture(autouse=True)
def removable_audit(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test that commits, all tables are emptied, also that of the audit, which nobody else can empty."""
    marker = request.node.get_closest_marker("django_db")
    if not (marker and marker.kwargs.get("transaction")):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    AuditRetention.objects.update_or_create(pk=1, defaults={"before": END_OF_TIME})
    AuditEntry.objects.all().delete()
