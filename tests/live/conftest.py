"""Services with settings of their own, web process only: what they are tested for needs no worker."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.stack import Stack, migrated, running

# A line for each of thousands of requests would only take time and hide what a failing test has to say.
logging.getLogger("httpx").setLevel(logging.WARNING)


@contextmanager
def web_only(data: Path, **env: str) -> Iterator[Stack]:
    """A database that is given has all tables."""
    if "DATABASE_URL" not in env:
        shutil.copytree(migrated(), data)
    with running(data, "web", "/healthz", **env) as stack:
        yield stack


Shared = Callable[..., Stack]


@pytest.fixture(scope="session")
def shared_web(new_data: Callable[[], Path]) -> Iterator[Shared]:
    """Gives the web process with these settings, the same one to all tests of this session."""
    running: dict[tuple[tuple[str, str], ...], Stack] = {}
    with ExitStack() as stacks:

        def get(**env: str) -> Stack:
            key = tuple(sorted(env.items()))
            if key not in running:
                running[key] = stacks.enter_context(web_only(new_data(), **env))
            return running[key]

        yield get


@pytest.fixture(scope="session")
def limited(new_data: Callable[[], Path]) -> Iterator[Stack]:
    """Takes a mebibyte at most, and waits two seconds for the next byte."""
    with web_only(new_data(), PICASSO_MAX_UPLOAD_SIZE="1MiB", PICASSO_UPLOAD_IDLE_TIMEOUT="2") as stack:
        yield stack


@pytest.fixture(scope="session")
def full(new_data: Callable[[], Path]) -> Iterator[Stack]:
    """Its disk never has the space that is to stay free."""
    with web_only(new_data(), PICASSO_MIN_FREE_SPACE="1000TiB") as stack:
        yield stack
