"""The counters in the database: the same as in memory, for several processes at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from picasso.limits.counters import Charge, Counters, MemoryCounters, Return, take_now
from picasso.limits.database import PAGE, DatabaseCounters, execute, row_key
from picasso.models import RateCounter
from picasso.pools import stop_pool
from picasso.rate_policies import Policy
from tests.flow.rows import taken_for_empty

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = 3600.0


@pytest.fixture(params=[MemoryCounters, DatabaseCounters])
def counters(request: pytest.FixtureRequest) -> Counters:
    found: Counters = request.param()
    return found


def charge(counters: Counters, want: int, debt: int = 0, key: str = "p:a", quota: int = 100) -> tuple[int, int]:
    """What was granted, and what is left."""
    count = counters.charge([Charge(key, quota, want, debt, HOUR)])[0]
    assert 0 < count.seconds <= HOUR
    return count.granted, count.left


def test_units_are_granted_until_none_are_left(counters: Counters) -> None:
    assert [charge(counters, 40) for _ in range(4)] == [(40, 60), (40, 20), (20, 0), (0, 0)]


def test_a_debt_is_counted_in_any_case(counters: Counters) -> None:
    assert charge(counters, want=10, debt=30) == (10, 60)
    assert charge(counters, want=10, debt=55) == (5, 0)
    assert charge(counters, want=10, debt=55) == (0, 0)
    assert charge(counters, want=10, debt=200, key="p:b") == (0, 0)


def test_units_can_be_given_back_in_their_window_only(counters: Counters) -> None:
    first = counters.charge([Charge("p:a", 100, 100, 0, HOUR)])[0]
    counters.give_back([Return("p:a", first.window, 30), Return("p:unknown", first.window, 5)])
    assert charge(counters, 50) == (30, 0)
    counters.give_back([Return("p:a", first.window + 1, 30)])
    assert charge(counters, 50) == (0, 0)
    counters.give_back([Return("p:a", first.window, 1000)])
    assert charge(counters, 1) == (1, 99)


def test_a_window_that_is_over_begins_anew(counters: Counters) -> None:
    first = counters.charge([Charge("p:a", 100, 100, 0, 0.001)])[0]
    threading.Event().wait(0.02)
    counters.give_back([Return("p:a", first.window, 100)])
    second = counters.charge([Charge("p:a", 100, 60, 10, HOUR)])[0]
    assert (second.granted, second.left) == (60, 30)
    assert second.window != first.window
    assert second.seconds == pytest.approx(HOUR, abs=60)


def test_a_changed_quota_counts_at_once(counters: Counters) -> None:
    assert charge(counters, 50, quota=100) == (50, 50)
    assert charge(counters, 50, quota=70) == (20, 0)
    assert charge(counters, 50, quota=60) == (0, 0)
    assert charge(counters, 50, quota=1000) == (50, 880)


def test_counts_come_in_the_order_of_their_charges(counters: Counters) -> None:
    charges = [Charge(f"p:{number}", 10_000, number, 0, HOUR) for number in range(PAGE + 200)]
    assert [count.granted for count in counters.charge(charges)] == [*range(PAGE + 200)]


@pytest.mark.parametrize("subject", ["", "x" * 10_000, "\0", "\ud800", "é'\"\\%s{}", "имя"])
def test_any_name_can_be_a_subject(counters: Counters, subject: str) -> None:
    policy = Policy("p", 2, 60)
    assert [take_now(counters, policy, subject).allowed for _ in range(3)] == [True, True, False]


def test_ended_counters_are_removed() -> None:
    counters = DatabaseCounters()
    counters.charge([Charge(f"p:{number}", 10, 1, 0, 0.001) for number in range(PAGE + 5)])
    counters.charge([Charge("p:later", 10, 1, 0, HOUR)])
    threading.Event().wait(0.02)
    counters.remove_ended()
    assert [row.key.hex for row in RateCounter.objects.all()] == [row_key("p:later")]


def test_ended_counters_are_removed_in_pages_in_every_plan() -> None:
    with taken_for_empty("picasso_ratecounter"):
        DatabaseCounters().charge([Charge(f"p:{number}", 10, 1, 0, 0.001) for number in range(10)])
        threading.Event().wait(0.02)
        assert [execute("remove_ended", 4) for _ in range(4)] == [4, 4, 2, 0]


def test_a_lost_connection_is_replaced() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("a file is never lost")
    counters = DatabaseCounters()
    charge(counters, 1)
    assert connection.connection is not None
    connection.connection.close()
    assert charge(counters, 1) == (1, 98)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    found = ThreadPoolExecutor(8)
    yield found
    stop_pool(found, 8)
    found.shutdown()


def test_threads_never_get_more_than_the_quota(pool: ThreadPoolExecutor) -> None:
    """Each with a connection of its own, as processes have. Charges of many counters lock them in one order."""
    counters = DatabaseCounters()
    keys = [f"p:{number}" for number in range(20)]

    def charge_all(number: int) -> list[int]:
        order = keys[number % 20 :] + keys[: number % 20]
        counts = counters.charge([Charge(key, 50, 3, 0, HOUR) for key in order])
        counters.give_back([Return(order[0], counts[0].window, 1)] if counts[0].granted else [])
        return [sum(count.granted for count in counts), int(counts[0].granted > 0)]

    outcomes = [*pool.map(charge_all, range(40))]
    granted, returned = (sum(column) for column in zip(*outcomes, strict=True))
    rest = sum(count.granted for count in counters.charge([Charge(key, 50, 50, 0, HOUR) for key in keys]))
    assert granted - returned + rest == 20 * 50


def test_the_table_is_not_in_the_write_ahead_log() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has unlogged tables")
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'picasso_ratecounter'")
        assert cursor.fetchone() == ("u",)
