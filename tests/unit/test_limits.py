"""The limiter, with a clock that the test sets."""

from __future__ import annotations

import asyncio
import random
import threading
import tracemalloc
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.waiting import join

from picasso.limits.bucket import FREE_PART
from picasso.limits.counters import Charge, Count, Counters, MemoryCounters, Return, take_now
from picasso.limits.leases import ALONE_SECONDS, IDLE_SECONDS, LeasingLimiter
from picasso.limits.limiter import DirectLimiter, Limiter
from picasso.limits.subjects import subject_of_address
from picasso.rate_policies import Policy

T = TypeVar("T")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


LIMITERS: list[LeasingLimiter] = []
"""Those of the running test."""


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine may be as busy as it likes."""
    monkeypatch.setattr("picasso.limits.leases.WAIT_SECONDS", 600)


def leasing(counters: Counters, clock: Clock, processes: int = 2, max_subjects: int = 1000) -> LeasingLimiter:
    limiter = LeasingLimiter(counters, processes, clock=clock, max_subjects=max_subjects)
    limiter.start()
    LIMITERS.append(limiter)
    return limiter


async def taken(limiter: Limiter, policy: Policy, times: int, subject: str = "a", cost: int = 1) -> int:
    """How many of so many requests are allowed, one after the other."""
    return sum([(await limiter.take(policy, subject, cost)).allowed for _ in range(times)])


def run(work: Awaitable[T]) -> T:
    """Run it, and stop its limiters with their threads."""

    async def with_end() -> T:
        try:
            return await work
        finally:
            while LIMITERS:
                await LIMITERS.pop().stop()

    before = {*threading.enumerate()}
    found = asyncio.run(with_end())
    join(*{*threading.enumerate()} - before)
    return found


# Counters


def test_a_quota_holds_until_its_window_ends(clock: Clock) -> None:
    counters, policy = MemoryCounters(clock), Policy("p", 3, 60)
    outcomes = []
    for _ in range(5):
        found = take_now(counters, policy, "a")
        outcomes.append((found.allowed, found.remaining, found.reset))
        clock.now += 10
    assert outcomes == [(True, 2, 60), (True, 1, 50), (True, 0, 40), (False, 0, 30), (False, 0, 20)]
    clock.now += 9.5
    assert not take_now(counters, policy, "a").allowed
    clock.now += 0.5
    assert take_now(counters, policy, "a").remaining == 2


def test_subjects_and_policies_do_not_share(clock: Clock) -> None:
    counters, one, other = MemoryCounters(clock), Policy("one", 1, 60), Policy("other", 1, 60)
    assert [take_now(counters, one, subject).allowed for subject in "aba"] == [True, True, False]
    assert take_now(counters, other, "a").allowed


def test_a_cost_is_taken_whole_or_not(clock: Clock) -> None:
    counters, policy = MemoryCounters(clock), Policy("p", 10, 60)
    assert take_now(counters, policy, "a", 7).remaining == 3
    refused = take_now(counters, policy, "a", 4)
    assert (refused.allowed, refused.remaining) == (False, 3)
    assert take_now(counters, policy, "a", 3).allowed


def test_a_cost_of_nothing_only_asks(clock: Clock) -> None:
    counters, policy = MemoryCounters(clock), Policy("p", 1, 60)
    assert [take_now(counters, policy, "a", 0).allowed for _ in range(3)] == [True] * 3
    take_now(counters, policy, "a")
    assert not take_now(counters, policy, "a", 0).allowed


def test_memory_counters_are_bounded(clock: Clock) -> None:
    counters, policy = MemoryCounters(clock, max_subjects=1000), Policy("p", 5, 3600)
    for number in range(1000):
        take_now(counters, policy, f"early {number}")
    tracemalloc.start()
    for number in range(5000):
        take_now(counters, policy, f"stranger {number}")
        take_now(counters, policy, "regular")
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(counters) == 1000
    assert grown < 500 * len(counters)
    assert not take_now(counters, policy, "regular").allowed  # who comes back again and again is not forgotten


def test_ended_counters_can_be_removed(clock: Clock) -> None:
    counters = MemoryCounters(clock)
    take_now(counters, Policy("p", 5, 60), "a")
    take_now(counters, Policy("p", 5, 600), "b")
    clock.now += 60
    counters.remove_ended()
    assert len(counters) == 1


def test_threads_never_get_more_than_the_quota(clock: Clock) -> None:
    counters, policy = MemoryCounters(clock), Policy("p", 500, 60)
    allowed: list[bool] = []

    def many() -> None:
        allowed.extend(take_now(counters, policy, "a").allowed for _ in range(200))

    threads = [threading.Thread(target=many, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    join(*threads)
    assert sum(allowed) == 500


# Leases


@pytest.mark.parametrize("quota", [1, 2, 20, 199, 200, 1000, 12_345])
def test_one_process_gets_the_whole_quota_and_no_more(clock: Clock, quota: int) -> None:
    policy = Policy("p", quota, 3600)

    async def take_all() -> int:
        return await taken(leasing(MemoryCounters(clock), clock), policy, quota + 100)

    assert run(take_all()) == quota


@pytest.mark.parametrize("quota", [1, 20, 199, 200, 1000, 12_345])
@pytest.mark.parametrize("processes", [2, 5])
def test_several_processes_exceed_a_quota_by_their_free_part_only(clock: Clock, quota: int, processes: int) -> None:
    policy, counters = Policy("p", quota, 3600), MemoryCounters(clock)

    async def take_all() -> int:
        limiters = [leasing(counters, clock, processes) for _ in range(processes)]
        shares = [taken(limiter, policy, quota + 50) for limiter in limiters for _ in range(3)]
        return sum(await asyncio.gather(*shares))

    assert quota <= run(take_all()) <= quota + processes * (quota // FREE_PART)


class Slow:
    """Counters that a thread takes a moment to ask, as it does with a database."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self.calls = 0

    def charge(self, charges: Sequence[Charge]) -> list[Count]:
        self.calls += 1
        threading.Event().wait(random.uniform(0, 0.002))
        return self._counters.charge(charges)

    def give_back(self, returns: Sequence[Return]) -> None:
        self._counters.give_back(returns)

    def remove_ended(self) -> None:
        self._counters.remove_ended()


