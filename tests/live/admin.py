"""The way into the admin."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from django.contrib.auth.hashers import make_password

from tests.stack import Stack

HAVE_ONE: set[Path] = set()
NAME, PASSWORD = "dora", "maar-1937"


def superuser(stack: Stack) -> None:
    """Once for each service, as test files share some."""
    if stack.data in HAVE_ONE:
        return
    HAVE_ONE.add(stack.data)
    (create_by_command if stack.is_whole else insert)(stack)


def create_by_command(stack: Stack) -> None:
    names = {"USERNAME": NAME, "EMAIL": f"{NAME}@example.com", "PASSWORD": PASSWORD}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in names.items():
            patch.setitem(stack._env, f"DJANGO_SUPERUSER_{name}", value)
        stack.manage("createsuperuser", "--noinput")


def insert(stack: Stack) -> None:
    """Into SQLite. The command takes seconds."""
    row = {
        **dict.fromkeys(("is_superuser", "is_staff", "is_active"), True),
        **dict.fromkeys(("first_name", "last_name", "email"), ""),
        "username": NAME,
        "password": make_password(PASSWORD),
        "date_joined": datetime.now(UTC).replace(tzinfo=None).isoformat(" "),
    }
    statement = f"INSERT INTO auth_user ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})"
    with closing(sqlite3.connect(stack.data / "picasso.sqlite3", timeout=30)) as database, database:
        database.execute(statement, row)


def token(page: httpx.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found, page.text
    return found[1]
