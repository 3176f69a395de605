"""Which due jobs go next: the share of each pipeline, priorities, and the background that yields."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from picasso.jobs import claims, queues, sql
from picasso.jobs.states import State
from picasso.jobs.throughput import SPAN_SECONDS, Throughput
from picasso.models import File, Job
from tests.flow.rows import copy_many, finish, new_file, new_job, running_job, side_by_side, start

# A claim is refused in a transaction, in which all other tests would be.
pytestmark = pytest.mark.django_db(transaction=True)


def due(count: int, pipeline: str = "default", priority: int = 0, **fields: Any) -> list[uuid.UUID]:
    """Jobs of one file, those first that have been due the longest."""
    file = new_file()
    made = [
        Job(
            file=file,
            processor=f"p-{n}",
            queue="quick",
            pipeline=pipeline,
            priority=priority,
            due_at=Now() - timedelta(seconds=count - n),
            **fields,
        )
        for n in range(count)
    ]
    return [job.pk for job in Job.everywhere.bulk_create(made)]


def pipelines_of(jobs: list[uuid.UUID]) -> Counter[str]:
    return Counter(Job.everywhere.filter(pk__in=jobs).values_list("pipeline", flat=True))


def test_pipelines_share_a_batch() -> None:
    due(100, "big")
    due(100, "other")
    due(2, "small")
    assert pipelines_of(claims.claim_due("quick", 32, 256)) == {"big": 15, "other": 15, "small": 2}


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_no_pipeline_is_always_the_last(limit: int) -> None:
    """They are drawn at random: so many claims that the chance of missing one is below 1 in 10^8."""
    names = [f"p{n}" for n in range(8)]
    for name in names:
        due(160, name)
    got: Counter[str] = Counter()
    for _ in range(160 // limit):
        got += pipelines_of(claims.claim_due("quick", limit, 10_000))
    assert set(got) == set(names), "some pipeline never had its turn"


def test_in_a_batch_pipelines_take_turns() -> None:
    first, second = due(3, "first"), due(3, "second")
    claimed = claims.claim_due("quick", 6, 256)
    assert [sorted(claimed[n : n + 2]) for n in (0, 2, 4)] == [sorted(pair) for pair in zip(first, second, strict=True)]


def test_within_a_pipeline_the_higher_priority_goes_first_and_then_the_longest_due() -> None:
    low, high, usual = due(3, priority=0), due(2, priority=20), due(2, priority=5)
    assert claims.claim_due("quick", 5, 256) == [*high, *usual, low[0]]


def test_what_is_not_due_holds_nothing_up() -> None:
    for priority in (0, 10):
        new_job(priority=priority, due_at=Now() + timedelta(minutes=1))
    behind = due(2, priority=-10)
    assert claims.claim_due("quick", 5, 256) == behind


# The background


def test_the_background_waits_until_nothing_else_is_due() -> None:
    due(100, "default", -10)
    fresh = due(3)
    assert claims.claim_due("quick", 2, 256, 4) == fresh[:2]
    assert claims.claim_due("quick", 64, 256, 4) == fresh[2:]
    assert len(claims.claim_due("quick", 64, 256, 4)) == 4


def test_only_a_few_of_the_background_are_under_way() -> None:
    background = due(20, "default", -10)
    assert claims.claim_due("quick", 64, 256, 4) == background[:4]
    assert start(background[0])
    assert claims.claim_due("quick", 64, 256, 4) == [], "one that runs counts as well"
    (fresh,) = due(1)
    assert claims.claim_due("quick", 64, 256, 4) == [fresh], "a fresh one does not wait for them"
    job = Job.everywhere.get(pk=background[0])
    assert finish(job, {}, [])
    assert claims.claim_due("quick", 64, 256, 4) == [background[4]]


def test_the_window_bounds_fresh_and_background_together() -> None:
    due(10)
    due(10, priority=-1)
    assert len(claims.claim_due("quick", 64, 8)) == 8
    assert claims.claim_due("quick", 64, 8) == []


# A claim is not flushed to the disk


def test_a_claim_that_a_crash_of_the_database_has_lost_is_made_again() -> None:
    (job,) = due(1)
    assert claims.claim_due("quick", 1, 8) == [job]
    Job.everywhere.filter(pk=job).update(state=State.WAITING, leased_until=None)  # as it was
    assert start(job) is None, "its message was sent, but starts nothing"
    assert claims.claim_due("quick", 1, 8) == [job]
    begun = start(job)
    assert begun
    assert begun.attempt == 1
    assert start(job) is None, "the message of the claim that was lost"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL's setting")
def test_a_claim_may_be_forgotten_and_what_a_worker_writes_may_not() -> None:
    (job,) = due(1)
    texts: list[str] = []

    def note(execute: Callable[..., Any], text: str, *rest: Any) -> Any:
        texts.append(text)
        return execute(text, *rest)

    def sent(step: Callable[[], object]) -> list[bool]:
        """Of each message that writes a job, whether it asks for less than durability."""
        texts.clear()
        with connection.execute_wrapper(note):
            step()
        return ["synchronous_commit" in text for text in texts if "UPDATE picasso_job" in text]

    begun: list[Any] = []
    assert sent(lambda: claims.claim_due("quick", 1, 8)) == [True]
    assert sent(lambda: begun.append(start(job))) == [False]
    assert sent(lambda: finish(begun[0], {})) == [False]
    assert Job.everywhere.get(pk=job).state == State.DONE


# A queue that is paused


def test_nothing_of_a_paused_queue_is_claimed() -> None:
    jobs, (heavy,) = due(2), due(1)
    Job.everywhere.filter(pk=heavy).update(queue="heavy")
    queues.pause("quick")
    assert claims.claim_due("quick", 10, 256) == []
    assert claims.claim_due("heavy", 10, 256) == [heavy]
    queues.resume("quick")
    assert claims.claim_due("quick", 10, 256) == jobs


def test_a_message_that_comes_to_a_paused_queue_goes_back() -> None:
    job = new_job(state=State.QUEUED)
    since = job.due_at
    queues.pause("quick")
    assert start(job.pk) is None
    kept = Job.everywhere.select_related("file").get(pk=job.pk)
    assert (kept.state, kept.attempt, kept.leased_until, kept.due_at) == (State.WAITING, 0, None, since)
    assert kept.file.state == File.State.PENDING
    queues.resume("quick")
    assert claims.claim_due("quick", 1, 1) == [job.pk]
    assert start(job.pk)


def test_what_runs_when_its_queue_is_paused_goes_on() -> None:
    job = running_job()
    queues.pause("quick")
    assert finish(job, {}, [])


def test_a_load_tells_what_a_queue_holds() -> None:
    assert queues.load("quick") == queues.Load("quick", False, 0, 0, 0, None)
    due(3)
    new_job(due_at=Now() + timedelta(hours=1))
    new_job(state=State.QUEUED)
    running_job()
    new_job(state=State.DONE)
    queues.pause("quick")
    load = queues.load("quick")
    assert (load.paused, load.waiting, load.queued, load.running) == (True, 4, 1, 1)
    assert load.oldest
    assert 3 <= load.oldest < 60
    assert [load.name for load in queues.loads()] == ["quick", "heavy", "service"]


# Many


def test_relays_side_by_side_share_several_pipelines() -> None:
    all_ = {job for name in ("a", "b", "c") for job in due(40, name)}

    def claim() -> list[uuid.UUID]:
        mine: list[uuid.UUID] = []
        while got := claims.claim_due("quick", 7, 1000):
            mine += got
        return mine

    claimed = [pk for _ in range(3) for each in side_by_side([claim] * 4) for pk in each]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) == all_


@pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL's planner")
def test_a_claim_is_index_backed_beside_a_long_line() -> None:
    """20,000 waiting in one pipeline and one in another: both are found by probes of one index."""
    (small,) = due(1, "small")
    copy_many(new_job(processor="p"), 20_000, processor="'p-' || n")
    statements: list[tuple[str, tuple[Any, ...]]] = [
        (sql.NEXT_LANE, ("quick", 0, "", -(2**15))),
        (sql.NEXT_LANE, ("quick", 1, "default", 0)),
        (sql.CLAIM, ("quick", 1, "default", 0, [], 64)),
    ]
    for statement, parameters in statements:
        plan = "\n".join(row[0] for row in sql.rows(f"EXPLAIN {statement}", *parameters))
        assert "job_claim" in plan, plan
        assert "Seq Scan on picasso_job" not in plan, plan
    claims.claim_due("quick", 64, 256)
    claimed = claims.claim_due("quick", 2, 256) if Job.everywhere.get(pk=small).state == State.WAITING else [small]
    assert small in claimed


# Processors whose libraries a worker lacks


def test_jobs_of_unavailable_processors_are_left_to_other_workers() -> None:
    image = [new_job(processor="image").pk for _ in range(3)]
    text = new_job(processor="text").pk
    background = new_job(processor="text", priority=-10).pk
    assert claims.claim_due("quick", 2, 256, unavailable=["image"]) == [text]
    assert claims.claim_due("quick", 2, 256, unavailable=["image"]) == [background]
    assert claims.claim_due("quick", 2, 256, unavailable=["image"]) == []
    assert set(claims.claim_due("quick", 9, 256)) == set(image)


def test_jobs_that_no_worker_takes_are_noticed() -> None:
    long_ago = Now() - 2 * claims.STRANDED_AFTER
    new_job(processor="image", due_at=long_ago)
    new_job(processor="text", due_at=long_ago)
    new_job(processor="pdf")
    new_job(processor="video", due_at=long_ago, queue="heavy")
    assert claims.stranded("quick", ["image", "pdf", "video"]) == ["image"]


# Throughput


def test_the_throughput_is_that_of_the_last_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.1, 0.2, 0.3, 0.4 + SPAN_SECONDS, 0.5 + SPAN_SECONDS])
    monkeypatch.setattr("picasso.jobs.throughput.time", SimpleNamespace(monotonic=partial(next, clock)))
    throughput = Throughput()
    assert throughput.per_second() == 0
    throughput.count(100)
    throughput.count()
    assert throughput.per_second() == 101
    throughput.count()
    assert throughput.per_second() == 1
