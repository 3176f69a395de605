"""A processor that a file has taken over tries to break out, on this kernel with its layers."""

from __future__ import annotations

import os
import platform
import socket
import sqlite3
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.processors_for_tests.picasso_processors_for_tests import FOLDER, script
from tests.stack import until
from tests.waiting import join

from picasso.process import child_pool
from picasso.process.child_pool import ChildPool
from picasso.process.confinement import landlock, readable_paths, seccomp, syscalls
from picasso.process.confinement.landlock import Ruleset
from picasso.process.contract import Source

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="NOT CONFINED: only Linux gives more than limits")

SECRET = b"another file's bytes"

Try = Callable[..., str]


@pytest.fixture(scope="session")
def report() -> dict[str, str]:
    return child_pool.confinement_report()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder like that of the service."""
    folder = tmp_path_factory.mktemp("confinement") / "data"
    (folder / "media").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def children(data: Path) -> Iterator[ChildPool]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FOLDER))
        patch.setenv("PICASSO_SECRET_KEY", "hunter2")
        made = ChildPool(2**30, 10_000, data / "scratch")
        made.open()
        first = data / "media" / "first"
        first.write_bytes(script("nothing"))
        made.run("script", Source(first, "audio/midi"), data / "made", 60)
        yield made
        made.close()


@pytest.fixture
def original(data: Path) -> Path:
    return data / "media" / "original"


@pytest.fixture
def tried(children: ChildPool, data: Path, original: Path) -> Try:
    """Runs one probe in a child: its result, or the name of the error."""

    def run(*probe: Any) -> str:
        return outcomes(children, original, [list(probe)])[0]

    return run


def outcomes(children: ChildPool, original: Path, tries: list[list[Any]]) -> list[str]:
    original.write_bytes(script("probe", tries=tries))
    original.chmod(0o644)
    before = original.stat()
    found = children.run("script", Source(original, "audio/midi"), original.parent / "made", 60).facts["outcomes"]
    after = original.stat()
    assert before.st_nlink == after.st_nlink == 1
    assert (before.st_mode, before.st_mtime_ns, before.st_size) == (after.st_mode, after.st_mtime_ns, after.st_size)
    assert isinstance(found, list)
    return [str(each) for each in found]


def need(report: dict[str, str], layer: str, *ways: str) -> None:
    """Skip, with a clear message, if none of the layers is available."""
    if not any(way in report[layer] for way in ways):
        pytest.skip(f"NOT CONFINED here: {layer} are {report[layer]}, without {' or '.join(ways)}")


def test_a_processor_can_do_its_work(tried: Try, report: dict[str, str]) -> None:
    print(report)
    assert "MThd" in tried("read", "@source")
    assert tried("list", "@folder") == "did it: []"
    assert tried("write", "own.txt").startswith("did it")
    assert tried("thread").startswith("did it")
    assert tried("kill", 0, 0) in {"EPERM", "did it: None"}
    assert tried("open", "/dev/null", os.O_WRONLY).startswith("did it")
    assert tried("open", "/dev/urandom", os.O_RDONLY).startswith("did it")
    assert tried("list", "/proc/self/fd").startswith("did it")


# Files


def test_other_files_can_not_be_read(tried: Try, report: dict[str, str], data: Path, tmp_path: Path) -> None:
    need(report, "files", "landlock")
    stored = data / "media" / "other"
    stored.write_bytes(SECRET)
    with closing(sqlite3.connect(data / "picasso.sqlite3")) as database:
        database.execute("CREATE TABLE IF NOT EXISTS secrets (a)")
    (tmp_path / "elsewhere").write_bytes(SECRET)
    for path in (
        *(stored, data / "picasso.sqlite3", tmp_path / "elsewhere", Path(__file__)),
        *("/etc/passwd", "/etc/hostname", "/etc/hosts", "/proc/version", "/proc/1/cmdline"),
        *(f"/proc/{os.getpid()}/{name}" for name in ("environ", "mem", "maps", "cmdline")),
        *(f"/proc/{os.getppid()}/environ", "/proc/self/root/etc/passwd", f"/proc/self/cwd/../../../../{stored.name}"),
    ):
        assert tried("read", str(path)) in {"EACCES", "ENOENT"}, path
    for folder in (data, data / "media", data / "scratch", tmp_path, "/", "/tmp", "/home", "/root", "/proc", "/etc"):
        assert tried("list", str(folder)) in {"EACCES", "ENOENT"}, folder
    assert tried("read", str(stored)) == "EACCES"


def test_the_original_can_only_be_read(tried: Try, report: dict[str, str]) -> None:
    need(report, "files", "landlock")
    for probe in ("write", "append", "remove"):
        assert tried(probe, "@source") == "EACCES"
    for flags in (os.O_RDWR, os.O_WRONLY, os.O_RDONLY | os.O_TRUNC):
        assert tried("open", "@source", flags) in {"EACCES", "EPERM"}
    for probe in ("truncate", "chmod", "chown", "utime", "xattr"):
        assert tried(probe, "@source") in {"EPERM", "EACCES"}, probe
    for probe in ("link", "rename"):
        assert tried(probe, "@source", "own") in {"EACCES", "EPERM", "EXDEV"}, probe
        assert tried(probe, "own", "@source") in {"EACCES", "EPERM", "EXDEV", "ENOENT"}, probe


def test_a_read_only_descriptor_can_do_nothing_else(tried: Try, report: dict[str, str]) -> None:
    need(report, "signals", "seccomp")
    set_lease, set_owner, notify = 1024, 8, 1026
    for command, argument in ((set_lease, 0), (set_owner, os.getpid()), (notify, 1)):
        assert tried("fcntl", "@source", command, argument) == "EPERM"
    get_flags, set_flags = 0x80086601, 0x40086602
    for request in (get_flags, set_flags):
        assert tried("ioctl", "@source", request) == "ENOTTY"


def test_other_folders_can_not_be_written(tried: Try, report: dict[str, str], data: Path, tmp_path: Path) -> None:
    need(report, "files", "landlock")
    new = f"picasso-{uuid.uuid4()}"
    for folder in (data, data / "media", tmp_path, Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), Path(sys.prefix)):
        assert tried("write", str(folder / new)) in {"EACCES", "ENOENT"}, folder
        assert tried("make-folder", str(folder / new)) in {"EACCES", "ENOENT"}, folder
        assert not (folder / new).exists()
    assert tried("symlink", "/etc/passwd", "own") in {"EPERM", "EACCES"}


def test_nothing_of_the_previous_job_is_visible(children: ChildPool, data: Path, report: dict[str, str]) -> None:
    """In the same child, which may keep anything of the previous job but its files."""
    need(report, "files", "landlock")
    first, second = data / "media" / "first", data / "media" / "second"
    first.write_bytes(script("derive", files={"kept.txt": "kept", "folder/kept.txt": "kept"}, listed=[]))
    pid = children.run("script", Source(first, "audio/midi"), data / "made", 60)
    assert pid.facts == {"made": 2}
    tries: list[list[Any]] = [
        ["read", str(first)],
        ["list", "@folder"],
        ["list", str(children.scratch.folder)],
        *([["read", str(path)] for path in children.scratch.folder.glob("*/in/*")]),
    ]
    found = outcomes(children, second, tries)
    assert found[:3] == ["EACCES", "did it: []", "EACCES"]
    assert children._idle["script"][-1].jobs >= 2


def test_other_children_can_not_be_accessed(children: ChildPool, data: Path, report: dict[str, str]) -> None:
    need(report, "files", "landlock")
    neighbour = data / "media" / "neighbour"
    neighbour.write_bytes(script("wait"))
    running = threading.Thread(
        target=lambda: children.run("script", Source(neighbour, "audio/midi"), data / "made", 60), daemon=True
    )
    running.start()
    until(lambda: len(list(children.scratch.folder.glob("*/in/original"))) == 1, 15, lambda: "never began")
    (given,) = children.scratch.folder.glob("*/in/original")
    server = children._servers["script"].process.pid
    other = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    probes: list[list[Any]] = [["read", str(given)], ["write", str(given.parents[1] / "out" / "planted")]]
    probes += [["read", f"/proc/{pid}/{name}"] for pid in (*other, server) for name in ("mem", "environ")]
    found = outcomes(children, data / "media" / "spy", probes)
    (given.parents[1] / "out" / "go").touch()
    join(running)
    own = [outcome for outcome in found if outcome != "EACCES"]
    # One of the children is the spy itself, which may look at itself.
    assert len(own) <= 2, found
    assert found[:2] == ["EACCES", "EACCES"]
    assert "hunter2" not in str(found)


# The network


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(0.2)
        yield made


def somebody_came(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return False
    return True


def test_no_connection_can_be_opened(tried: Try, report: dict[str, str], listener: socket.socket) -> None:
    need(report, "network", "seccomp", "namespace", "landlock")
    port = listener.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)):
        assert somebody_came(listener), "the listener hears nobody, so nothing is shown"
    assert not tried("tcp", port).startswith("did it")
    assert not somebody_came(listener)
    need(report, "network", "seccomp", "namespace")
    assert not tried("udp", port).startswith("did it")
    assert not tried("resolve", "example.com").startswith("did it")


def test_no_local_socket_can_be_reached(tried: Try, report: dict[str, str], tmp_path: Path) -> None:
    need(report, "network", "seccomp")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        assert tried("unix", str(tmp_path / "socket")) == "EPERM"
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    with socket.socket(socket.AF_UNIX) as listener:
        name = f"\0picasso-{os.getpid()}"
        listener.bind(name)
        listener.listen()
        assert tried("unix", name) == "EPERM"


# Programs and processes


def test_no_program_can_be_started(tried: Try, report: dict[str, str]) -> None:
    need(report, "programs", "seccomp")
    for path in ("/bin/true", sys.executable):
        assert tried("execute", path) == "EPERM"
        assert tried("replace", path) == "EPERM"
    assert tried("fork") == "EPERM"
    for call in ("clone3", "openat2"):
        assert tried("call", call, 0, 0) == "ENOSYS"
    assert tried("call", "clone", 17, 0, 0, 0, 0) == "EPERM"
    assert tried("call", "clone", 0x10000, 0, 0, 0, 0) == "EPERM", "a thread with open files of its own"


def test_other_processes_can_not_be_changed(tried: Try, report: dict[str, str], children: ChildPool) -> None:
    need(report, "signals", "seccomp")
    server = children._servers["script"].process.pid
    for pid in (os.getpid(), server, 1, -1):
        for number in (0, 9, 19):
            assert tried("kill", pid, number) == "EPERM"
    assert tried("kill-group", os.getpgrp(), 9) == "EPERM"
    assert tried("call", "tgkill", os.getpid(), os.getpid(), 9) == "EPERM"
    assert tried("call", "tkill", os.getpid(), 9) == "EPERM"
    for pid in (os.getpid(), server):
        assert tried("limit", pid) == "EPERM"
        assert tried("nice", pid) == "EPERM"
        attach, get = 16, 1
        assert tried("call", "ptrace", attach, pid, 0, 0) == "EPERM"
        assert tried("call", "process_vm_readv", pid, None, 0, None, 0, 0) == "EPERM"
        assert tried("call", "process_vm_writev", pid, None, 0, None, 0, 0) == "EPERM"
        assert tried("call", "pidfd_open", pid, 0) == "EPERM"
        assert tried("call", "kcmp", pid, pid, get, 0, 0) == "EPERM"
    assert children._servers["script"].process.poll() is None


def test_dangerous_system_calls_are_denied(children: ChildPool, original: Path, report: dict[str, str]) -> None:
    """Every denied call, with arguments that are invalid for all of them."""
    need(report, "programs", "seccomp")
    calls = syscalls.numbers(syscalls.DENIED, platform.machine())
    found = outcomes(children, original, [["call", name, -1, -1, -1, -1, -1, -1] for name in calls])
    assert dict(zip(calls, found, strict=True)) == dict.fromkeys(calls, "EPERM")


def test_limits_can_not_be_raised(tried: Try, report: dict[str, str]) -> None:
    need(report, "programs", "seccomp")
    assert tried("call", "prctl", 1, 0, 0, 0, 0) == "EPERM", "it would outlive its parent"
    assert tried("call", "memfd_create", None, 0) == "EPERM", "memory that no limit counts"


# The parts


def test_the_numbers_are_those_of_this_machines_headers() -> None:
    headers = list(Path("/usr/include").glob("*/asm/unistd_64.h"))
    if platform.machine() != "x86_64" or not headers:
        pytest.skip("no headers of the kernel are installed here")
    known = dict(
        line.removeprefix("#define __NR_").split()
        for line in headers[0].read_text().splitlines()
        if "__NR_" in line[:13]
    )
    table = {**syscalls.DENIED, **syscalls.BY_ARGUMENT, **syscalls.ABSENT}
    ours = syscalls.numbers(table, "x86_64")
    assert {name: known.get(name) for name in ours} == {name: str(number) for name, number in ours.items()}


@pytest.mark.parametrize("machine", sorted(syscalls.ARCHITECTURES))
def test_no_two_calls_share_a_number(machine: str) -> None:
    table = {**syscalls.DENIED, **syscalls.BY_ARGUMENT, **syscalls.ABSENT}
    numbers = syscalls.numbers(table, machine)
    assert len(set(numbers.values())) == len(numbers)
    assert max(numbers.values()) <= syscalls.NEWEST


@pytest.mark.parametrize("machine", sorted(syscalls.ARCHITECTURES))
def test_every_jump_of_the_filter_lands_in_it(machine: str) -> None:
    program = seccomp.program(1234, machine)
    assert len(program) < 4096
    for n, (code, true, false, _) in enumerate(program):
        jumps = code & 0x07 == 0x05
        assert max(true, false) <= 255
        assert not jumps or n + 1 + max(true, false) < len(program)
        assert jumps or not (true or false)


@pytest.mark.parametrize("abi", range(1, 9))
def test_each_abi_is_given_the_rights_that_it_knows(abi: int) -> None:
    """Sizes and bits of the kernel's landlock.h: 13 rights in ABI 1, then refer, truncate, none, ioctl."""
    ruleset = landlock.strictest(abi)
    rights = {1: 13, 2: 14, 3: 15, 4: 15}.get(abi, 16)
    assert ruleset == Ruleset(2**rights - 1, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    assert len(ruleset.pack(abi)) == (8 if abi < 4 else 16 if abi < 6 else 24)


def test_the_data_folder_is_left_out_wherever_it_is(tmp_path: Path) -> None:
    for name in ("a/b/data", "a/c", "d"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").touch()
    found = set(readable_paths.without(tmp_path, tmp_path / "a" / "b" / "data"))
    assert found == {tmp_path / "a" / "b" / "file", tmp_path / "a" / "c", tmp_path / "d"}
    assert not list(readable_paths.without(tmp_path / "d", tmp_path))
    assert not list(readable_paths.without(tmp_path, tmp_path))
