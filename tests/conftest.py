"""Shared fixtures: private servers, and the real service in its embedded and in its production form."""

from __future__ import annotations

import gc
import itertools
import os
import random
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

# Before Django reads its settings: tests never touch anybody's data folder.
_DATA = tempfile.TemporaryDirectory(prefix="picasso-tests-")
os.environ.setdefault("PICASSO_DATA_DIR", _DATA.name)

# `nohup` and a shell's `&` start programs that ignore some signals, and what they start inherits that. A signal that is
# caught is not ignored by what we start, so the service's processes get every signal that a test sends.
for _number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)

from tests import databases, sampling, services
from tests.brokers import FOLDER, Broker, share, take
from tests.databases import Databases
from tests.devtools import Browsers, Window
from tests.services import Clamd, Postgres, RabbitMQ, Unavailable, servers_required
from tests.stack import Stack, production, running, started

# Hypothesis measures by the clock. On a busy machine that says nothing of a test. What it makes up is the same every
# day, so that nobody's run fails by chance; where everything runs, it is new each time.
settings.register_profile(
    "busy",
    deadline=None,
    derandomize=not sampling.everything(),
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=sampling.number(100, 20),
)
settings.load_profile("busy")


# What is imported and collected stays until the end: the collector would only walk through it, again and again.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """The order of the tests is that of the day, so that a failure that depends on it comes again."""
    if config.option.randomly_seed == "default" and not sampling.everything():
        config.option.randomly_seed = sampling.random_seed()


def pytest_report_header() -> str:
    return sampling.header()


ENGINES = ("embedded", "clustered")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is not in the sample of today, but where everything runs or a test is named.

    A test of both engines runs on one of them, drawn by the date. The tests of a file that starts services of its own
    run on the same one, so that only that is started. Of tests of one kind (the mark ``sampled``) runs a share.
    """
    if any("::" in argument for argument in config.args) or sampling.everything():
        return
    marks = {item.nodeid: mark for item in items if (mark := item.get_closest_marker("sampled"))}
    not_today = sampling.left_out({test: mark.args for test, mark in marks.items()})
    left_out = [item for item in items if item.nodeid in not_today or engine(item) not in {"", drawn_engine(item)}]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def engine(item: pytest.Item) -> str:
    """What a fixture of the test has as its parameter; empty for a test without engines."""
    callspec = getattr(item, "callspec", None)
    values = callspec.params.values() if callspec else ()
    return next((value for value in values if isinstance(value, str) and value in ENGINES), "")


def drawn_engine(item: pytest.Item) -> str:
    shared = "service" in getattr(item, "fixturenames", ())
    return random.Random(f"{sampling.seed()} {without_engine(item) if shared else item.path.name}").choice(ENGINES)


def without_engine(item: pytest.Item) -> str:
    name, _, parameters = item.nodeid.partition("[")
    return f"{name}[{parameters.replace(engine(item), '', 1)}"


AnyServer = TypeVar("AnyServer", Postgres, RabbitMQ, Clamd)


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="picasso-servers-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(servers_folder: Path) -> Iterator[Databases]:
    """Creates databases on the PostgreSQL of all parts, or on a private one of this session."""
    if shared := os.environ.get(databases.FOLDER):
        yield Databases(Path(shared))
        return
    with started_or_skipped(Postgres, servers_folder) as server:
        folder = servers_folder / "databases"
        folder.mkdir()
        databases.share(server, folder)
        yield Databases(folder)


@pytest.fixture(scope="session")
def brokers(servers_folder: Path) -> Iterator[Path]:
    """A folder for `tests.brokers`: that of all parts, or with a private RabbitMQ of this session."""
    if shared := os.environ.get(FOLDER):
        yield Path(shared)
        return
    with started_or_skipped(RabbitMQ, servers_folder) as server:
        folder = servers_folder / "brokers"
        folder.mkdir()
        share(server, folder)
        yield folder


@pytest.fixture(scope="session")
def new_broker(brokers: Path) -> Callable[[], Broker]:
    """Gives a RabbitMQ for one more installation each time."""
    return lambda: take(brokers)


@pytest.fixture(scope="session")
def rabbitmq(new_broker: Callable[[], Broker]) -> Broker:
    """A RabbitMQ of this session."""
    return new_broker()


@pytest.fixture(scope="session")
def clamd(servers_folder: Path) -> Iterator[Clamd]:
    """A private clamd of this session, with signatures of our own."""
    with started_or_skipped(Clamd, servers_folder) as server:
        yield server


@contextmanager
def started_or_skipped(service: type[AnyServer], folder: Path) -> Iterator[AnyServer]:
    """A running server. Where none can be started, the test is skipped; in CI it fails."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(services.started(service, folder))
        except Unavailable as why:
            if servers_required():
                pytest.fail(f"{service.__name__} can't be started here: {why}")
            # The summary of every run names the reason (-ra).
            pytest.skip(f"NOT TESTED on {service.__name__}, which can't be started here: {why}")
        yield server


@pytest.fixture(scope="session")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    browsers = Browsers(tmp_path_factory.mktemp("profiles"))
    yield browsers
    browsers.kill()


@pytest.fixture
def chromium(browsers: Browsers) -> Iterator[Window]:
    """The window of all tests of the session. Nothing is stored in it, but it has compiled their scripts already."""
    with browsers.kept_window() as window:
        yield window


@pytest.fixture(scope="session")
def new_data(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes data folders, a new one each time."""
    numbers = itertools.count()
    return lambda: tmp_path_factory.mktemp("stack") / f"data-{next(numbers)}"


@pytest.fixture(scope="session")
def embedded(new_data: Callable[[], Path]) -> Iterator[Stack]:
    """The whole service on its embedded default. It has made its folder itself."""
    with started(new_data()) as stack:
        yield stack


@pytest.fixture(scope="session")
def clustered(new_data: Callable[[], Path], postgres: Databases, new_broker: Callable[[], Broker]) -> Iterator[Stack]:
    """The whole service in the production profile, on PostgreSQL and RabbitMQ, with two web processes."""
    env = production(postgres.create_database("clustered"), new_broker().url, PICASSO_WEB_PROCESSES="2")
    with running(new_data(), **env) as stack:
        yield stack


@pytest.fixture(scope="session", params=ENGINES)
def service(request: pytest.FixtureRequest) -> Stack:
    """The same tests on both."""
    stack: Stack = request.getfixturevalue(request.param)
    return stack
