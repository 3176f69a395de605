"""Run the whole suite: several parts side by side, each in a pytest of its own.

With arguments it runs one pytest with these arguments, for example `python -m tests tests/flow`.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests import again, brokers, databases, sampling
from tests.counted import left_running, processor_seconds, take_orphans
from tests.databases import Databases
from tests.flow import vendors
from tests.services import Postgres, RabbitMQ, Unavailable, servers_required, started
from tests.stack import SHARED_FOLDER

HERE = Path(__file__).parent

# Twice as many as there are cores: tests of the real service wait most of the time.
SIDE_BY_SIDE = 2 * (os.cpu_count() or 2)


@dataclass(frozen=True, slots=True)
class Part:
    """Tests that share one process, and so their services.

    ``vendor`` is the database in the process of the tests, where two parts share their tests (`tests.flow.vendors`).
    A part that has ``servers`` uses the PostgreSQL and the RabbitMQ of all parts.
    """

    name: str
    paths: Sequence[str]
    without: Sequence[str] = ()
    options: Sequence[str] = ()
    vendor: str = ""
    servers: bool = True

    @property
    def arguments(self) -> Sequence[str]:
        return [*self.options, *self.paths, *(f"--ignore={path}" for path in self.without)]


def live(*names: str) -> Sequence[str]:
    return [f"tests/live/test_{name}.py" for name in names]


# Files whose tests start services of their own: with other settings, or to stop and kill them. The others share two.
STOPPED = live("run", "without_decoders", "compose")
CONFIGURED = [
    *live("asgi_servers", "browser", "cors", "cross_site", "deployment", "page", "policy_of_jobs", "protocol"),
    *live("proxies", "request_head", "security_headers"),
]
LIMITED = live("access", "jobs", "policy", "rate_limits", "secrets", "slow_uploads", "uploads_quota")
OWN = [*STOPPED, *CONFIGURED, *LIMITED]
# They need the same two services.
OF_SERVICES = ["tests/contract/test_made_up.py", "tests/contract/test_schema.py"]

# The longest first, so that no long one is left over at the end.
PARTS = [
    Part("console", ["tests/console"]),
    # All that uses the database in the process of the tests.
    Part("flow on PostgreSQL", ["tests/flow"], vendor="postgresql"),
    Part("unit, detection and docs", ["tests/unit", "tests/detection", "tests/docs"], servers=False),
    Part("clients", ["tests/clients"]),
    Part("live: shared services", ["tests/live", *OF_SERVICES], without=OWN),
    Part("faults", ["tests/faults"]),
    Part("flow on SQLite", ["tests/flow"], vendor="sqlite"),
    Part("live: services with settings", CONFIGURED),
    Part("live: services that stop", STOPPED),
    Part("live: access and limits", LIMITED),
    Part("contract and hostile", ["tests/contract", "tests/hostile"], without=OF_SERVICES, servers=False),
]


@dataclass(frozen=True, slots=True)
class Ended:
    status: int
    processor_seconds: float
    by_chance: Sequence[str] = ()
    """Tests that failed, and passed when they were run again."""


def main() -> int:
    if chosen := sys.argv[1:]:
        return subprocess.run(pytest(chosen), env=environment({}), check=False).returncode
    check_parts()
    print(sampling.header(), flush=True)
    began = time.monotonic()
    counted = "" if take_orphans() else " without what outlives its parent, such as pages of browsers"
    with shared_servers() as servers, ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        ends = list(threads.map(lambda part: run(part, servers.result() if part.servers else {}), PARTS))
    left_running()
    used = processor_seconds(resource.getrusage(resource.RUSAGE_CHILDREN))
    took = time.monotonic() - began
    print(f"\n{len(PARTS)} parts and their servers: {took:.0f} s, processor time {used:.0f} s{counted}", flush=True)
    for name in [name for ended in ends for name in ended.by_chance]:
        print(f"FAILED BY CHANCE, passed when it was run again; mend it: {name}")
    failed = [part for part, ended in zip(PARTS, ends, strict=True) if ended.status]
    for part in failed:
        print(f"FAILED: {part.name}")
    return int(bool(failed))


@contextmanager
def shared_servers() -> Iterator[Future[Mapping[str, str]]]:
    """The environment in which a part uses the same servers as all the others, as soon as those run.

    It lacks what can't be had here, and the tests that need that say why.
    """
    with TemporaryDirectory(prefix="picasso-shared-") as name, ExitStack() as stack, ThreadPoolExecutor(3) as starters:

        def start(service: type[Postgres | RabbitMQ], share: Callable[[Any, Path], None], variable: str) -> str:
            with suppress(Unavailable):
                share(stack.enter_context(started(service, Path(tempfile.gettempdir()))), Path(name))
                return variable
            return ""

        def start_all() -> Mapping[str, str]:
            services = [(Postgres, databases.share, databases.FOLDER), (RabbitMQ, brokers.share, brokers.FOLDER)]
            variables = starters.map(start, *zip(*services, strict=True))
            return {variable: name for variable in (SHARED_FOLDER, *variables) if variable}

        yield starters.submit(start_all)


def check_parts() -> None:
    """That every folder with tests is in a part, and that every path of a part exists."""
    paths = {path for part in PARTS for path in part.paths}
    listed = {"/".join(path.split("/")[:2]) for path in paths}
    there = {f"tests/{path.name}" for path in HERE.iterdir() if any(path.glob("**/test_*.py"))}
    assert there == listed, f"tests/__main__.py lists other folders: {there ^ listed}"
    missing = [path for path in paths if not (HERE.parent / path).exists()]
    assert not missing, f"tests/__main__.py lists paths that do not exist: {missing}"


def run(part: Part, env: Mapping[str, str]) -> Ended:
    """Run one part and print what it printed, in one piece."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as output, TemporaryDirectory(prefix="picasso-failures-") as failures:
        ended = run_twice(part, output.fileno(), {**env, vendors.VENDOR: part.vendor}, Path(failures))
        output.seek(0)
        took = f"{time.monotonic() - began:.0f} s, processor time {ended.processor_seconds:.0f} s"
        with PRINTING:
            print(f"\n===== {part.name}: {took}\n{output.read()}", flush=True)
    return ended


