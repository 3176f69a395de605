"""The state machine: each move, the fence, and what happens when two want the same row."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, DataError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from picasso.access.principal import SERVICE
from picasso.conf import ConfError
from picasso.files.delete import delete
from picasso.jobs import claims, settle, sql, states
from picasso.jobs.retries import MAX_CRASHES, MAX_FAILURES, TransientError, backoff
from picasso.jobs.settle import StateChange
from picasso.jobs.states import LEASE, MOVES, Progress, RunningJob, StartedJob, State
from picasso.models import Derivative, File, Job
from picasso.process.remote.reaper import REMOTE_QUEUE
from picasso.storage import default_storage
from picasso.storage.folder import Folder
from tests.flow.rows import derivative_of, finish, new_file, new_job, running_job, side_by_side, start, started
from tests.stack import until

TROUBLE = TransientError("time-limit", "Processing this file took too long.")
CRASH = TransientError("crashed", "Processing this file crashed.", crashed=True)

PAST = timedelta(seconds=-1)


def again(job: Job) -> Job:
    return Job.everywhere.select_related("file").get(pk=job.pk)


def expired(*jobs: RunningJob) -> None:
    Job.everywhere.filter(pk__in=[job.id for job in jobs]).update(leased_until=Now() + PAST)


def database_now(job: Job) -> datetime:
    found: datetime = Job.everywhere.annotate(now=Now()).get(pk=job.pk).now
    return found


# One move


@pytest.mark.django_db(transaction=True)
def test_what_is_given_back_waits_unless_somebody_has_locked_it() -> None:
    free, locked, ended = running_job(), running_job(), new_job(state=State.DONE, attempt=1)
    attempts = [started(job).attempt_id for job in (free, locked, ended)]
    with transaction.atomic():
        if connection.vendor == "postgresql":  # SQLite has no locks of rows
            Job.everywhere.select_for_update().get(pk=locked.pk)
            assert side_by_side([partial(states.give_back, attempts)]) == [{attempts[1]}]
    assert states.give_back(attempts) == set()
    assert [again(job).state for job in (free, locked, ended)] == [State.WAITING, State.WAITING, State.DONE]
    assert again(free).due_at == free.due_at


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_only_the_moves_of_the_table_can_be_made(before: State, after: State) -> None:
    job = new_job(state=before, attempt=2)
    if (before, after) in MOVES:
        assert states.move(job, before, after)
        assert again(job).state == after
    else:
        with pytest.raises(ValueError, match=f"can't go from {before} to {after}"):
            states.move(job, before, after)
        assert again(job).state == before


def test_the_table_is_the_one_of_the_design() -> None:
    waiting, queued, running = State.WAITING, State.QUEUED, State.RUNNING
    forth = {(waiting, queued), (queued, running), (running, State.DONE), (running, State.FAILED)}
    back = {(queued, waiting), (running, waiting)}
    off = {(waiting, State.CANCELLED), (queued, State.CANCELLED), (running, State.CANCELLED)}
    again = {(State.DONE, waiting), (State.FAILED, waiting), (State.CANCELLED, waiting)}
    assert forth | back | off | again == MOVES


def test_the_only_way_out_of_an_end_state_is_to_be_asked_for_again() -> None:
    assert {new for old, new in MOVES if old in states.ENDED} == {State.WAITING}
    assert set(State) == states.ENDED | states.ACTIVE
    assert not states.ENDED & states.ACTIVE


@pytest.mark.django_db
def test_a_move_needs_state_and_attempt_to_be_current() -> None:
    job = running_job(attempt=3)
    assert not states.move(job, State.QUEUED, State.WAITING)
    for attempt in (2, 4):
        stale = replace(started(job), attempt=attempt)
        assert not states.move(stale, State.RUNNING, State.WAITING)
    assert again(job).state == State.RUNNING
    assert states.move(job, State.RUNNING, State.WAITING)
    assert not states.move(job, State.RUNNING, State.WAITING)


# The fence


FENCED: dict[str, Callable[[Job], Any]] = {
    "finish": lambda job: finish(job, {"words": 1}, [derivative_of(job)]),
    "fail": lambda job: states.fail(job, "corrupt", "It is corrupt."),
    "retry": lambda job: states.retry(job, TROUBLE),
    "retry-to-poison": lambda job: states.retry(job, CRASH),
    "release": states.release,
}


@pytest.mark.django_db
@pytest.mark.parametrize("act", FENCED.values(), ids=FENCED)
def test_a_stale_attempt_changes_nothing(act: Callable[[Job], Any]) -> None:
    stale = running_job(crashes=MAX_CRASHES - 1)
    Job.everywhere.filter(pk=stale.pk).update(attempt=2)
    before = Job.everywhere.filter(pk=stale.pk).values().get()
    assert not act(stale)
    assert Job.everywhere.filter(pk=stale.pk).values().get() == before
    assert not Derivative.objects.exists()
    file = File.everywhere.get(pk=stale.file_id)
    assert (file.state, file.facts) == (File.State.PENDING, {"file": {}})


@pytest.mark.django_db
@pytest.mark.parametrize("act", FENCED.values(), ids=FENCED)
def test_an_attempt_that_is_over_changes_nothing(act: Callable[[Job], Any]) -> None:
    job = running_job()
    assert states.release(job)
    assert not act(job)
    assert again(job).state == State.WAITING


@pytest.mark.django_db
def test_finish_says_yes_again_to_the_attempt_that_did_it() -> None:
    """Else a worker whose connection broke in the COMMIT would remove the bytes that the rows now name."""
    job = running_job()
    assert finish(job, {"words": 1}, [derivative_of(job)])
    assert finish(job, {"words": 1}, [derivative_of(job)])
    assert Derivative.objects.count() == 1
    other = again(job)
    other.state, other.attempt = State.RUNNING, 2
    assert not finish(other, {"words": 1}, [derivative_of(other)])


@pytest.mark.django_db
def test_only_the_leases_of_the_very_attempt_are_renewed() -> None:
    mine, stale, queued = running_job(), running_job(attempt=2), new_job(state=State.QUEUED)
    expired(mine, stale, queued)
    gone = states.renew([Progress(mine.pk, 1, None), Progress(stale.pk, 1, None), Progress(queued.pk, 0, None)])
    assert gone == {(stale.pk, 1), (queued.pk, 0)}
    assert states.renew([]) == set()
    alive = Job.everywhere.filter(leased_until__gt=Now())
    assert [job.pk for job in alive] == [mine.pk]


# The journey


@pytest.mark.django_db
def test_start_counts_the_attempt_and_leases() -> None:
    job = new_job(state=State.QUEUED, leased_until=Now() + PAST)
    begun = start(job.pk)
    assert begun
    assert begun == replace(started(job), attempt=1)
    kept = again(job)
    assert (kept.state, kept.attempt) == (State.RUNNING, 1)
    assert kept.started_at
    assert Job.everywhere.filter(leased_until__gt=Now() + LEASE - timedelta(seconds=5)).exists()
    assert kept.file.state == File.State.PROCESSING
    assert start(job.pk) is None


@pytest.mark.django_db
@pytest.mark.parametrize("state", [state for state in State if state != State.QUEUED])
def test_only_a_queued_job_starts(state: State) -> None:
    shown = {State.DONE: "processed", State.FAILED: "failed", State.CANCELLED: "failed"}.get(state, "processing")
    job = new_job(new_file(state=shown), state=state, attempt=1)
    assert start(job.pk) is None
    assert (again(job).state, again(job).attempt) == (state, 1)
    assert again(job).file.state == shown


@pytest.mark.django_db(transaction=True)
def test_of_statements_run_together_all_take_effect_or_none() -> None:
    job = new_job(state=State.QUEUED)
    with pytest.raises(DatabaseError):
        sql.run_together((sql.START_JOBS, [job.pk], []), ("SELECT nothing FROM nowhere",))
    connection.close()  # what was left open would be given back, too
    assert (again(job).state, again(job).attempt) == (State.QUEUED, 0)
    begun, _, settled = sql.run_together((sql.START_JOBS, [job.pk], []), *settle.started([job.pk]).values())
    connection.close()
    assert ([row[4] for row in begun], [state for _, state in settled]) == ([1], ["processing"])
    assert (again(job).state, again(job).file.state) == (State.RUNNING, File.State.PROCESSING)


@pytest.mark.django_db(transaction=True)
def test_no_transaction_can_be_forgotten_with_a_statement_that_can() -> None:
    job = new_job(state=State.QUEUED)
    with transaction.atomic():
        with pytest.raises(RuntimeError, match="whole transaction"):
            sql.run_together((sql.START_JOBS, [job.pk], []), durable=False)
        sql.run_together((sql.PUT_BACK_JOBS, [job.pk], []))
    assert again(job).attempt == 0


@pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL's setting")
@pytest.mark.django_db(transaction=True)
def test_what_may_be_forgotten_is_one_message_only() -> None:
    """The tests' own connections turn the setting off, so this one turns it on."""
    asked = ("SELECT current_setting('synchronous_commit')",)
    try:
        sql.rows("SET synchronous_commit TO on")
        found = [sql.run_together(asked, durable=durable) for durable in (True, False, True)]
    finally:
        connection.close()
    assert found == [[[("on",)]], [[("off",)]], [[("on",)]]]