def test_a_burst_of_connections_on_two_processes(clock: Clock) -> None:
    policy, counters = Policy("p", 2000, 3600), Slow(MemoryCounters(clock))

    async def burst() -> int:
        limiters = [leasing(counters, clock), leasing(counters, clock)]
        connections = [taken(limiters[number % 2], policy, 200) for number in range(32)]
        return sum(await asyncio.gather(*connections))

    assert 2000 <= run(burst()) <= 2000 + 2 * 10
    assert counters.calls < 400  # for 6,400 requests


def test_a_few_requests_cost_no_statement(clock: Clock) -> None:
    counters = Slow(MemoryCounters(clock))

    async def few() -> None:
        limiter = leasing(counters, clock)
        for subject in range(100):
            assert await taken(limiter, Policy("p", 3000, 60), 15, f"{subject}") == 15

    run(few())
    assert counters.calls == 0


def test_what_remains_and_when_it_resets_are_those_of_all_processes(clock: Clock) -> None:
    policy, counters = Policy("p", 100, 60), MemoryCounters(clock)

    async def take() -> None:
        one, other = leasing(counters, clock), leasing(counters, clock)
        assert await taken(one, policy, 50) == 50
        clock.now += 20
        assert await taken(other, policy, 2) == 2
        found = await other.take(policy, "a")
        assert found.reset == 40
        assert 40 <= found.remaining <= 48
        clock.now += 40
        fresh = await other.take(policy, "a")
        assert (fresh.allowed, fresh.remaining, fresh.reset) == (True, 99, 60)

    run(take())


def test_windows_that_overlap_exceed_a_quota_by_twice_the_free_part(clock: Clock) -> None:
    """One process uses its free part at the end of a window of its own, and again in the next one."""
    policy, counters = Policy("p", 1000, 60), MemoryCounters(clock)

    async def take() -> int:
        early, late = leasing(counters, clock), leasing(counters, clock)
        await early.take(policy, "a")
        clock.now += 30
        found = await taken(late, policy, 1000)
        found += await taken(early, policy, 4)
        clock.now += 30
        return found + await taken(early, policy, 5)

    assert run(take()) == 1000 + 4 + 5


def test_an_exhausted_quota_is_refused_without_asking_again_and_again(clock: Clock) -> None:
    counters, policy = Slow(MemoryCounters(clock)), Policy("p", 20, 60)

    async def take() -> None:
        limiter = leasing(counters, clock)
        await taken(limiter, policy, 21)
        calls = counters.calls
        assert await taken(limiter, policy, 1000) == 0
        assert counters.calls == calls
        assert not (await limiter.take(policy, "a", 0)).allowed

    run(take())


def test_a_cost_on_leases(clock: Clock) -> None:
    policy, counters = Policy("p", 1000, 60), MemoryCounters(clock)

    async def take() -> None:
        limiter = leasing(counters, clock)
        assert await taken(limiter, policy, 200, cost=30) == 33
        assert await taken(limiter, policy, 20) == 10
        assert not (await limiter.take(policy, "b", 1001)).allowed
        assert (await limiter.take(policy, "b", 1000)).allowed

    run(take())


