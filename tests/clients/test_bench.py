"""`picasso bench`: what it measures, says and leaves behind. No figure is judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from picasso.bench import command, machine, service
from picasso.bench.service import TAG
from tests.clients.with_keys import WithKeys
from tests.databases import Databases
from tests.stack import Stack

FILES = "/api/v1.0/files/"
FIGURES = [
    "one small file, until it is processed",
    "uploads of 1 KB",
    "jobs: uploaded and processed",
    "an upload of 16 MiB",
    "its download, to this program",
]
LIMITS = [
    "disk: small writes with fsync",
    "disk: one file, written and synced",
    "SQLite: commits of one connection",
]

Bench = Callable[..., object]


@pytest.fixture
def bench(stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    """Smaller and shorter than for people. Its data folder is an empty one."""
    for variable in ("PICASSO_KEY", "DATABASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PICASSO_URL", stack.url)
    monkeypatch.setenv("PICASSO_DATA_DIR", str(tmp_path))
    for module, name, value in (
        (service, "LARGE", service.TRIAL),
        (service, "LATENCIES", 2),
        (machine, "SEQUENTIAL", machine.BLOCK),
        (machine, "SECONDS", 0.1),
    ):
        monkeypatch.setattr(module, name, value)

    def run(*arguments: str) -> object:
        with pytest.raises(SystemExit) as ended:
            command.main(arguments)
        return ended.value.code

    return run


def left(stack: Stack) -> int:
    count: int = stack.client.get(f"{FILES}?tag={TAG}").json()["count"]
    return count


@pytest.mark.sampled("a whole bench", 1 / 2)
def test_it_measures_the_service_and_the_machine(
    bench: Bench, stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench("--seconds", "0.5") == 0
    said = capsys.readouterr().out
    lines = {line.strip()[:38].strip(): line for line in said.splitlines() if line.startswith("  ")}
    assert [*lines] == [*FIGURES, *LIMITS]
    assert not [line for line in lines.values() if " - " in line]
    assert stack.url in said
    assert left(stack) == 0
    assert [*tmp_path.iterdir()] == []


@pytest.mark.sampled("a whole bench", 1 / 2)
def test_figures_for_programs(bench: Bench, stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("--seconds", "0.2", "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in figures] == [*FIGURES, *LIMITS]
    assert all(each["value"] > 0 and each["unit"] for each in figures)


def test_what_is_not_reachable_is_said(bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PICASSO_DATA_DIR", str(tmp_path / "none"))
    (without_folder,) = command.of_machine("http://127.0.0.1:8000")
    assert "PICASSO_DATA_DIR" in str(without_folder)
    (elsewhere,) = command.of_machine("https://files.example.com")
    assert "another machine" in str(elsewhere)
    monkeypatch.setenv("PICASSO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody:secret@127.0.0.1:9/none")
    database = str(command.of_machine("http://localhost:8000")[2])
    assert "OperationalError" in database
    assert "secret" not in database


def test_only_what_it_has_made_is_removed(bench: Bench, stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    own = stack.client.post("/api/v1.0/upload/", data={"tags": TAG}, files={"file": ("own.txt", b"mine")}).json()["id"]
    forgotten = stack.client.put("/api/v1.0/upload/a.txt", content=b"of a run that was killed", headers=service.MARKS)
    assert forgotten.status_code == 201
    assert bench("--remove") == 0
    assert capsys.readouterr().out == "1 files are deleted.\n"
    assert stack.client.get(f"{FILES}{own}/").status_code == 200
    stack.client.delete(f"{FILES}{own}/")


def test_without_a_service_and_without_a_key(
    bench: Bench, with_keys: WithKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PICASSO_URL", with_keys.stack.url)
    assert str(bench("--seconds", "0.1")).startswith("picasso bench: ")
    monkeypatch.setenv("PICASSO_URL", "not an address")
    assert str(bench()).startswith("picasso bench: ")


def test_commits_of_postgresql_leave_no_table(postgres: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "SECONDS", 0.1)
    url = postgres.create_database("bench")
    assert machine.of_postgresql(url) > 0
    with psycopg.connect(url) as database:
        rows = database.execute("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'picasso_bench%'").fetchone()
    assert rows == (0,)
