"""Node, and the packages that `js/package-lock.json` names."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from tests.services import Unavailable, program
from tests.waiting import SECONDS

JS = Path(__file__).parent / "js"
OLDEST = (20, 19)  # what @tus/server needs


@cache
def node() -> str:
    """Node's program, with all packages in place. Raises `Unavailable`."""
    found, npm = program("nodejs", "node"), program("npm")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST:
        raise Unavailable(f"Node {version.strip()} is older than {'.'.join(map(str, OLDEST))}.")
    _install(npm)
    return found


def _install(npm: str) -> None:
    """Once for each lock, whoever else is at it."""
    lock = JS / "package-lock.json"
    done = JS / "node_modules" / f".of-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if done.exists():
            return
        # No script of a package runs; esbuild's program comes in a package of its own.
        argv = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        ran = subprocess.run(argv, cwd=JS, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if ran.returncode:
            raise Unavailable(f"npm ci failed:\n{ran.stderr[-2000:]}")
        done.touch()


@cache
def bundle() -> bytes:
    """The page's script with all that it imports."""
    argv = [node(), str(JS / "node_modules/esbuild/bin/esbuild"), str(JS / "page.mjs"), "--bundle", "--log-level=error"]
    return subprocess.run(argv, capture_output=True, check=True).stdout


class Running:
    """A program of ours under way."""

    def __init__(self, name: str, *arguments: str) -> None:
        self._name = name
        argv = [node(), str(JS / name), *arguments]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def said(self) -> Iterator[dict[str, Any]]:
        """What it prints, as it prints it."""
        while line := self._line():
            yield json.loads(line)

    def _line(self) -> str:
        """The next line; empty at the end. A program that prints nothing for a minute is killed."""
        assert self.process.stdout
        silent = threading.Event()

        def kill() -> None:
            silent.set()
            self.process.kill()

        timer = threading.Timer(SECONDS, kill)
        timer.start()
        try:
            line: str = self.process.stdout.readline()
        finally:
            timer.cancel()
        assert not silent.is_set(), f"{self._name} has printed nothing for {SECONDS} s"
        return line

    def end(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=SECONDS)


@contextmanager
def running(name: str, *arguments: str) -> Iterator[Running]:
    started = Running(name, *arguments)
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            started.end()


def asked(what: Mapping[str, object]) -> str:
    return json.dumps({name: str(value) if isinstance(value, Path) else value for name, value in what.items()})
