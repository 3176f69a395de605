"""A data folder of an earlier version, which every user of the machine could read."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from picasso.cli import find_service
from picasso.data_folder import close_to_others, is_open, noted_port, port_noted, used_alone


def old_installation(folder: Path) -> list[Path]:
    names = [
        "picasso.sqlite3",
        "secret.key",
        "media/text/plain/ab/id/note.txt",
        "media/text/plain/ab/id/derived/x-1/t.webp",
    ]
    names += ["uploads/cd/id", "incoming/id", "orphans/2026-01-01/text/plain/ab/id/note.txt"]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    everything = [folder, *folder.rglob("*")]
    for path in everything:
        path.chmod(0o755 if path.is_dir() else 0o644)
    (folder / "secret.key").chmod(0o600)
    return everything


def close(folder: Path) -> None:
    close_to_others(folder)
    for thread in threading.enumerate():
        if thread.name == "modes":
            thread.join(20)


def modes(paths: list[Path]) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in paths}


def test_others_lose_their_rights(tmp_path: Path) -> None:
    everything = old_installation(tmp_path / "data")
    close(tmp_path / "data")
    assert modes([path for path in everything if path.is_dir()]) == {0o750}
    assert modes([path for path in everything if path.is_file()]) == {0o640, 0o600}
    assert (tmp_path / "data/media/text/plain/ab/id/note.txt").read_text() == "media/text/plain/ab/id/note.txt"


def test_what_was_interrupted_is_done_at_the_next_start(tmp_path: Path) -> None:
    everything = old_installation(tmp_path)
    tmp_path.chmod(0o750)
    (tmp_path / "uploads").chmod(0o750)
    close(tmp_path)
    # A folder that is closed itself was finished before.
    assert [path for path in everything if is_open(path)] == [tmp_path / "uploads/cd", tmp_path / "uploads/cd/id"]


def test_a_target_of_a_symbolic_link_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("x")
    target.chmod(0o644)
    (tmp_path / "data/media").mkdir(parents=True)
    (tmp_path / "data/media/link").symlink_to(target)
    (tmp_path / "data/link").symlink_to(target)
    close(tmp_path / "data")
    assert target.stat().st_mode & 0o777 == 0o644


def test_a_folder_of_another_user_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o755)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chmod", refuse)
    monkeypatch.setattr(Path, "chmod", refuse)
    close(tmp_path)
    assert f"may be able to read {tmp_path}" in capsys.readouterr().err


def test_commands_find_the_service_that_runs_in_their_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("PICASSO_PORT", "PICASSO_DATA_DIR"):
        monkeypatch.setenv(name, "")  # what the command sets is undone after the test
        monkeypatch.delenv(name)
    (tmp_path / "data").mkdir()
    with port_noted(tmp_path / "data", 8765):
        find_service()
        assert os.environ["PICASSO_PORT"] == "8765"
        monkeypatch.setenv("PICASSO_PORT", "9000")
        find_service()
        assert os.environ["PICASSO_PORT"] == "9000", "a setting comes first"
    assert noted_port(tmp_path / "data") is None
    monkeypatch.delenv("PICASSO_PORT")
    find_service()
    assert "PICASSO_PORT" not in os.environ


def test_a_folder_is_used_by_one_service(tmp_path: Path) -> None:
    with used_alone(tmp_path), port_noted(tmp_path, 8765):
        with pytest.raises(SystemExit, match="already, at port 8765") as told, used_alone(tmp_path):
            pytest.fail("there are two")
        assert str(tmp_path) in str(told.value)
    with used_alone(tmp_path):
        pass


@pytest.mark.parametrize("text", ["0", "-1", "70000", "8000 9000", "\ufffd", ""])
def test_a_damaged_port_is_none(tmp_path: Path, text: str) -> None:
    with port_noted(tmp_path, 8001):
        (tmp_path / "port").write_text(text)
        assert noted_port(tmp_path) is None


def test_the_port_of_a_service_that_was_killed_is_none(tmp_path: Path) -> None:
    """Another program may have it by now, and would get the key."""
    (tmp_path / "port").write_text("8001")
    assert noted_port(tmp_path) is None


def test_the_port_of_another_service_stays(tmp_path: Path) -> None:
    with port_noted(tmp_path, 8001):
        with port_noted(tmp_path, 8002):
            assert noted_port(tmp_path) == 8001
        assert noted_port(tmp_path) == 8001
    assert not (tmp_path / "port").exists()