def run_twice(part: Part, output: int, env: Mapping[str, str], failures: Path) -> Ended:
    """The second time only what has failed; see `tests.again`."""
    start = run_on_postgres if part.vendor == "postgresql" else run_pytest

    def run_with(options: Sequence[str]) -> Ended:
        return start(replace(part, options=[*again.cache(failures), *options]), output, env)

    ended = run_with([])
    by_chance = again.passed_again(ended.status, failures, lambda options: run_with(options).status)
    return replace(ended, status=0, by_chance=by_chance) if by_chance else ended


PRINTING = threading.Lock()


def run_on_postgres(part: Part, output: int, env: Mapping[str, str]) -> Ended:
    if databases.FOLDER in env:
        return run_pytest(part, output, {**env, "DATABASE_URL": Databases(Path(env[databases.FOLDER])).url})
    os.write(output, b"NOT TESTED on PostgreSQL, which can't be started here.\n")
    if servers_required():
        return Ended(1, 0.0)
    # What was drawn for it runs at least on SQLite.
    return run_pytest(part, output, {**env, vendors.VENDOR: vendors.DRAWN_FOR_POSTGRES})


def run_pytest(part: Part, output: int, env: Mapping[str, str]) -> Ended:
    command = [sys.executable, "-m", "tests.counted", *pytest(part.arguments)]
    with subprocess.Popen(command, env=environment(env), stdout=output, stderr=output) as process:
        # Only `wait4` tells how much processor time this one process and all that it started have used.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Ended(process.returncode, processor_seconds(usage))


def pytest(arguments: Sequence[str]) -> list[str]:
    measured = ["coverage", "run", "-m"] if os.environ.get("PICASSO_TEST_MEASURED") else []
    return [sys.executable, "-m", *measured, "pytest", *arguments]


def environment(env: Mapping[str, str]) -> Mapping[str, str]:
    # Where it is set, as in some containers, hundreds of processes would compile our modules, each for itself.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **sampling.settings(), **env}


if __name__ == "__main__":
    sys.exit(main())