@pytest.mark.django_db
def test_a_database_that_refuses_several_statements_at_once_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sql.require_client_binding()
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"server_side_binding": True})
    if connection.vendor == "postgresql":
        with pytest.raises(ConfError, match="server_side_binding"):
            sql.require_client_binding()
    else:
        sql.require_client_binding()


@pytest.mark.django_db
def test_the_message_of_a_deleted_file_is_dropped() -> None:
    job = new_job(state=State.QUEUED)
    delete(SERVICE, default_storage(), job.file)
    assert start(job.pk) is None


@pytest.mark.django_db(transaction=True)
def test_what_is_not_due_is_not_claimed() -> None:
    due = new_job()
    new_job(due_at=Now() + timedelta(seconds=30))
    new_job(queue="heavy")
    for state in set(State) - {State.WAITING}:
        new_job(state=state)
    assert claims.claim_due("quick", 10, 100) == [due.pk]
    assert again(due).state == State.QUEUED
    assert again(due).leased_until


@pytest.mark.django_db(transaction=True)
def test_the_longest_due_comes_first_and_the_window_holds() -> None:
    jobs = [new_job(due_at=Now() - timedelta(seconds=seconds)) for seconds in (10, 30, 20, 40)]
    assert claims.claim_due("quick", 2, 3) == [jobs[3].pk, jobs[1].pk]
    assert claims.claim_due("quick", 2, 3) == [jobs[2].pk]
    assert claims.claim_due("quick", 2, 3) == []
    claims.unclaim([jobs[1].pk])
    assert claims.claim_due("quick", 2, 3) == [jobs[1].pk]


