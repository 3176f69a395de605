"""A processor that does what the file says: the worst, when a test asks. Installed by having this on PYTHONPATH."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, ClassVar, cast

from picasso.process.contract import Derivative, ProcessorError, Result, Source

FOLDER = Path(__file__).parent

# The smallest thing that libmagic takes for audio/midi, so that a real upload gets here as well.
HEAD = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60"


def script(do: str, **more: Any) -> bytes:
    """The content of a file that has this done."""
    return HEAD + json.dumps({"do": do, **more}).encode()


class Script:
    name: ClassVar[str] = "script"
    media_types: ClassVar[tuple[str, ...]] = ("audio/midi",)
    queue: ClassVar[str] = "quick"

    @staticmethod
    def prepare() -> None: ...

    def __call__(self, source: Source, folder: Path) -> Result:
        told = json.loads(source.path.read_bytes().removeprefix(HEAD))
        answer = getattr(self, told.pop("do"))(folder, **told)
        return answer if isinstance(answer, Result) else Result({"pid": os.getpid()})

    def nothing(self, folder: Path) -> None: ...

    def tell(self, folder: Path, facts: dict[str, Any], pause: float = 0) -> Result:
        time.sleep(pause)
        return Result(facts)

    def sleep(self, folder: Path, pause: float) -> None:
        time.sleep(pause)

    def signal(self, folder: Path, number: int) -> None:
        os.kill(os.getpid(), number)
        time.sleep(60)

    def crash_once(self, folder: Path, marker: str) -> None:
        try:
            Path(marker).touch(exist_ok=False)
        except FileExistsError:
            return
        os.abort()

    def leave(self, folder: Path) -> None:
        os._exit(0)

    def blunder(self, folder: Path) -> None:
        raise RuntimeError("a bug of the processor")

    def refuse(self, folder: Path, code: str, sentence: str) -> None:
        raise ProcessorError(code, sentence)

    def allocate(self, folder: Path, size: int) -> None:
        """In pieces, each touched, as a decoder would."""
        pieces = []
        for _ in range(size // 2**20):
            pieces.append(bytearray(os.urandom(1)) * 2**20)  # noqa: PERF401 - the pieces that were had stay had

    def look_around(self, folder: Path) -> Result:
        fds = {int(fd) for fd in os.listdir("/proc/self/fd")} if os.path.isdir("/proc/self/fd") else set()
        limits = {"core": resource.RLIMIT_CORE, "files": resource.RLIMIT_NOFILE, "memory": resource.RLIMIT_AS}
        return Result(
            {
                "pid": os.getpid(),
                "group": os.getpgrp(),
                "environment": dict(os.environ),
                "fds": {str(fd): name for fd in sorted(fds) if (name := _link(fd))},
                "limits": {name: list(resource.getrlimit(limit)) for name, limit in limits.items()},
            }
        )

    def spawn(self, folder: Path, tell: str) -> None:
        """A child of its own, which outlives a parent that is killed alone."""
        sleeper = subprocess.Popen(["sleep", "60"])
        Path(tell).write_text(str(sleeper.pid))
        sleeper.wait()

    def say(self, folder: Path, text: str, times: int = 1, pause: float = 0) -> None:
        """Past the protocol, straight to the worker."""
        for _ in range(times):
            _to_worker(text.encode())
            time.sleep(pause)
        time.sleep(60)

    def derive(self, folder: Path, files: dict[str, str], listed: list[dict[str, Any]], pause: float = 0) -> Result:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        time.sleep(pause)
        return Result({"made": len(files)}, tuple(Derivative(**cast("Any", each)) for each in listed))

    def link(self, folder: Path, target: str) -> Result:
        (folder / "out.txt").symlink_to(target)
        return Result({}, (Derivative("stolen", "out.txt", "text/plain"),))


def _link(fd: int) -> str | None:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except FileNotFoundError:  # the one that listed the folder
        return None


def _to_worker(content: bytes) -> None:
    for fd in range(3, 64):
        try:
            with socket.socket(fileno=os.dup(fd)) as worker:
                worker.sendall(content)
        except OSError:
            continue
