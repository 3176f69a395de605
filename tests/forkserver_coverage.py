"""Measures the code of fork servers and of their children. `tests.measure` has every fork server run `start`.

A child may not open a file once it is confined, and it is killed when it is no longer needed. So it opens its file when
it is forked, and writes what it has run after each job. The environment of a fork server holds no setting of
coverage.py, so everything that is needed is given here.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import coverage

# A file descriptor that no test takes for one of the service's: these are below.
LOWEST_FD = 200


class Recorder:
    """The branches that this process has run, and the file for them."""

    def __init__(self, folder: Path, package: Path) -> None:
        self._folder = folder
        self._coverage = coverage.Coverage(data_file=None, branch=True, include=[f"{package}/*"], config_file=False)
        self._coverage.set_option("run:disable_warnings", ["no-data-collected"])
        self._fd = -1

    def start(self) -> None:
        self.open()
        self._coverage.start()
        os.register_at_fork(after_in_child=self._forked)
        os._exit = self._before(os._exit)

    def open(self) -> None:
        fd = os.open(self._folder / f"{uuid.uuid4()}.json", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        self._fd = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, LOWEST_FD)
        os.close(fd)

    def write(self) -> None:
        data = self._coverage.get_data()
        found = {file: data.arcs(file) or [] for file in data.measured_files()}
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, json.dumps(found).encode(), 0)

    def _forked(self) -> None:
        os.close(self._fd)
        self.open()
        main: Any = sys.modules["__main__"]
        if hasattr(main, "flush_output"):  # what a child calls after each job
            main.flush_output = self._before(main.flush_output)

    def _before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(*arguments: Any) -> Any:
            self.write()
            return function(*arguments)

        return recorded


def start(folder: str, package: str) -> None:
    Recorder(Path(folder), Path(package)).start()
