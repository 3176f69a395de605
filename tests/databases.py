"""Databases on one PostgreSQL, which all parts of the suite share. Each is for one installation."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.services import Postgres
from tests.stack import Stack, once

# The environment of a part's process has the folder that `share` has prepared.
FOLDER = "PICASSO_TEST_DATABASES"

URL, MIGRATED = "database", "migrated"


def share(server: Postgres, folder: Path) -> None:
    """From now on all processes that know the folder can create databases on this server."""
    (folder / URL).write_text(server.url)


class Databases:
    """Creates databases on the server that was shared in this folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = (folder / URL).read_text()

    def create_database(self, name: str) -> str:
        """The URL of a new one that has all tables. Its name begins with this."""
        return self._create(f"{name}_{uuid4().hex}", self.migrated_template())

    def migrated_template(self) -> str:
        """The name of a database that has all tables: migrations take seconds, a copy does not."""
        with once(self._folder / MIGRATED) as data:
            if data:
                url = self._create(MIGRATED, "template1")
                Stack(data, DATABASE_URL=url).manage("migrate", "--verbosity", "0")
        return MIGRATED

    def _create(self, name: str, template: str) -> str:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(statement)
        return f"{self.url.rpartition('/')[0]}/{name}"
