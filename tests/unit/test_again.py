"""A test that has failed runs once more (`tests.again`)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests import again

CHANCE = """
import pathlib, pytest
def test_chance():
    mark = pathlib.Path(__file__).with_name("mark")
    there = mark.exists()
    mark.touch()
    assert there
def test_right(): pass
"""
WRONG = "def test_wrong(): assert False\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [(CHANCE, ["test_it.py::test_chance"]), (CHANCE + WRONG, []), (WRONG, []), ("def test_right(): pass\n", [])],
)
def test_what_passes_the_second_time_has_failed_by_chance(
    content: str, expected: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PICASSO_TEST_ONCE", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take a second to load
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text(content)

    def run(options: Sequence[str]) -> int:
        command = [sys.executable, "-m", "pytest", "-q", *again.cache(tmp_path / "cache"), *options, "test_it.py"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode

    assert list(again.passed_again(run([]), tmp_path / "cache", run)) == expected


def test_many_failures_are_no_chance(tmp_path: Path) -> None:
    (tmp_path / "v/cache").mkdir(parents=True)
    (tmp_path / "v/cache/lastfailed").write_text('{"a": true, "b": true, "c": true, "d": true}')

    def run(_: Sequence[str]) -> int:
        raise AssertionError

    assert again.passed_again(again.TESTS_FAILED, tmp_path, run) == []
