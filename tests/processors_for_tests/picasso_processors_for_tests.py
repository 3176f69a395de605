"""A processor that does what the file says: the worst, when a test asks. Installed by having this on PYTHONPATH."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import platform
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, cast

from picasso import linux
from picasso.process.confinement import syscalls
from picasso.process.contract import JSON, Derivative, Processor, ProcessorError, Result, Source

FOLDER = Path(__file__).parent

# The smallest thing that libmagic takes for audio/midi, so that a real upload gets here as well.
HEAD = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60"


def script(do: str, **more: Any) -> bytes:
    """The content of a file that has this done. ``held`` keeps the answer back, as `Script.wait` does."""
    return HEAD + json.dumps({"do": do, **more}).encode()


class Script(Processor):
    name: ClassVar[str] = "script"
    media_types: ClassVar[tuple[str, ...]] = ("audio/midi",)
    queue: ClassVar[str] = "quick"

    @staticmethod
    def prepare() -> None: ...

    def __call__(self, source: Source, folder: Path) -> Result:
        self._source = source
        told = json.loads(source.path.read_bytes().removeprefix(HEAD))
        held = told.pop("held", False)
        answer = getattr(self, told.pop("do"))(folder, **told)
        if held:
            self.wait(folder)
        return answer if isinstance(answer, Result) else Result({"pid": os.getpid()})

    def nothing(self, folder: Path) -> None: ...

    def tell(self, folder: Path, facts: dict[str, Any], pause: float = 0) -> Result:
        time.sleep(pause)
        return Result(facts)

    def sleep(self, folder: Path, pause: float) -> None:
        time.sleep(pause)

    def wait(self, folder: Path) -> None:
        """Until the test puts a file with the name ``go`` into the folder."""
        while not (folder / "go").exists():
            time.sleep(0.01)

    def signal(self, folder: Path, number: int) -> None:
        os.kill(os.getpid(), number)
        time.sleep(60)

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
        limits |= {"time": resource.RLIMIT_CPU, "file-size": resource.RLIMIT_FSIZE}
        return Result(
            {
                "pid": os.getpid(),
                "group": os.getpgrp(),
                "environment": dict(os.environ),
                "fds": {str(fd): name for fd in sorted(fds) if (name := _link(fd))},
                "limits": {name: list(resource.getrlimit(limit)) for name, limit in limits.items()},
            }
        )

    def probe(self, folder: Path, tries: list[list[Any]]) -> Result:
        """Each of them is a name in `PROBES` and its arguments, of which ``@source`` and ``@folder`` are its own."""
        own = {"@source": str(self._source.path), "@folder": str(folder)}
        outcomes: list[JSON] = [
            _outcome(PROBES[name], [own.get(str(each), each) for each in more]) for name, *more in tries
        ]
        return Result({"pid": os.getpid(), "outcomes": outcomes})

    def print(self, folder: Path, out: str, err: str = "", times: int = 1, then: str = "nothing") -> Any:
        """To stdout, as libraries do: past Python's own buffers; and on to something else."""
        for _ in range(times):
            os.write(1, out.encode())
        print(err, end="", file=sys.stderr)
        return getattr(self, then)(folder)

    def abort(self, folder: Path) -> None:
        os.abort()

    def tell_progress(self, folder: Path, fractions: list[float], pause: float, said: str = "") -> None:
        for fraction in fractions:
            if said:
                print(said)
            self._source.progress(fraction)
            time.sleep(pause)

    def read_late(self, folder: Path, pause: float) -> Result:
        time.sleep(pause)
        return Result({"read": len(self._source.path.read_bytes())})

    def fill(self, folder: Path, files: int, size: int, unlinked: bool = False) -> None:
        kept = []
        for n in range(files):
            path = folder / f"{n}.bin"
            kept.append(path.open("wb"))
            if unlinked:
                path.unlink()
            for _ in range(size // 2**20):
                kept[-1].write(bytes(2**20))
            kept[-1].flush()
        time.sleep(60)

    def hoard(self, folder: Path, files: int, size: int, how: str) -> None:
        """Keep removed files where nobody looks for them."""
        fds = []
        for n in range(files):
            fds.append(os.open(folder / f"{n}.bin", os.O_CREAT | os.O_RDWR))
            os.write(fds[-1], bytes(size))
            os.unlink(folder / f"{n}.bin")
        HOARDS[how](fds)
        time.sleep(60)

    def fill_later(self, folder: Path, size: int) -> None:
        """When the job is done and the next one is not there yet."""

        def fill() -> None:
            time.sleep(0.5)
            for n in range(4):
                (folder / f"late-{n}.bin").write_bytes(bytes(size // 4))

        threading.Thread(target=fill).start()

    def make_holes(self, folder: Path, sizes: list[int], listed: list[dict[str, Any]]) -> Result:
        for each, size in zip(listed, sizes, strict=True):
            with (folder / each["file"]).open("wb") as file:
                file.truncate(size)
        return Result({}, tuple(Derivative(**cast("Any", each)) for each in listed))

    def mess(self, folder: Path) -> None:
        """What is hard to clear away."""
        (folder / "a" / "b" / "c").mkdir(parents=True)
        (folder / "a" / "b" / "c" / "d.txt").write_text("d")
        os.mkdir(folder / "a" / "closed", 0o000)
        os.mkdir(folder / "closed", 0o000)

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


def _outcome(probe: Callable[..., Any], more: list[Any]) -> str:
    """What it brought, or the name of the error that it ended in."""
    try:
        return f"did it: {probe(*more)!r}"[:200]
    except OSError as fault:
        return errno.errorcode.get(fault.errno or 0, repr(fault))
    except Exception as fault:
        return repr(fault)


def _called(name: str, *arguments: int | bytes | None) -> int:
    """A system call by its name, past all that Python or a library would check."""
    table = {**syscalls.DENIED, **syscalls.BY_ARGUMENT, **syscalls.ABSENT}
    number = syscalls.numbers({name: table[name]}, platform.machine())[name]
    return linux.syscall(number, *(ctypes.create_string_buffer(a) if isinstance(a, bytes) else a for a in arguments))


def _tcp(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.settimeout(3)
        client.connect(("127.0.0.1", port))


def _unix(path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(3)
        client.connect(path)


def _fork() -> int:
    if (pid := os.fork()) == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def _opened(path: str, flags: int) -> int:
    os.close(os.open(path, flags))
    return flags


def _fcntl(path: str, command: int, argument: int) -> int:
    with open(path, "rb") as file:
        return fcntl.fcntl(file, command, argument)


def _ioctl(path: str, request: int) -> bytes:
    with open(path, "rb") as file:
        return fcntl.ioctl(file, request, bytes(8))


def _hoard_in_a_message(fds: list[int]) -> None:
    here, there = socket.socketpair()
    socket.send_fds(here, [b"x"], fds)
    here.detach()
    there.detach()
    for fd in fds:
        os.close(fd)


def _hoard_in_memory(fds: list[int]) -> None:
    libc = ctypes.CDLL(None)
    for fd in fds:
        libc.mmap(None, ctypes.c_size_t(4096), 1, 1, fd, ctypes.c_long(0))
        os.close(fd)


def _end_the_first_thread(_: list[int]) -> None:
    threading.Thread(target=time.sleep, args=(60,)).start()
    ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)


HOARDS = {"sent": _hoard_in_a_message, "mapped": _hoard_in_memory, "without-a-leader": _end_the_first_thread}

PROBES: dict[str, Callable[..., Any]] = {
    "read": lambda path: Path(path).read_bytes()[:50],
    "list": os.listdir,
    "write": lambda path: Path(path).write_bytes(b"overwritten"),
    "append": lambda path: open(path, "ab").close(),
    "open": _opened,
    "truncate": lambda path: os.truncate(path, 0),
    "remove": os.unlink,
    "make-folder": os.mkdir,
    "chmod": lambda path: os.chmod(path, 0o777),
    "chown": lambda path: os.chown(path, os.getuid(), os.getgid()),
    "utime": lambda path: os.utime(path, (1, 1)),
    "xattr": lambda path: os.setxattr(path, "user.picasso", b"x"),
    "link": os.link,
    "rename": os.rename,
    "symlink": os.symlink,
    "fcntl": _fcntl,
    "ioctl": _ioctl,
    "tcp": _tcp,
    "udp": lambda port: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port)),
    "unix": _unix,
    "resolve": lambda name: socket.getaddrinfo(name, 80),
    "execute": lambda path: subprocess.run([path], check=True, capture_output=True).stdout,
    "replace": lambda path: os.execv(path, [path]),
    "fork": _fork,
    "kill": os.kill,
    "kill-group": os.killpg,
    "limit": lambda pid: resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, 3)),
    "nice": lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 19),
    "call": _called,
    "thread": lambda: threading.Thread(target=time.sleep, args=(0,)).start(),
}


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
