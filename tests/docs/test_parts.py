"""`make test` runs every folder of tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import picasso
from tests import counted, sampling
from tests.__main__ import check_parts
from tests.counted import limited, processor_seconds
from tests.flow import test_relay, test_uploads_of_others, vendors
from tests.flow.rows import side_by_side


def test_every_folder_is_in_a_part() -> None:
    check_parts()


def test_a_part_that_hangs_is_interrupted_and_tells_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "LONGEST", 0.1)
    script = (
        "import time\ntry: print('began', flush=True); time.sleep(60)\nexcept KeyboardInterrupt: print('hung here')"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"began\n"
        with limited(process):
            assert process.stdout.read() == b"hung here\n"


def test_the_time_of_what_outlives_its_parent_counts() -> None:
    # The child ends after its parent, which waits for nothing, as that of a page does whose browser is killed.
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    script = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burn!r}]); sys.exit(3)"
    command = [sys.executable, "-m", "tests.counted", sys.executable, "-W", "ignore", "-c", script]
    with subprocess.Popen(command) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 3
    assert processor_seconds(usage) > 0.5


def test_all_modules_with_sql_of_their_own_name_the_tests_that_run_on_both_databases() -> None:
    assert vendors.with_own_sql(Path(picasso.__file__).parent) == set(vendors.OWN_SQL)
    for name in vendors.OF_DIFFERENCES:
        path, _, test = name.partition("::")
        assert f"def {test}" in Path(path).read_text(), f"tests/flow/vendors.py names {name}"


def test_a_test_that_races_runs_on_both_databases() -> None:
    calls_it = lambda: [side_by_side([])]  # noqa: E731
    assert vendors.differs(calls_it)
    assert vendors.differs(test_relay.test_relays_side_by_side_send_each_job_once)
    assert vendors.differs(test_uploads_of_others.test_a_request_of_somebody_else_interrupts_nobody)
    assert not vendors.differs(test_every_folder_is_in_a_part)


class Races:
    @property
    def both(self) -> list[Any]:
        return side_by_side([])


@pytest.fixture
def racing() -> list[Any]:
    return side_by_side([])


def test_a_race_is_found_in_what_a_test_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    by_a_method: Callable[[], object] = lambda: Races().both  # noqa: E731
    by_a_fixture: Callable[[Any], object] = lambda racing: racing  # noqa: E731
    by_a_helper: Callable[[], object] = lambda: side_by_side  # noqa: E731
    monkeypatch.setattr(vendors, "OWN", "tests.")
    assert vendors.differs(by_a_method)
    assert vendors.differs(by_a_fixture)
    monkeypatch.setattr(vendors, "NAMES", frozenset({"Barrier"}))
    monkeypatch.setattr(vendors, "NAMES_OF_TESTS", frozenset({"Barrier"}))
    assert vendors.differs(by_a_helper), "in a module of its own"


def test_of_each_kind_of_tests_a_share_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = {f"a::{n}": ("a", 1 / 2) for n in range(6)} | {"b::0": ("b", 1 / 2)}
    monkeypatch.setenv(sampling.ALL, "0")
    left_out = sampling.left_out(tests)
    assert len(left_out) == 3
    assert "b::0" not in left_out
    monkeypatch.setenv(sampling.ALL, "1")
    assert sampling.left_out(tests) == set()