@pytest.mark.django_db
def test_unclaim_leaves_what_has_begun() -> None:
    queued, running = new_job(state=State.QUEUED), running_job()
    claims.unclaim([queued.pk, running.pk])
    assert again(queued).state == State.WAITING
    assert again(running).state == State.RUNNING


# Trouble


@pytest.mark.django_db
def test_trouble_goes_back_to_waiting_with_its_reason() -> None:
    job = running_job()
    before = database_now(job)
    assert states.retry(job, TROUBLE)
    after, kept = database_now(job), again(job)
    assert (kept.state, kept.failures, kept.crashes, kept.attempt) == (State.WAITING, 1, 0, 1)
    assert (kept.error_code, kept.error_detail, kept.leased_until) == ("time-limit", TROUBLE.sentence, None)
    assert before + timedelta(seconds=0.5) < kept.due_at < after + timedelta(seconds=1.5)


@pytest.mark.parametrize("failures", [*range(1, MAX_FAILURES), 50, 30_000])
def test_the_back_off_grows_and_its_jitter_is_bounded(failures: int) -> None:
    found = [backoff(failures).total_seconds() for _ in range(500)]
    middle = min(4 ** (failures - 1), 64)
    assert middle * 0.75 <= min(found) < middle * 0.9
    assert middle * 1.1 < max(found) <= middle * 1.25
    assert middle == 64 or max(found) < backoff(failures + 1).total_seconds()


@pytest.mark.django_db
def test_the_last_straw_fails_with_the_reason() -> None:
    job = new_job()
    for failures in range(1, MAX_FAILURES + 1):
        assert again(job).state == State.WAITING
        assert states.retry(attempted(job), TROUBLE)
        assert again(job).failures == failures
    kept = again(job)
    assert (kept.state, kept.error_code, kept.error_detail) == (State.FAILED, "time-limit", TROUBLE.sentence)
    assert kept.attempt == MAX_FAILURES
    assert kept.finished_at
    assert kept.file.state == File.State.FAILED
    assert kept.file.failure == kept


