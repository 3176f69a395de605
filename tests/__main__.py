"""The whole suite: what can share the machine side by side, then alone what measures how soon a fault is mended."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tests.services import Postgres, Unavailable, servers_required, started

# These wait for services most of the time, and the rest computes most of the time.
LIVE = ["tests/live", "tests/clients"]
# These kill parts of a service and give it so many seconds to be whole again.
ALONE = ["tests/faults"]

# What speaks to the database in this process; the rest of the suite starts services of its own, on both databases.
ON_BOTH_DATABASES = ["tests/flow"]


def main() -> int:
    if chosen := sys.argv[1:]:
        return pytest(chosen)
    folder = Path(__file__).parent
    rest = [f"tests/{path.name}" for path in sorted(folder.iterdir()) if any(path.glob("**/test_*.py"))]
    rest = [path for path in rest if path not in {*LIVE, *ALONE}]
    with tempfile.TemporaryFile("w+") as output:
        beside = Beside(LIVE, output.fileno())
        failed = pytest(rest) | on_postgres()
        failed |= beside.wait()
        output.seek(0)
        print(f"\nBeside these: {' '.join(LIVE)}\n{output.read()}", flush=True)
    return failed | pytest(ALONE)


class Beside(threading.Thread):
    """A pytest that runs meanwhile, and whose word is heard when it has ended."""

    def __init__(self, arguments: list[str], output: int) -> None:
        super().__init__()
        self._arguments = arguments
        self._output = output
        self._failed = 1
        self.start()

    def run(self) -> None:
        self._failed = pytest(self._arguments, self._output)

    def wait(self) -> int:
        self.join()
        return self._failed


def on_postgres() -> int:
    try:
        with started(Postgres, Path(tempfile.gettempdir())) as server:
            print(f"\nThe same once more on PostgreSQL: {' '.join(ON_BOTH_DATABASES)}", flush=True)
            return pytest(ON_BOTH_DATABASES, DATABASE_URL=server.url)
    except Unavailable as why:
        print(f"\nNOT TESTED on PostgreSQL: {why}", file=sys.stderr)
        return int(servers_required())


def pytest(arguments: list[str], output: int | None = None, **env: str) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, env=os.environ | env, stdout=output, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