def test_idle_shares_go_back(clock: Clock) -> None:
    policy, counters = Policy("p", 1600, 3600), MemoryCounters(clock)

    async def take() -> None:
        idle, busy = leasing(counters, clock), leasing(counters, clock)
        assert await taken(idle, policy, 20) == 20  # with a share of 100
        got = await taken(busy, policy, 2000)
        assert got < 1580
        clock.now += IDLE_SECONDS + 1
        async with asyncio.timeout(60):
            while got < 1580:
                await asyncio.sleep(0.05)
                clock.now += 1
                got += await taken(busy, policy, 2000)
        assert got <= 1580 + 2 * 8

    run(take())


def test_shares_go_back_at_the_end(clock: Clock) -> None:
    policy, counters = Policy("p", 1600, 3600), MemoryCounters(clock)

    async def take_some() -> int:
        return await taken(leasing(counters, clock), policy, 20)

    assert run(take_some()) == 20
    assert take_now(counters, policy, "a").remaining == 1600 - 20 - 1


def test_leases_are_bounded_in_memory(clock: Clock) -> None:
    async def flood() -> int:
        limiter = leasing(MemoryCounters(clock, max_subjects=500), clock, max_subjects=500)
        for number in range(20_000):
            await limiter.take(Policy("p", 3000, 60), f"stranger {number}")
        return len(limiter)

    assert run(flood()) == 500


class Failing:
    """Counters on a database that is away."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self.away = True

    def charge(self, charges: Sequence[Charge]) -> list[Count]:
        if self.away:
            raise OSError("connection refused")
        return self._counters.charge(charges)

    def give_back(self, returns: Sequence[Return]) -> None:
        raise OSError("connection refused")

    def remove_ended(self) -> None:
        raise OSError("connection refused")


def test_without_counters_each_process_counts_alone(clock: Clock) -> None:
    policy, counters = Policy("p", 1000, 3600), Failing(MemoryCounters(clock))

    async def take() -> None:
        limiters = [leasing(counters, clock), leasing(counters, clock)]
        assert [await taken(limiter, policy, 2000) for limiter in limiters] == [500, 500]
        refused = await limiters[0].take(policy, "a")
        assert refused.reduced
        counters.away = False
        clock.now += ALONE_SECONDS
        # What was used meanwhile is counted.
        assert [await taken(limiter, policy, 2000) for limiter in limiters] == [pytest.approx(500, abs=1), 0]

    run(take())


def test_what_was_used_up_stays_so_without_counters(clock: Clock) -> None:
    policy, counters = Policy("p", 1000, 3600), Failing(MemoryCounters(clock))

    async def take() -> None:
        counters.away = False
        one, other = leasing(counters, clock), leasing(counters, clock)
        await taken(one, policy, 100)
        await taken(other, policy, 2000)
        assert await taken(other, policy, 1) == 0
        counters.away = True
        clock.now += 5
        refused = await other.take(policy, "a")
        assert (refused.allowed, refused.reduced) == (False, False)

    run(take())


def test_counters_that_do_not_answer_hold_no_request_up(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("picasso.limits.leases.WAIT_SECONDS", 0.01)
    answer = threading.Event()

    class Hanging(MemoryCounters):
        def charge(self, charges: Sequence[Charge]) -> list[Count]:
            answer.wait(60)
            return super().charge(charges)

    async def take() -> None:
        limiter = leasing(Hanging(clock), clock)
        assert await taken(limiter, Policy("p", 100, 3600), 100) == 50
        answer.set()

    run(take())


@settings(deadline=None)
@given(st.data())
def test_any_order_of_requests_keeps_the_limit(data: st.DataObject) -> None:
    clock = Clock()
    quota = data.draw(st.integers(1, 400))
    policy, counters = Policy("p", quota, 60), MemoryCounters(clock)

    async def take() -> int:
        limiters = [leasing(counters, clock) for _ in range(3)]
        total = 0
        for _ in range(data.draw(st.integers(1, 30))):
            clock.now += data.draw(st.sampled_from([0, 0, 0.5, 1.5]))
            limiter = data.draw(st.sampled_from(limiters))
            cost = data.draw(st.integers(1, 5))
            total += cost * await taken(limiter, policy, data.draw(st.integers(1, 60)), cost=cost)
        return total

    assert run(take()) <= quota + 3 * (quota // FREE_PART)


# Embedded


def test_the_direct_limiter(clock: Clock) -> None:
    async def take() -> int:
        limiter = DirectLimiter(MemoryCounters(clock))
        limiter.start()
        found = await taken(limiter, Policy("p", 5, 60), 10)
        await limiter.stop()
        return found

    assert run(take()) == 5


# Addresses


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::a", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("1" * 10_000, "unknown"),
    ],
)
def test_subjects_of_addresses(address: str, subject: str) -> None:
    assert subject_of_address(address) == subject
