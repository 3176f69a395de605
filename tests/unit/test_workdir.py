"""Whose a folder in scratch is, and what becomes of it when its worker is no more."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.stack import until

from picasso import workdir
from picasso.workdir import FOREIGN_GRACE, LOCK, OutputTooLarge, Scratch, machine, sweep

HOLDER = "import sys, time; from pathlib import Path; from picasso.workdir import Scratch\n"
HOLDER += "scratch = Scratch(Path(sys.argv[1])); scratch.open(); print(scratch.folder, flush=True); time.sleep(60)"


def left_by_the_dead(root: Path, name: str, age: float = 0) -> Path:
    folder = root / name
    (folder / "slot" / "out").mkdir(parents=True)
    (folder / "slot" / "out" / "half.webp").write_bytes(b"half")
    (folder / LOCK).touch()
    os.utime(folder / LOCK, (time.time() - age,) * 2)
    return folder


def test_a_living_workers_folder_is_its_own(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        folder = Path(other.stdout.readline().strip())
        ours = Scratch(tmp_path)
        ours.open()
        assert sweep(tmp_path) == 0
        assert set(tmp_path.iterdir()) == {folder, ours.folder}
        other.kill()
        other.wait(60)
        assert sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == [ours.folder]
    ours.close()
    assert not list(tmp_path.iterdir())


def test_another_machines_folder_is_let_be_for_a_while(tmp_path: Path) -> None:
    """Its lock may not reach us."""
    young = left_by_the_dead(tmp_path, "elsewhere.1", FOREIGN_GRACE - 60)
    left_by_the_dead(tmp_path, "elsewhere.2", FOREIGN_GRACE + 60)
    left_by_the_dead(tmp_path, f"{machine()}.3")
    assert sweep(tmp_path) == 2
    assert list(tmp_path.iterdir()) == [young]


def test_what_is_nobodys_folder_is_no_business_of_a_sweep(tmp_path: Path) -> None:
    (tmp_path / "half-made").mkdir()
    (tmp_path / "file").touch()
    assert sweep(tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 2


def test_a_living_worker_sweeps_as_well(tmp_path: Path) -> None:
    ours = Scratch(tmp_path)
    ours.open()
    dead = left_by_the_dead(tmp_path, f"{machine()}.1")
    until(lambda: not dead.exists(), 15, lambda: "still there")
    ours.close()


@pytest.mark.parametrize("closed", ["a", "a/b", "a/b/c"])
def test_a_folder_that_denies_to_be_emptied_is_removed(tmp_path: Path, closed: str) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c" / "d").touch()
    (tmp_path / closed).chmod(0o000)
    assert workdir.remove(tmp_path / "a")


def test_what_lies_in_a_slot_is_measured(tmp_path: Path) -> None:
    ours = Scratch(tmp_path)
    ours.open()
    slot = ours.slot()
    (slot.out / "a" / "b").mkdir(parents=True)
    (slot.out / "a" / "b" / "c").write_bytes(bytes(2**20))
    with (slot.out / "hole").open("wb") as sparse:
        sparse.truncate(2**30)
    slot.check_size(2 * 2**20, os.getpid())
    with pytest.raises(OutputTooLarge):
        slot.check_size(2**19, os.getpid())
    ours.close()


def test_only_plain_files_are_taken(tmp_path: Path) -> None:
    ours = Scratch(tmp_path / "scratch")
    ours.open()
    slot, target = ours.slot(), tmp_path / "made" / "taken"
    secret = tmp_path / "secret"
    secret.write_text("secret")
    os.link(secret, slot.out / "hard")
    (slot.out / "soft").symlink_to(secret)
    os.mkfifo(slot.out / "pipe")
    (slot.out / "folder").mkdir()
    for name in ("hard", "soft", "pipe", "folder", "missing", "a\0b"):
        with pytest.raises(ValueError, match="not a plain file"):
            slot.take(name, target)
    (slot.out / "plain").write_text("plain")
    (slot.out / "plain").chmod(0o4600)
    slot.take("plain", target)
    assert target.read_text() == "plain"
    assert target.stat().st_mode & 0o7777 == 0o640
    slot.clear()
    assert not list(slot.out.iterdir())
    ours.close()


def nested(folder: Path, levels: int, name: str = "d") -> None:
    """So many folders, one in the other, and a file in the last."""
    fd = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=fd)
        inner = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)


def test_no_depth_keeps_a_slot_from_being_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's stack ends at a thousand calls, and a path at 4,096 bytes."""
    monkeypatch.setattr(workdir, "REMOVE_SECONDS", 60)
    ours = Scratch(tmp_path / "scratch")
    ours.open()
    slot = ours.slot()
    nested(slot.out, 1100)
    (slot.out / "d" / "closed").mkdir(0o000)
    slot.clear()
    assert not list(slot.out.iterdir())
    nested(slot.out, 1100, "long-enough")
    ours.close()
    assert not list((tmp_path / "scratch").iterdir())


def test_who_makes_more_as_fast_as_it_goes_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(TimeoutError):
        workdir.empty(tmp_path, time.monotonic() - 1)


def test_what_lies_too_deep_to_be_measured_is_too_much(tmp_path: Path) -> None:
    ours = Scratch(tmp_path)
    ours.open()
    slot = ours.slot()
    nested(slot.out, 30, "n" * 200)
    with pytest.raises(OutputTooLarge):
        slot.check_size(2**30, os.getpid())
    ours.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root is let in everywhere")
def test_what_denies_to_be_measured_is_too_much(tmp_path: Path) -> None:
    ours = Scratch(tmp_path)
    ours.open()
    slot = ours.slot()
    (slot.out / "closed").mkdir(0o300)
    with pytest.raises(OutputTooLarge):
        slot.check_size(2**30, os.getpid())
    ours.close()