def attempted(job: Job) -> StartedJob:
    """The job in a new attempt, whether or not it is due."""
    Job.everywhere.filter(pk=job.pk).update(state=State.QUEUED)
    begun = start(job.pk)
    assert begun
    return begun


@pytest.mark.django_db
def test_three_crashes_are_poison() -> None:
    job = new_job()
    for _ in range(MAX_CRASHES):
        assert again(job).state == State.WAITING
        states.retry(attempted(job), CRASH)
    kept = again(job)
    assert (kept.state, kept.error_code, kept.crashes) == (State.FAILED, "poison", MAX_CRASHES)
    assert kept.file.state == File.State.FAILED


@pytest.mark.django_db
def test_success_forgets_the_troubles_before_it() -> None:
    job = new_job()
    states.retry(attempted(job), TROUBLE)
    assert finish(attempted(job), {"words": 1}, [])
    kept = again(job)
    assert (kept.state, kept.error_code, kept.error_detail) == (State.DONE, "", "")
    assert kept.file.facts == {"file": {}, "text": {"words": 1}}


@pytest.mark.django_db(transaction=True)
def test_a_release_is_no_failure() -> None:
    job = running_job()
    assert states.release(job)
    kept = again(job)
    assert (kept.state, kept.failures, kept.attempt) == (State.WAITING, 0, 1)
    assert claims.claim_due("quick", 1, 1) == [job.pk]


