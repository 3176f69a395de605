"""The starts and finishes of many threads in one transaction: the same as one by one."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection

from picasso.access.principal import SERVICE
from picasso.files.delete import delete
from picasso.jobs import batch, queues
from picasso.jobs.batch import Finish, Start, Write, write_batch
from picasso.jobs.batch_writer import BatchWriter, PendingWrites
from picasso.jobs.states import StartedJob, State
from picasso.models import Derivative, File, Job
from picasso.storage import default_storage
from tests.flow.rows import derivative_of, new_file, new_job, running_job, started
from tests.stack import until

pytestmark = pytest.mark.django_db(transaction=True)


def again(job: Job) -> Job:
    return Job.everywhere.select_related("file").get(pk=job.pk)


def finish(job: Job, *derivatives: Derivative, **facts: Any) -> Finish:
    return Finish(started(job), facts, derivatives, "said")


def test_a_batch_is_what_its_members_would_have_been() -> None:
    shared = new_file()
    queued = [new_job(state=State.QUEUED, processor="image", pipeline="web"), new_job(state=State.QUEUED)]
    waiting, stale, gone = new_job(), running_job(attempt=2), running_job()
    image, text = running_job(shared, processor="image"), running_job(shared, processor="text", attempt=3)
    delete(SERVICE, default_storage(), gone.file)
    derivative_of(text).save()
    stale.attempt = 1
    made = derivative_of(image)
    writes: list[Write] = [
        Start(queued[0].pk),
        finish(image, made, n=1),
        Start(queued[1].pk),
        Start(queued[0].pk),  # a doubled message
        Start(waiting.pk),
        Start(uuid.uuid4()),
        finish(stale, derivative_of(stale)),
        finish(gone),
        finish(text, words=2),
    ]
    first, second, third, *others = write_batch(writes)
    assert (first.id, first.attempt, first.processor, first.pipeline) == (queued[0].pk, 1, "image", "web")
    assert (first.key, first.media_type) == (queued[0].file.key, "text/plain")
    assert second is True
    assert third.id == queued[1].pk
    assert others == [None, None, None, False, False, True]
    for job in queued:
        assert (again(job).state, again(job).file.state) == (State.RUNNING, File.State.PROCESSING)
        assert again(job).started_at
        assert again(job).leased_until
    kept = File.everywhere.get(pk=shared.pk)
    assert (kept.state, kept.facts) == (File.State.PROCESSED, {"file": {}, "image": {"n": 1}, "text": {"words": 2}})
    assert [each.key for each in Derivative.objects.all()] == [made.key]
    assert (again(image).state, again(image).log, again(image).leased_until) == (State.DONE, "said", None)
    assert (again(waiting).state, again(stale).state) == (State.WAITING, State.RUNNING)


def test_facts_of_a_file_are_those_of_its_processors() -> None:
    file = new_file(
        facts={"file": {"charset": "utf-8"}, "text": {"words": 1, "old": True}, "odd": {"a": [1.5, None, "é"]}}
    )
    image, text = running_job(file, processor="image"), running_job(file, attempt=2)
    values = {
        "n": 2**70,
        "f": 1e-7,
        "none": None,
        "yes": True,
        "deep": {"": [{"\"'$.%s": "\\"}]},
        "text": "\u2028%😀",
    }
    assert write_batch([finish(image, **values), finish(text, words=2)]) == [True, True]
    assert File.everywhere.get(pk=file.pk).facts == {
        "file": {"charset": "utf-8"},
        "image": values,
        "odd": {"a": [1.5, None, "é"]},
        "text": {"words": 2},
    }


def test_a_finish_that_took_effect_is_known_by_a_batch_too() -> None:
    job, other = running_job(), running_job()
    writes = [finish(job, derivative_of(job), n=1), finish(other)]
    assert write_batch(writes) == [True, True]
    kept = list(Derivative.objects.values_list())
    assert len(kept) == 1
    assert write_batch(writes) == [True, True]
    assert list(Derivative.objects.values_list()) == kept
    assert again(job).file.facts["text"] == {"n": 1}


def test_a_repeated_finish_of_a_later_attempt_leaves_its_derivatives() -> None:
    job = running_job(attempt=2)
    old = derivative_of(job)
    old.key = "old"
    old.save()
    writes = [finish(job, derivative_of(job))]
    assert write_batch(writes) == [True]
    kept = list(Derivative.objects.values_list())
    assert [derivative.key for derivative in Derivative.objects.all()] == [derivative_of(job).key]
    assert write_batch(writes) == [True]
    assert list(Derivative.objects.values_list()) == kept


def test_a_stale_attempt_does_not_touch_what_the_newer_one_made() -> None:
    """In one batch, so the statements see the job that the newer one has finished."""
    job = running_job(attempt=2)
    stale, current = finish(job, derivative_of(job), by="stale"), finish(job, derivative_of(job, "other"), by="current")
    stale = replace(stale, job=replace(stale.job, attempt=1))
    stale.derivatives[0].key = "stale"
    assert write_batch([stale, current]) == [False, True]
    assert [derivative.role for derivative in Derivative.objects.all()] == ["other"]
    assert again(job).file.facts["text"] == {"by": "current"}
    assert write_batch([stale]) == [False]
    assert [derivative.role for derivative in Derivative.objects.all()] == ["other"]
    assert again(job).file.facts["text"] == {"by": "current"}


def test_messages_of_a_paused_queue_go_back() -> None:
    jobs = [new_job(state=State.QUEUED) for _ in range(2)]
    heavy = new_job(state=State.QUEUED, queue="heavy")
    queues.pause("quick")
    assert [bool(each) for each in write_batch([Start(job.pk) for job in [*jobs, heavy]])] == [False, False, True]
    assert {again(job).state for job in jobs} == {State.WAITING}


@pytest.fixture
def writer() -> BatchWriter:
    return BatchWriter()


def test_many_threads_each_get_their_own_result(writer: BatchWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def counted(writes: list[Write], *_: Any) -> list[Any]:
        if not sizes:
            until(lambda: len(writer._waiting) >= 9, 15, lambda: "the threads don't wait for each other")
        sizes.append(len(writes))
        return write_batch(writes)

    monkeypatch.setattr(batch, "write_batch", counted)
    jobs = [new_job(state=State.QUEUED) for _ in range(60)]

    def work(job: Job) -> tuple[StartedJob, bool]:
        try:
            (begun,) = writer.start([job.pk])
            (kept,) = writer.finish([Finish(begun, {"of": str(job.pk)}, [derivative_of(begun)])])
            return begun, kept is True
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as threads:
        done = list(threads.map(work, jobs))
    assert [begun.id for begun, _ in done] == [job.pk for job in jobs]
    assert all(kept for _, kept in done)
    assert max(sizes) > 1, "no two ever shared a transaction"
    for job in jobs:
        kept = again(job)
        assert (kept.state, kept.attempt, kept.file.state) == (State.DONE, 1, File.State.PROCESSED)
        assert kept.file.facts["text"] == {"of": str(job.pk)}


def test_a_job_whose_processor_is_unavailable_waits_for_another_worker() -> None:
    image, text = new_job(processor="image", state=State.QUEUED), new_job(state=State.QUEUED)
    writer = BatchWriter(["image"])
    assert writer.start([image.pk]) == []
    assert writer.start([text.pk])
    kept = again(image)
    assert (kept.state, kept.attempt, kept.failures, kept.leased_until) == (State.WAITING, 0, 0, None)
    assert kept.due_at == image.due_at


def test_one_that_the_tables_do_not_take_costs_the_others_nothing() -> None:
    good, bad = [running_job() for _ in range(3)], running_job()
    twice = [derivative_of(bad), derivative_of(bad)]
    first, *others = (finish(job, n=1) for job in good)
    requests = [PendingWrites([first]), PendingWrites([others[0], finish(bad, *twice), others[1]])]
    BatchWriter()._write_batch(requests)
    assert requests[0].results.result() == [True]
    *kept, refused = sorted(requests[1].results.result(), key=lambda each: each is not True)
    assert kept == [True] * 2
    assert isinstance(refused, DataError | IntegrityError)
    assert {again(job).state for job in good} == {State.DONE}
    assert again(bad).state == State.RUNNING


def test_what_breaks_a_batch_reaches_each_of_its_threads(writer: BatchWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(batch, "write_batch", broken)
    requests = [PendingWrites([Start(new_job(state=State.QUEUED).pk)]) for _ in range(2)]
    writer._write_batch(requests)
    for request in requests:
        with pytest.raises(RuntimeError, match="a bug"):
            request.results.result(timeout=60)
    monkeypatch.undo()
    job = new_job(state=State.QUEUED)
    assert writer.start([job.pk]), "it goes on"


def test_a_single_thread_writes_for_itself() -> None:
    """No other thread is needed, so a job that ends while its worker shuts down never waits for one."""
    writer, job = BatchWriter(), new_job(state=State.QUEUED)
    (begun,) = writer.start([job.pk])
    assert writer.finish([Finish(begun, {"n": 1}, [])]) == [True]
    assert again(job).state == State.DONE


LOSES_CONNECTION = {
    "sqlite": "SELECT no_such_function(id) FROM picasso_job WHERE id {in_ids} OR processor {in_names}",
    "postgresql": """
        SELECT pg_terminate_backend(pg_backend_pid()) FROM picasso_job WHERE id {in_ids} OR processor {in_names}""",
}


def test_a_fault_after_the_commit_is_no_fault_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("picasso.jobs.sql.PUT_BACK_JOBS", LOSES_CONNECTION[connection.vendor])
    paused, good, done = new_job(state=State.QUEUED, queue="heavy"), new_job(state=State.QUEUED), running_job()
    queues.pause("heavy")
    nothing, started_job, finished = write_batch([Start(paused.pk), Start(good.pk), finish(done)])
    assert nothing is None
    assert started_job.id == good.pk
    assert finished is True
    assert again(good).state == State.RUNNING
    assert again(paused).state == State.QUEUED  # until its lease ends
