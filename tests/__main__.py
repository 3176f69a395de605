"""The whole suite: all of it once, and what touches the database a second time on a private PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.services import Postgres, Unavailable, servers_required, started

# What speaks to the database in this process; the rest of the suite starts services of its own, on both databases.
ON_BOTH_DATABASES = ["tests/flow"]


def main() -> int:
    chosen = sys.argv[1:]
    failed = pytest(chosen)
    if chosen:
        return failed
    try:
        with started(Postgres, Path(tempfile.gettempdir())) as server:
            print(f"\nThe same once more on PostgreSQL: {' '.join(ON_BOTH_DATABASES)}", flush=True)
            failed |= pytest(ON_BOTH_DATABASES, DATABASE_URL=server.url)
    except Unavailable as why:
        print(f"\nNOT TESTED on PostgreSQL: {why}", file=sys.stderr)
        failed |= servers_required()
    return failed


def pytest(arguments: list[str], **env: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], env=os.environ | env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
