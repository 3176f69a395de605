"""The files for a forge call what exists here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import picasso
import picasso_client
from picasso import conf
from picasso_client import config

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob(".github/**/*.yml"), ROOT / ".pre-commit-config.yaml", ROOT / "compose.yaml"])
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
NEWEST_PYTHON = 14
"""Of 3.x: the newest that is supported."""


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_is_valid_yaml(path: Path) -> None:
    assert load(path)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_job_is_bounded_and_has_least_rights(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"]
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 60, name


def commands() -> Iterator[str]:
    for path in WORKFLOWS:
        for job in load(path)["jobs"].values():
            targets = [
                row["target"] for row in job.get("strategy", {}).get("matrix", {}).get("include", []) if "target" in row
            ]
            for step in job["steps"]:
                run = step.get("run", "")
                yield from [run.replace("${{ matrix.target }}", target) for target in targets] or [run]
    yield (ROOT / ".ci/run").read_text()
    yield (ROOT / ".pre-commit-config.yaml").read_text()


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = {name for text in commands() for name in re.findall(r"\bmake ([a-z][\w-]*)", text)}
    assert {"check", "test", "test-lowest", "test-newest", "release", "lock"} <= called
    assert called <= targets


def test_ci_runs_each_python_that_is_supported() -> None:
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    oldest = int(required.removeprefix(">=3."))
    matrix = load(ROOT / ".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == [f"3.{minor}" for minor in range(oldest, NEWEST_PYTHON + 1)]


def test_server_and_client_agree() -> None:
    assert picasso.__version__ == picasso_client.__version__
    assert set(config.VARIABLES) == conf.OF_CLIENT


def test_help_names_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert [name for name in phony.split() if f'@echo "make {name} ' not in text] == []


def test_only_the_part_that_signs_people_in_has_the_secret_for_it() -> None:
    services = load(ROOT / "compose.yaml")["services"]
    assert [name for name, each in services.items() if "PICASSO_OIDC_CLIENT_SECRET" in each.get("environment", {})] == [
        "web"
    ]
