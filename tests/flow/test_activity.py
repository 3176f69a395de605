"""What is committed wakes the loops of all processes at once, and what is not never does."""

from __future__ import annotations

import fcntl
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction

from picasso import activity
from picasso.activity import Activity, Announcer, Rounds, Source
from tests.stack import until
from tests.waiting import SECONDS, join

ACTIVE, IDLE = 1.0, 2.0
SELECT_LIMIT = 1024


@pytest.fixture(autouse=True)
def _database(transactional_db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Announcements of other tests don't count; nor does SQLite's database of the tests, which is in memory."""
    monkeypatch.setattr(activity, "_announcer", Announcer())
    monkeypatch.setattr(activity, "activity_file", lambda: tmp_path / "activity")


@pytest.fixture
def heard() -> Iterator[Activity]:
    made = Activity()
    made.start()
    until(lambda: is_idle(made), 10, lambda: "it is never idle")
    yield made
    made.stop()


def is_idle(heard: Activity) -> bool:
    return heard.pause(ACTIVE, IDLE) == IDLE


@pytest.fixture
def woken(heard: Activity) -> Iterator[threading.Event]:
    event = threading.Event()
    with heard.waking(event.set):
        yield event


def test_a_commit_wakes_at_once(heard: Activity, woken: threading.Event) -> None:
    before = heard._active_until
    with transaction.atomic():
        activity.announce()
        assert not woken.wait(0.1)
    assert woken.wait(SECONDS)
    assert heard._active_until > before
    until(lambda: is_idle(heard), 15, lambda: "it is never idle again")


def test_a_rollback_wakes_nobody(heard: Activity, woken: threading.Event) -> None:
    with transaction.atomic():
        activity.announce()
        transaction.set_rollback(True)
    assert not woken.wait(0.2)
    assert is_idle(heard)


def test_many_announcements_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float] = []
    monkeypatch.setattr(activity, "notify", lambda: calls.append(time.monotonic()))
    began = time.monotonic()
    told = 0
    while len(calls) < 3:
        assert time.monotonic() < began + 60, f"{told} announcements made {calls}"
        activity.announce()
        told += 1
    assert len(calls) <= (time.monotonic() - began) / activity.AGAIN + 1
    assert told > len(calls)


def test_a_failed_announcement_harms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError

    monkeypatch.setattr(activity, "notify", fail)
    activity.announce()


def test_it_listens_again_after_an_outage(heard: Activity, woken: threading.Event) -> None:
    lose()
    assert woken.wait(SECONDS), "it does not listen again"
    until(lambda: is_idle(heard), 15, lambda: "it is never idle again")
    woken.clear()
    time.sleep(activity.AGAIN)
    activity.announce()
    assert woken.wait(SECONDS)


def lose() -> None:
    """Take away what it listens to."""
    if connection.vendor == "sqlite":
        file = activity.activity_file()
        assert file
        file.unlink()
        return
    # There may be more for a moment: of those that have stopped listening the server does not know yet.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query = %s",
            [f"LISTEN {activity.CHANNEL}"],
        )
        assert cursor.rowcount >= 1


def test_rounds_follow_each_other_sooner_with_activity(heard: Activity) -> None:
    rounds, run = counting(heard)
    until(lambda: rounds() == 1, 10, lambda: "no round")
    activity.announce()
    until(lambda: rounds() == 2, 10, lambda: "no second round")
    run.stop()
    until(lambda: not any(thread.name == "rounds" for thread in threading.enumerate()), 10, lambda: "it goes on")
    assert rounds() == 2


def counting(heard: Activity) -> tuple[Callable[[], int], Rounds]:
    calls: list[None] = []

    def work() -> float:
        calls.append(None)
        return 60.0

    run = Rounds(heard, work)
    threading.Thread(target=run.run, name="rounds", daemon=True).start()
    return lambda: len(calls), run


def test_it_leaves_no_pipe_open_and_starts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    closed: set[int] = set()
    pipe, close = os.pipe, os.close

    def opening() -> tuple[int, int]:
        ends = pipe()
        if threading.current_thread() is threading.main_thread():  # not those of other tests that end late
            opened.extend(ends)
        return ends

    def closing(fd: int) -> None:
        closed.add(fd)
        close(fd)

    monkeypatch.setattr(os, "pipe", opening)
    monkeypatch.setattr(os, "close", closing)
    Activity().stop()
    assert not opened
    made = Activity()
    for _ in range(2):
        made.start()
    for _ in range(2):
        made.stop()
    made.start()
    assert len(opened) == 2
    until(lambda: closed >= set(opened), 10, lambda: "it leaves a pipe open")


def test_it_tries_again_with_a_large_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a web process with over a thousand connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * SELECT_LIMIT:
        pytest.skip("too few descriptors are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * SELECT_LIMIT), hard))
    pipe, source, outages = os.pipe, activity.source, [OSError()]

    def large_pipe() -> tuple[int, int]:
        small, writing = pipe()
        large = fcntl.fcntl(small, fcntl.F_DUPFD_CLOEXEC, SELECT_LIMIT)
        os.close(small)
        return large, writing

    def source_after_an_outage() -> Source | None:
        if outages:
            raise outages.pop()
        return source()

    monkeypatch.setattr(os, "pipe", large_pipe)
    monkeypatch.setattr(activity, "source", source_after_an_outage)
    monkeypatch.setattr(activity, "OUTAGE_PAUSE", 0.01)
    made = Activity()
    try:
        made.start()
        until(lambda: is_idle(made), 20, lambda: "it does not listen after the outage")
    finally:
        made.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_activity_begins_under_the_lock_of_those_who_want_to_be_woken(heard: Activity) -> None:
    """So who wants to be woken either is, or sees that there is activity."""
    before, thread = heard._active_until, threading.Thread(target=heard._be_active, daemon=True)
    with heard._lock:
        thread.start()
        thread.join(0.1)
        assert heard._active_until == before
        released = time.monotonic()
    join(thread)
    assert heard._active_until >= released + activity.LINGER


def test_without_anything_to_hear_there_may_always_be_activity() -> None:
    silent = Activity()
    assert not is_idle(silent)
    silent.stop()