@pytest.mark.django_db
def test_lost_messages_and_dead_workers_are_reaped() -> None:
    message, dead, alive, there = new_job(state=State.QUEUED), running_job(), running_job(), new_job(state=State.QUEUED)
    heavy = running_job(queue="heavy")
    since = message.due_at
    expired(message, dead, heavy)
    assert states.reap("quick") == (1, 1)
    assert [again(job).state for job in (message, dead)] == [State.WAITING] * 2
    assert [again(job).state for job in (alive, there, heavy)] == [State.RUNNING, State.QUEUED, State.RUNNING]
    assert (again(message).failures, again(message).due_at) == (0, since), "it keeps its place"
    assert (again(dead).failures, again(dead).crashes, again(dead).error_code) == (1, 0, "worker-died")
    assert states.reap("quick") == (0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("before", [{}, {"failures": MAX_FAILURES - 1}, {"crashes": MAX_CRASHES}])
def test_whoever_renewed_its_lease_just_before_the_reaper_moves_keeps_its_job(
    before: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = running_job()
    Job.everywhere.filter(pk=job.pk).update(**before)
    expired(job)
    retry = states.retry

    def late(lost: RunningJob, *arguments: Any) -> bool:
        states.renew([Progress(job.pk, job.attempt, None)])
        return retry(lost, *arguments)

    monkeypatch.setattr(states, "retry", late)
    assert states.reap("quick") == (0, 0)
    assert again(job).state == State.RUNNING
    assert finish(job, {}, [])


@pytest.mark.django_db
def test_a_worker_that_dies_each_time_ends_too() -> None:
    job = new_job()
    for _ in range(MAX_FAILURES):
        expired(attempted(job))
        assert states.reap("quick") == (0, 1)
    assert (again(job).state, again(job).error_code) == (State.FAILED, "worker-died")


# The file's state


@pytest.mark.parametrize(
    ("jobs", "state"),
    [
        ([], "processed"),
        ([("waiting", 0)], "pending"),
        ([("queued", 0)], "pending"),
        ([("waiting", 0), ("queued", 0)], "pending"),
        ([("running", 1)], "processing"),
        ([("waiting", 1)], "processing"),
        ([("queued", 1)], "processing"),
        ([("waiting", 0), ("running", 1)], "processing"),
        ([("waiting", 0), ("done", 1)], "processing"),
        ([("waiting", 0), ("failed", 1)], "processing"),
        ([("running", 1), ("failed", 1)], "processing"),
        ([("done", 1)], "processed"),
        ([("done", 1), ("done", 3)], "processed"),
        ([("cancelled", 0)], "failed"),
        ([("done", 1), ("cancelled", 0)], "failed"),
        ([("failed", 1), ("cancelled", 0)], "failed"),
        ([("waiting", 0), ("cancelled", 0)], "pending"),
        ([("waiting", 0), ("cancelled", 1)], "processing"),
        ([("failed", 1)], "failed"),
        ([("done", 1), ("failed", 5)], "failed"),
    ],
)
@pytest.mark.django_db
def test_what_jobs_make_of_a_file(jobs: Sequence[tuple[str, int]], state: str) -> None:
    for order in (jobs, jobs[::-1]):
        for before in File.State:
            file = new_file(state=before)
            for n, (job_state, attempt) in enumerate(order):
                new_job(file, processor=f"p-{n}", state=job_state, attempt=attempt)
            changes = settled(file)
            assert File.everywhere.get(pk=file.pk).state == state
            assert changes == ([] if before == state else [StateChange(file.pk, before, File.State(state))])


def settled(*files: File) -> list[StateChange]:
    with transaction.atomic():
        return settle.settle_files(settle.lock_files(File.everywhere.filter(pk__in=[file.pk for file in files])))


@pytest.mark.django_db
def test_files_are_settled_together_and_keep_their_facts() -> None:
    new, old, gone = new_file(), new_file(facts={"file": {"n": 1}}), new_file()
    running_job(old)
    gone.delete()
    assert {change.file_id: change.new for change in settled(new, old, gone)} == {
        new.pk: File.State.PROCESSED,
        old.pk: File.State.PROCESSING,
    }
    assert File.everywhere.get(pk=old.pk).facts == {"file": {"n": 1}}
    assert settled() == []


@pytest.mark.django_db
def test_only_files_whose_job_has_finished_get_its_facts() -> None:
    new, stale, other = running_job(), running_job(attempt=2), new_job()
    Job.everywhere.filter(pk__in=[new.pk, stale.pk]).update(state=State.DONE)
    facts = {"a": "é\\", "none": None}
    given = [(new.pk, 1, facts), (stale.pk, 1, facts), (other.pk, 0, facts)]
    _, rows = sql.run_together(*settle.finished(given).values())
    assert {sql.parse_id(file_id): state for file_id, state in rows} == {new.file_id: File.State.PROCESSED}
    assert [again(job).file.state for job in (new, stale, other)] == ["processed", "pending", "pending"]
    assert [again(job).file.facts for job in (new, stale, other)] == [
        {"file": {}, "text": facts},
        {"file": {}},
        {"file": {}},
    ]


@pytest.mark.django_db
def test_a_failed_job_keeps_the_facts_that_it_found() -> None:
    job = running_job()
    assert states.fail(job, "corrupt", "It is corrupt.", facts={"image": {"width": 3}})
    assert not states.fail(job, "corrupt", "It is corrupt.", facts={"image": {"width": 4}})
    file = again(job).file
    assert (file.state, file.facts) == ("failed", {"file": {}, "image": {"width": 3}})


@pytest.mark.django_db
def test_json_that_the_database_can_not_read_is_bad_data_and_not_an_outage() -> None:
    job = running_job()
    Job.everywhere.filter(pk=job.pk).update(state=State.DONE)
    with pytest.raises(DataError), transaction.atomic():
        sql.rows(sql.SETTLE_FINISHED, sql.AttemptValues([(job.pk, 1, "{")]))


def test_nothing_else_writes_the_state_of_files() -> None:
    """By SQL, by the ORM, by a model's attribute: what would write it stands in one module."""
    writes = re.compile(
        r"UPDATE picasso_file\b|file\.state = |file\.save\(update_fields=.*\"state\"|"
        r"File\.(objects|everywhere)[^\n]*update\(.*state="
    )
    modules = Path(settle.__file__).parents[1].rglob("*.py")
    found = {path.name for path in modules if writes.search(path.read_text())}
    assert found == {"settle.py", "sql.py"}


@pytest.mark.django_db
def test_one_job_that_failed_fails_the_file_once_all_have_ended() -> None:
    file = new_file()
    first, second = running_job(file, processor="image"), running_job(file, processor="text")
    assert states.fail(first, "corrupt", "It is corrupt.")
    assert File.everywhere.get().state == File.State.PROCESSING
    assert finish(second, {"words": 1}, [])
    file = File.everywhere.get()
    assert (file.state, file.failure) == (File.State.FAILED, first)
    assert file.facts["text"] == {"words": 1}


# Several at once, over connections of their own


@pytest.mark.django_db(transaction=True)
def test_two_workers_one_row() -> None:
    for _ in range(40):
        job = new_job(state=State.QUEUED)
        begun = side_by_side([partial(start, job.pk)] * 4)
        assert sorted(bool(each) for each in begun) == [False, False, False, True]
        assert again(job).attempt == 1


@pytest.mark.django_db(transaction=True)
def test_relays_side_by_side_claim_different_jobs() -> None:
    jobs = {new_job().pk for _ in range(120)}

    def claim() -> list[Any]:
        mine: list[Any] = []
        while got := claims.claim_due("quick", 7, 1000):
            mine += got
        return mine

    # Those locked by another are skipped, so a relay may end before all are claimed; the next round gets them.
    claimed = [pk for _ in range(3) for each in side_by_side([claim] * 4) for pk in each]
    assert len(claimed) == len(set(claimed)), "one job was claimed twice"
    assert set(claimed) == jobs


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_lost_or_the_job_is_done_but_not_both() -> None:
    outcomes = set()
    for _ in range(30):
        job = running_job()
        expired(job)
        finished, reaped = side_by_side(
            [partial(finish, job, {}, [derivative_of(job)]), lambda: states.reap("quick")[1]]
        )
        assert bool(finished) != bool(reaped)
        assert again(job).state == (State.DONE if finished else State.WAITING)
        assert Derivative.objects.filter(file=job.file).count() == int(finished)
        outcomes.add(bool(finished))
        Job.everywhere.all().delete()
    assert outcomes <= {True, False}


@pytest.mark.django_db(transaction=True)
def test_several_reapers_count_one_failure() -> None:
    for _ in range(20):
        job = running_job()
        expired(job)
        assert sum(side_by_side([lambda: states.reap("quick")[1]] * 3)) == 1
        assert again(job).failures == 1
        Job.everywhere.all().delete()


@pytest.mark.django_db(transaction=True)
def test_two_jobs_of_one_file_that_end_together_settle_it() -> None:
    for round_ in range(30):
        file = new_file()
        image, text = running_job(file, processor="image"), running_job(file, processor="text")
        second: Callable[[], bool] = partial(finish, text, {"n": 2}, [])
        if round_ % 2:
            second = partial(states.fail, text, "corrupt", "It is corrupt.")
        assert side_by_side([partial(finish, image, {"n": 1}, [derivative_of(image)]), second]) == [True, True]
        file.refresh_from_db()
        assert file.state == (File.State.FAILED if round_ % 2 else File.State.PROCESSED)
        assert file.facts["image"] == {"n": 1}, "one result overwrote the other"
        assert round_ % 2 or file.facts["text"] == {"n": 2}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["start", "finish", "fail", "retry", "reap"])
def test_deletion_beside_any_other_move(act: str, tmp_path: Any) -> None:
    """Nobody waits for ever or fails, and no row is left."""
    storage, chance = Folder(tmp_path), random.Random(3)
    for _ in range(12):
        job = new_job(state=State.QUEUED) if act == "start" else running_job()
        if act == "reap":
            expired(job)
        moves: dict[str, Callable[[], object]] = {
            "start": partial(start, job.pk),
            "finish": partial(finish, job, {}, [derivative_of(job)]),
            "fail": partial(states.fail, job, "corrupt", "It is corrupt."),
            "retry": partial(states.retry, job, TROUBLE),
            "reap": partial(states.reap, "quick"),
        }
        side_by_side([moves[act], partial(delete_after, chance.uniform(0, 0.01), storage, job.file)])
        assert not File.everywhere.exists()
        assert not Job.everywhere.exists()
        assert not Derivative.objects.exists()


def delete_after(seconds: float, storage: Folder, file: File) -> None:
    time.sleep(seconds)
    delete(SERVICE, storage, file)


@pytest.mark.django_db(transaction=True)
def test_the_clock_is_the_databases() -> None:
    """What is due is decided where it was written down, whatever this machine's clock says."""
    job = new_job(due_at=Now() + timedelta(hours=1))
    assert claims.claim_due("quick", 1, 1) == []
    Job.everywhere.update(due_at=Now() + timedelta(seconds=0.5))
    until(lambda: claims.claim_due("quick", 1, 1) == [job.pk], 5, lambda: "it was never due")


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite's planner")
def test_looking_for_lost_jobs_reads_no_others() -> None:
    for only in (Q(queue="quick"), Q(REMOTE_QUEUE)):
        rows = Job.everywhere.filter(states.LEASE_EXPIRED, only)
        for found in (rows.filter(state="queued").order_by("pk"), rows.filter(state="running")):
            assert "SEARCH picasso_job USING INDEX job_leased" in found.explain()
