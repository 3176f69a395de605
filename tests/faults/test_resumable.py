"""Resumable uploads, cut and resumed while the web processes are killed: each becomes one file, whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.kills import kill
from tests.faults.storm import age, check, left_behind, storm, uploads
from tests.sampling import everything, number, random_seed
from tests.stack import Stack, production, running

pytestmark = [pytest.mark.faults, pytest.mark.live, pytest.mark.timeout(300)]

MIB = 2**20


@pytest.fixture(params=["embedded", "clustered"])
def stack(request: pytest.FixtureRequest, new_data: Callable[[], Path]) -> Iterator[Stack]:
    env = {}
    if request.param == "clustered":
        database = request.getfixturevalue("postgres").create_database("storm")
        env = dict(production(database, request.getfixturevalue("new_broker")().url, PICASSO_WEB_PROCESSES="2"))
    with running(new_data(), **env) as started:
        yield started


def kill_web(stack: Stack) -> int:
    return kill(stack.processes("web", "--fd"))


def test_cut_and_killed(stack: Stack) -> None:
    large = [48 * MIB, 24 * MIB] if everything() else [16 * MIB]
    sent = uploads(number(40, 18), 3, (MIB // 4, 3 * MIB), large, seed=random_seed())
    outcome = storm(stack.port, sent, lambda: kill_web(stack), 2)
    print(f"\n{outcome}", end="")
    assert not outcome.faults, stack.log_tail()
    assert outcome.kills == 2
    assert not check(stack.url, sent)
    age(left := left_behind(stack.data, sent))
    stack.manage("sweep")
    print(f"; {len(left)} left to the sweep", end="")
    assert not left_behind(stack.data, sent)
