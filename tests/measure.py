"""Run the suite, or the tests given as arguments, and report the branches of `picasso` that ran, in all processes.

The process of the tests, and the web processes, workers and commands that tests start, are measured by coverage.py
itself. Fork servers and their children have neither its settings nor files: see `tests.forkserver_coverage`.
What a process that was killed had run is lost, but for a child's.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import coverage

import picasso

ROOT = Path(__file__).parents[1]
PACKAGE = Path(picasso.__file__).parent
FOLDER = ROOT / ".coverage-data"
# coverage.py adds a suffix for each process.
DATA = FOLDER / "coverage"
FORKED = FOLDER / "forked"

# Python runs this when it starts. Of all processes only fork servers heed it.
HOOK = Path(sysconfig.get_path("purelib")) / "picasso_forkserver_coverage.pth"
HOOK_LINE = (
    "import sys; 'picasso.process.forkserver' in sys.orig_argv and (sys.path.append({root!r}), "
    "__import__('tests.forkserver_coverage').forkserver_coverage.start({folder!r}, {package!r}), "
    "sys.path.remove({root!r}))\n"
)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the hook must not stay behind
    shutil.rmtree(FOLDER, ignore_errors=True)
    FORKED.mkdir(parents=True)
    with fork_servers_measured():
        failed = run(sys.argv[1:])
    measured = coverage.Coverage(data_file=str(DATA))
    measured.combine([str(FOLDER)])
    measured.get_data().update(forked())
    measured.save()
    measured.html_report(directory=str(FOLDER / "html"))
    share = measured.report(skip_covered=True)
    bar = measured.get_option("report:fail_under")
    assert isinstance(bar, int | float)
    if share < bar:
        print(f"coverage is {share:.2f} %, less than the {bar} % that it must be", file=sys.stderr)
    return int(bool(failed) or share < bar)


def run(arguments: list[str]) -> int:
    env = os.environ | {"COVERAGE_FILE": str(DATA), "PICASSO_TEST_MEASURED": "1"}
    return subprocess.run([sys.executable, "-m", "tests", *arguments], env=env, cwd=ROOT, check=False).returncode


@contextmanager
def fork_servers_measured() -> Iterator[None]:
    HOOK.write_text(HOOK_LINE.format(root=str(ROOT), folder=str(FORKED), package=str(PACKAGE)))
    try:
        yield
    finally:
        HOOK.unlink()


def forked() -> coverage.CoverageData:
    """What fork servers and their children wrote."""
    found = coverage.CoverageData(no_disk=True)
    for path in FORKED.iterdir():
        if text := path.read_text():  # empty if it was killed before its first job had ended
            found.add_arcs({file: [(a, b) for a, b in arcs] for file, arcs in json.loads(text).items()})
    return found


if __name__ == "__main__":
    sys.exit(main())
