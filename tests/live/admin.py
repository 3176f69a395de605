"""The way into the admin."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.stack import Stack

HAVE_ONE: set[Path] = set()


def superuser(stack: Stack) -> None:
    """Once for each service, as test files share some."""
    if stack.data in HAVE_ONE:
        return
    HAVE_ONE.add(stack.data)
    names = {"USERNAME": "dora", "EMAIL": "dora@example.com", "PASSWORD": "maar-1937"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in names.items():
            patch.setitem(stack._env, f"DJANGO_SUPERUSER_{name}", value)
        stack.manage("createsuperuser", "--noinput")


def token(page: httpx.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found, page.text
    return found[1]
