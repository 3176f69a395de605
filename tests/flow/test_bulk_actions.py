"""Cancel, retry, reprocess; one by one, by filter, and while everybody else wants the same row."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models.functions import Now

from picasso.access.principal import SERVICE
from picasso.jobs import bulk_actions, claims, commands, states
from picasso.jobs.bulk_actions import FilterError
from picasso.jobs.process_again import Again, process_again
from picasso.jobs.retries import TransientError
from picasso.jobs.states import ACTIVE, ENDED, Progress, StartedJob, State, Step
from picasso.models import Derivative, File, Job, ProjectUsage
from tests.flow.rows import derivative_of, expected_state, finish, new_file, new_job, running_job, side_by_side, start

pytestmark = pytest.mark.django_db

TROUBLE = TransientError("time-limit", "Processing this file took too long.")


def again(job: Job) -> Job:
    return Job.everywhere.select_related("file").get(pk=job.pk)


def begun(job: Job) -> StartedJob:
    Job.everywhere.filter(pk=job.pk, state=State.WAITING).update(state=State.QUEUED)
    found = start(job.pk)
    assert found
    return found


# Cancel


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_what_has_not_ended_can_be_cancelled(state: State) -> None:
    job = new_job(state=state, attempt=1)
    assert commands.cancel(job.pk)
    kept = again(job)
    assert (kept.state, kept.error_code, kept.leased_until) == (State.CANCELLED, "cancelled", None)
    assert kept.finished_at
    assert kept.file.state == File.State.FAILED
    assert kept.file.failure == kept
    assert not commands.cancel(job.pk)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_what_has_ended_can_not_be_cancelled(state: State) -> None:
    job = new_job(state=state)
    assert not commands.cancel(job.pk)
    assert again(job).state == state


def test_what_is_not_there_is_neither_cancelled_nor_retried() -> None:
    assert not commands.cancel(uuid.uuid4())
    assert not commands.retry(uuid.uuid4())


def test_a_cancelled_attempt_keeps_nothing() -> None:
    job = running_job()
    assert commands.cancel(job.pk)
    assert not finish(job, {"words": 1}, [derivative_of(job)])
    assert not states.fail(job, "corrupt", "It is corrupt.")
    assert not states.retry(job, TROUBLE)
    assert not states.release(job)
    assert again(job).state == State.CANCELLED
    assert not Derivative.objects.exists()


def test_a_failure_says_more_than_a_cancellation() -> None:
    file = new_file()
    cancelled, failed = running_job(file, processor="image"), running_job(file, processor="text")
    assert commands.cancel(cancelled.pk)
    assert states.fail(failed, "corrupt", "It is corrupt.")
    failure = File.everywhere.get().failure
    assert failure
    assert failure.error_code == "corrupt"


def test_who_retries_a_job_of_the_background_waits_for_it() -> None:
    background, urgent = new_job(state=State.FAILED, priority=-10), new_job(state=State.FAILED, priority=5)
    assert commands.retry_all([background.pk, urgent.pk]) == 2
    assert (again(background).priority, again(urgent).priority) == (0, 5)


# What a worker hears, and says


def test_a_worker_hears_of_what_was_cancelled_or_runs_elsewhere() -> None:
    mine, cancelled, fenced = running_job(), running_job(), running_job(attempt=2)
    commands.cancel(cancelled.pk)
    running = [Progress(mine.pk, 1, None), Progress(cancelled.pk, 1, None), Progress(fenced.pk, 1, None)]
    gone = Progress(uuid.uuid4(), 1, None)
    lost = {(cancelled.pk, 1), (fenced.pk, 1), gone.attempt_id}
    assert states.write_progress([*running, gone]) == lost
    assert states.renew([*running, gone]) == lost
    assert states.write_progress([]) == set()


def test_of_two_attempts_at_one_job_only_the_old_one_is_to_stop() -> None:
    """Cancelled and retried within a second, on the same worker."""
    job = running_job(attempt=2)
    both = [Progress(job.pk, 1, 0.9), Progress(job.pk, 2, 0.1)]
    assert states.write_progress(both) == {(job.pk, 1)}
    assert again(job).progress == 0.1


def test_progress_is_written_for_the_attempt_that_makes_it() -> None:
    mine, fenced = running_job(), running_job(attempt=2)
    states.write_progress([Progress(mine.pk, 1, 0.25), Progress(fenced.pk, 1, 0.5)])
    assert (again(mine).progress, again(fenced).progress) == (0.25, None)
    states.write_progress([Progress(mine.pk, 1, 0.1 + 0.2)])
    assert again(mine).progress == 0.3
    states.renew([Progress(mine.pk, 1, 7.0)])
    assert again(mine).progress == 1.0
    states.write_progress([Progress(mine.pk, 1, None)])
    assert again(mine).progress == 1.0
    assert states.retry(mine, TROUBLE)
    assert again(mine).progress is None


def test_progress_that_did_not_change_is_not_written(django_assert_num_queries: Any) -> None:
    job = running_job()
    with django_assert_num_queries(3):  # reads the row, writes it, and writes the event
        states.write_progress([Progress(job.pk, 1, 0.5)])
    with django_assert_num_queries(1):
        states.write_progress([Progress(job.pk, 1, 0.5)])


def test_the_log_of_a_running_attempt_grows(django_assert_num_queries: Any) -> None:
    job, other = running_job(), running_job()
    states.write_progress([Progress(job.pk, 1, 0.5, "page 1\n"), Progress(other.pk, 1, None)])
    assert (again(job).progress, again(job).log, again(other).log) == (0.5, "page 1\n", "")
    states.renew([Progress(job.pk, 1, 0.5, "page 1\n\0\ud800")])
    assert again(job).log == "page 1\n\ufffd?"
    with django_assert_num_queries(1):  # what the row says already is not written
        states.write_progress([Progress(job.pk, 1, 0.5, "page 1\n\0\ud800"), Progress(other.pk, 1, None, "")])
    states.write_progress([Progress(job.pk, 1, None)])
    assert again(job).log == "page 1\n\ufffd?"


def test_the_log_of_each_end_is_kept() -> None:
    long = "x" * 50_000 + "the\0end\ud800"
    done, failed, tried = running_job(), running_job(), running_job()
    finish(done, {}, [], log=long)
    states.fail(failed, "corrupt", "It is corrupt.", log=long)
    states.retry(tried, TROUBLE, log=long)
    for job in (done, failed, tried):
        kept = again(job).log
        assert len(kept) == states.MAX_LOG
        assert kept.endswith("the\ufffdend?")
    finish(begun(again(tried)), {}, [])
    assert again(tried).log == ""


# Retry


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", sorted(ENDED))
def test_what_has_ended_can_run_once_more(state: State) -> None:
    ended: dict[str, Any] = {"failures": 5, "crashes": 2, "error_code": "time-limit", "error_detail": "Too long."}
    job = new_job(state=state, attempt=5, requested_at=Now() - timedelta(hours=1), **ended)
    assert commands.retry(job.pk)
    kept = again(job)
    assert (kept.state, kept.attempt, kept.failures, kept.crashes) == (State.WAITING, 5, 0, 0)
    assert (kept.error_code, kept.error_detail, kept.finished_at, kept.started_at) == ("", "", None, None)
    assert kept.requested_at > job.requested_at
    assert kept.file.state == File.State.PROCESSING
    assert claims.claim_due("quick", 1, 1) == [job.pk]
    started = start(job.pk)
    assert started
    assert started.attempt == 6


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_what_has_not_ended_is_not_retried(state: State) -> None:
    job = new_job(state=state)
    assert not commands.retry(job.pk)
    assert again(job).state == state


def test_a_failed_file_becomes_processed_and_nothing_is_there_twice() -> None:
    file = new_file()
    image, text = running_job(file, processor="image"), running_job(file, processor="text")
    assert finish(text, {"words": 1}, [derivative_of(text)])
    assert states.fail(image, "corrupt", "It is corrupt.")
    assert File.everywhere.get().state == File.State.FAILED
    assert bulk_actions.retry_where(SERVICE, {"file": str(file.pk)}) == bulk_actions.Outcome(1, more=False)
    second = begun(image)
    assert finish(second, {"width": 1}, [derivative_of(second)])
    kept = File.everywhere.get()
    assert (kept.state, kept.failure) == (File.State.PROCESSED, None)
    assert kept.facts == {"file": {}, "text": {"words": 1}, "image": {"width": 1}}
    assert Derivative.objects.filter(processor="image").count() == Derivative.objects.filter(processor="text").count()


def test_a_second_success_replaces_the_first() -> None:
    job = running_job()
    finish(job, {"n": 1}, [derivative_of(job), derivative_of(job, "poster")])
    assert commands.retry(job.pk)
    assert Derivative.objects.count() == 2, "until there is something better"
    second = begun(job)
    assert finish(second, {"n": 2}, [derivative_of(second)])
    assert [made.key for made in Derivative.objects.all()] == [derivative_of(second).key]
    assert File.everywhere.get().facts["text"] == {"n": 2}


def test_a_finish_whose_answer_got_lost_is_known_also_after_a_retry() -> None:
    """Else its worker would remove bytes that rows name until the next attempt has finished."""
    job = running_job()
    assert finish(job, {}, [derivative_of(job)])
    assert commands.retry(job.pk)
    assert finish(job, {}, [derivative_of(job)])
    assert again(job).state == State.WAITING


# By filter


def test_a_filter_finds_what_agrees_with_all_of_it() -> None:
    wanted = new_job(state=State.FAILED, processor="image", error_code="corrupt", pipeline="web")
    new_job(state=State.FAILED, processor="text", error_code="corrupt", pipeline="web")
    new_job(state=State.DONE, processor="image", pipeline="web")
    for where in (
        {"state": "failed", "processor": "image"},
        {"error": "corrupt", "processor": "image"},
        {"file": str(wanted.file_id)},
        {"pipeline": "web", "queue": "quick", "state": "failed", "processor": "image"},
    ):
        assert [job.pk for job in bulk_actions.select(SERVICE, where)] == [wanted.pk]


@pytest.mark.parametrize(
    "where",
    [
        {"state": "lost"},
        {"state": ["failed"]},
        {"state": None},
        {"file": "1"},
        {"processor": ""},
        {"processor": "x" * 65},
        {"processor": "a\0b"},
        {"priority": "1"},
        {"state__in": "failed"},
    ],
)
def test_a_filter_that_can_not_be_meant_is_refused(where: dict[str, object]) -> None:
    for act in (bulk_actions.select, bulk_actions.retry_where, bulk_actions.cancel_where):
        with pytest.raises(FilterError):
            act(SERVICE, where)


def test_nobody_means_all_by_saying_nothing() -> None:
    job = new_job(state=State.FAILED)
    with pytest.raises(FilterError):
        bulk_actions.retry_where(SERVICE, {})
    with pytest.raises(FilterError):
        bulk_actions.cancel_where(SERVICE, {})
    assert again(job).state == State.FAILED


def test_many_are_retried_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_actions, "BATCH", 7)
    failed = [new_job(state=State.FAILED, attempt=1) for _ in range(20)]
    others = [new_job(state=State.CANCELLED), new_job(state=State.DONE), new_job(state=State.FAILED, processor="image")]
    assert bulk_actions.retry_where(SERVICE, {"state": "failed", "processor": "text"}) == bulk_actions.Outcome(
        20, more=False
    )
    assert {again(job).state for job in failed} == {State.WAITING}
    assert {again(job).file.state for job in failed} == {File.State.PROCESSING}
    assert [again(job).state for job in others] == [State.CANCELLED, State.DONE, State.FAILED]
    assert bulk_actions.retry_where(SERVICE, {"queue": "quick"}).count == 2, "what is done is not, unless one says so"
    assert bulk_actions.retry_where(SERVICE, {"state": "done"}).count == 1
    assert bulk_actions.cancel_where(SERVICE, {"queue": "quick"}) == bulk_actions.Outcome(23, more=False)
    assert not Job.everywhere.exclude(state=State.CANCELLED).exists()
    assert bulk_actions.retry_where(SERVICE, {"state": "waiting"}).count == 0


def test_when_time_is_up_it_says_that_there_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_actions, "BATCH", 2)
    for _ in range(4):
        new_job(state=State.FAILED)
    assert bulk_actions.retry_where(SERVICE, {"state": "failed"}, seconds=-1) == bulk_actions.Outcome(0, more=True)
    assert bulk_actions.retry_where(SERVICE, {"state": "failed"}, seconds=60) == bulk_actions.Outcome(4, more=False)


# Anew, by a newer pipeline


def test_a_file_is_made_anew_by_what_its_pipeline_says_now() -> None:
    file = new_file(facts={"file": {}, "image": {"n": 1}, "old": {"n": 1}})
    done = new_job(file, processor="image", state=State.DONE, attempt=3)
    busy = new_job(file, processor="text", state=State.RUNNING, attempt=1)
    old = new_job(file, processor="old", state=State.DONE, attempt=2)
    for job in (done, old):
        derivative_of(job).save()
    steps = [Step("image", "heavy"), Step("text", "heavy"), Step("new", "quick", 50)]
    (key,) = process_again({file.pk: Again(steps, pipeline="web", version=4, priority=-10)})
    assert key == derivative_of(old).key
    kept = File.everywhere.get()
    assert (kept.pipeline, kept.pipeline_version, kept.state) == ("web", 4, File.State.PROCESSING)
    assert kept.facts == {"file": {}, "image": {"n": 1}}, "what is made anew stays until then"
    assert [row.processor for row in Derivative.objects.all()] == ["image"]
    jobs = {job.processor: job for job in Job.everywhere.all()}
    assert set(jobs) == {"image", "text", "new"}
    assert (jobs["image"].state, jobs["image"].queue, jobs["image"].attempt) == (State.WAITING, "heavy", 3)
    assert (jobs["text"].state, jobs["text"].queue, jobs["text"].pk) == (State.RUNNING, "quick", busy.pk)
    assert (jobs["new"].state, jobs["new"].attempt) == (State.WAITING, 0)
    assert {jobs[name].priority for name in ("image", "new")} == {-10}
    assert {jobs[name].pipeline for name in ("image", "new")} == {"web"}


def test_a_file_that_no_step_is_for_is_processed() -> None:
    job = new_job(state=State.FAILED)
    assert process_again({job.file_id: Again([], pipeline="default", version=2, priority=0)}) == []
    assert not Job.everywhere.exists()
    assert File.everywhere.get().state == File.State.PROCESSED
    assert process_again({uuid.uuid4(): Again([], pipeline="default", version=2, priority=0)}) == []


# Everybody at once, over connections of their own


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rival", ["start", "finish", "fail", "retry", "reap", "claim", "cancel"])
def test_cancel_beside_any_other_move(rival: str) -> None:
    for _ in range(15):
        job = new_job(state={"start": State.QUEUED, "claim": State.WAITING}.get(rival, State.RUNNING), attempt=1)
        if rival == "reap":
            Job.everywhere.filter(pk=job.pk).update(leased_until=Now() - states.LEASE)
        rivals: dict[str, Callable[[], object]] = {
            "start": partial(start, job.pk),
            "finish": partial(finish, job, {}, [derivative_of(job)]),
            "fail": partial(states.fail, job, "corrupt", "It is corrupt."),
            "retry": partial(states.retry, job, TROUBLE),
            "reap": partial(states.reap, "quick"),
            "claim": partial(claims.claim_due, "quick", 1, 10),
            "cancel": partial(commands.cancel, job.pk),
        }
        cancelled, other = side_by_side([partial(commands.cancel, job.pk), rivals[rival]])
        kept = again(job)
        if rival in {"finish", "fail", "cancel"}:
            assert bool(cancelled) != bool(other), "both say that they ended it, or none"
        else:
            assert cancelled, "it had not ended, so it could be cancelled"
        ended = {"finish": State.DONE, "fail": State.FAILED}.get(rival)
        assert kept.state == (State.CANCELLED if cancelled or rival == "cancel" else ended)
        assert kept.file.state == (File.State.PROCESSED if kept.state == State.DONE else File.State.FAILED)
        assert Derivative.objects.count() == (kept.state == State.DONE)
        File.everywhere.all().delete()


@pytest.mark.django_db(transaction=True)
def test_anything_at_any_time_leaves_rows_that_agree() -> None:
    """Four threads make random moves on the two jobs of one file, by what they last saw of them, for a while."""
    file = new_file()
    ids = [new_job(file, processor=name).pk for name in ("image", "text")]

    def play(seed: int) -> int:
        chance, hits = random.Random(seed), 0
        for _ in range(60):
            job = Job.everywhere.select_related("file").get(pk=chance.choice(ids))
            hits += bool(chance.choice(MOVES_AT_RANDOM)(job))
        return hits

    assert min(side_by_side([partial(play, seed) for seed in range(4)])) > 0
    jobs = list(Job.everywhere.values_list("state", "attempt"))
    assert File.everywhere.get().state == expected_state(jobs)
    for job in Job.everywhere.all():
        made = Derivative.objects.filter(processor=job.processor)
        assert made.count() <= 1
        if job.state == State.DONE:
            assert [each.key for each in made] == [derivative_of(job).key]
        assert (job.leased_until is not None) == (job.state in {State.QUEUED, State.RUNNING})
        assert (job.finished_at is not None) == (job.state in ENDED)


def stale(job: Job) -> bool:
    """As a worker does that has not heard of anything since it began."""
    return finish(job, {}, [derivative_of(job)])


MOVES_AT_RANDOM: list[Callable[[Job], object]] = [
    lambda _: claims.claim_due("quick", 2, 10),
    lambda job: start(job.pk),
    lambda job: start(job.pk),
    stale,
    lambda job: states.release(job) if job.state == State.RUNNING else None,
    lambda job: states.fail(job, "corrupt", "It is corrupt.") if job.state == State.RUNNING else None,
    lambda job: commands.cancel(job.pk),
    lambda job: commands.retry(job.pk),
    lambda job: bulk_actions.retry_where(SERVICE, {"file": str(job.file_id)}).count,
    lambda _: sum(states.reap("quick")),
]


@pytest.mark.django_db(transaction=True)
def test_bulk_moves_side_by_side_neither_block_nor_count_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_actions, "BATCH", 10)
    for _ in range(5):
        jobs = [new_job(state=State.FAILED) for _ in range(40)]
        retries = [partial(bulk_actions.retry_where, SERVICE, {"state": "failed"}) for _ in range(3)]
        assert sum(outcome.count for outcome in side_by_side(retries)) == len(jobs)
        cancels = [partial(bulk_actions.cancel_where, SERVICE, {"queue": "quick"}) for _ in range(2)]
        claim = partial(claims.claim_due, "quick", 64, 256)
        first, second, _ = side_by_side([*cancels, claim])
        assert first.count + second.count == len(jobs)
        assert {again(job).state for job in jobs} == {State.CANCELLED}
        File.everywhere.all().delete()


# The tables of before


@pytest.mark.django_db(transaction=True)
def test_rows_of_before_get_what_is_new() -> None:
    job = new_job(state=State.DONE)
    before = File.everywhere.get()
    try:
        migrate("0002_file_count")
    finally:
        migrate()
    kept = again(job)
    assert (kept.pipeline, kept.priority, kept.progress, kept.log) == ("default", 0, None, "")
    assert kept.requested_at == before.uploaded_at
    assert (kept.file.pipeline, kept.file.pipeline_version) == ("default", 1)
    total = ProjectUsage.total_files()
    new_file()
    assert ProjectUsage.total_files() == total + 1, "the triggers that count went with the old table"
    File.everywhere.all().delete()
    assert ProjectUsage.total_files() == total - 1


def migrate(name: str = "") -> None:
    call_command("migrate", "picasso", *filter(None, [name]), verbosity=0, interactive=False)
