"""Services with settings of their own, web process only: what they are tested for needs no worker."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port
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


# A service takes seconds to start, so test files share those below, each with the settings of several of them.

APP = "https://app.example.com"


@pytest.fixture(scope="session")
def page_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def listed(shared_web: Shared, page_port: int) -> Stack:
    """Lets in the pages of two origins; the second is that of a page in a browser of ours.

    It takes a mebibyte at most, and trusts a proxy that is not on this machine.
    """
    origins = f"{APP},http://localhost:{page_port}"
    limit, proxies = "1MiB", "192.0.2.0/24"
    return shared_web(PICASSO_CORS_ORIGINS=origins, PICASSO_MAX_UPLOAD_SIZE=limit, PICASSO_TRUSTED_PROXIES=proxies)


@pytest.fixture(scope="session")
def believing(shared_web: Shared) -> Stack:
    """Trusts whoever comes from this machine. Browsers that came by HTTPS are to do so for an hour."""
    return shared_web(PICASSO_TRUSTED_PROXIES="127.0.0.1", PICASSO_HSTS_SECONDS="3600")


@pytest.fixture(scope="session")
def accelerated(shared_web: Shared) -> Stack:
    """Has a public URL, and leaves the bytes of downloads to a server in front of it."""
    return shared_web(PICASSO_PUBLIC_URL="https://files.example.com", PICASSO_ACCEL_REDIRECT="/stored")


POLICIES = """
[pipelines.pictures.policy]
allowed_types = ["image/*"]
forbidden_types = ["image/svg+xml"]
max_size = {"*" = 5_000_000, "image/png" = 100_000}

[pipelines.strict.policy]
type_mismatch = "refuse"
bombs = "refuse"
encrypted = "refuse"
active_content = {macros = "refuse", javascript = "refuse", open_action = "flag"}

[pipelines.watch.policy]
type_mismatch = "flag"
active_content = "flag"
"""


@pytest.fixture(scope="session")
def policies(shared_web: Shared, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """Pipelines that refuse a lot."""
    config = tmp_path_factory.mktemp("config") / "picasso.toml"
    config.write_text(POLICIES)
    return shared_web(PICASSO_CONFIG=str(config), PICASSO_MAX_UPLOAD_SIZE="2GiB")


PIPELINES = """
[pipelines.default.image.options]
sizes = [320, 1280]
formats = ["avif", "webp"]

[pipelines.web.rendition]

[pipelines.formats.image]
options.formats = ["webp", "avif", "jpeg", "png"]
"""


@pytest.fixture(scope="session")
def processing(new_data: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole service, with thumbnails of other sizes and formats than the usual ones, and with more pipelines."""
    config = tmp_path_factory.mktemp("config") / "picasso.toml"
    config.write_text(PIPELINES + POLICIES)
    with running(new_data(), PICASSO_CONFIG=str(config)) as stack:
        yield stack


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
