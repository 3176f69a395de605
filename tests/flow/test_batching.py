"""The starts and finishes of many threads in one transaction: the same as one by one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DataError, IntegrityError

from picasso.access.principal import SERVICE
from picasso.files.delete import delete
from picasso.jobs import batch, queues
from picasso.jobs.batch import Finish, Start, Write, write_batch
from picasso.jobs.batch_writer import BatchWriter, PendingWrite
from picasso.jobs.states import StartedJob, State
from picasso.models import Derivative, File, Job
from picasso.storage import default_storage
from tests.flow.rows import derivative_of, new_file, new_job, running_job, started

pytestmark = pytest.mark.django_db(transaction=True)


def again(job: Job) -> Job:
    return Job.objects.select_related("file").get(pk=job.pk)


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
    kept = File.objects.get(pk=shared.pk)
    assert (kept.state, kept.facts) == (File.State.PROCESSED, {"file": {}, "image": {"n": 1}, "text": {"words": 2}})
    assert [each.key for each in Derivative.objects.all()] == [made.key]
    assert (again(image).state, again(image).log, again(image).leased_until) == (State.DONE, "said", None)
    assert (again(waiting).state, again(stale).state) == (State.WAITING, State.RUNNING)


def test_a_finish_that_took_effect_is_known_by_a_batch_too() -> None:
    job, other = running_job(), running_job()
    assert write_batch([finish(job, derivative_of(job)), finish(other)]) == [True, True]
    assert write_batch([finish(job, derivative_of(job)), finish(other)]) == [True, True]
    assert Derivative.objects.count() == 1


def test_messages_of_a_paused_queue_go_back() -> None:
    jobs = [new_job(state=State.QUEUED) for _ in range(2)]
    heavy = new_job(state=State.QUEUED, queue="heavy")
    queues.pause("quick")
    assert [bool(each) for each in write_batch([Start(job.pk) for job in [*jobs, heavy]])] == [False, False, True]
    assert {again(job).state for job in jobs} == {State.WAITING}


@pytest.fixture
def writer() -> Iterator[BatchWriter]:
    made = BatchWriter()
    made.open()
    yield made
    made.close()


def test_many_threads_each_get_their_own_result(writer: BatchWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def counted(writes: list[Write], *_: Any) -> list[Any]:
        sizes.append(len(writes))
        return write_batch(writes)

    monkeypatch.setattr(batch, "write_batch", counted)
    jobs = [new_job(state=State.QUEUED) for _ in range(60)]

    def work(job: Job) -> tuple[StartedJob, bool]:
        begun = writer.start(job.pk)
        assert begun
        return begun, writer.finish(Finish(begun, {"of": str(job.pk)}, [derivative_of(begun)]))

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
    writer.open()
    try:
        assert writer.start(image.pk) is None
        assert writer.start(text.pk)
    finally:
        writer.close()
    kept = again(image)
    assert (kept.state, kept.attempt, kept.failures, kept.leased_until) == (State.WAITING, 0, 0, None)
    assert kept.due_at == image.due_at


def test_one_that_the_tables_do_not_take_costs_the_others_nothing() -> None:
    good, bad = [running_job() for _ in range(3)], running_job()
    twice = [derivative_of(bad), derivative_of(bad)]
    requests = [PendingWrite(write) for write in (*(finish(job, n=1) for job in good), finish(bad, *twice))]
    BatchWriter()._write_batch(requests)
    assert [request.result.result() for request in requests[:3]] == [True] * 3
    with pytest.raises((DataError, IntegrityError)):
        requests[3].result.result()
    assert {again(job).state for job in good} == {State.DONE}
    assert again(bad).state == State.RUNNING


def test_what_breaks_a_batch_reaches_each_of_its_threads(writer: BatchWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(batch, "write_batch", broken)
    requests = [PendingWrite(Start(new_job(state=State.QUEUED).pk)) for _ in range(2)]
    writer._write_batch(requests)
    for request in requests:
        with pytest.raises(RuntimeError, match="a bug"):
            request.result.result(timeout=60)
    monkeypatch.undo()
    job = new_job(state=State.QUEUED)
    assert writer.start(job.pk), "it goes on"


def test_after_its_end_each_thread_writes_for_itself() -> None:
    """A job that ends while its worker shuts down must not wait for ever."""
    writer, job = BatchWriter(), new_job(state=State.QUEUED)
    writer.open()
    writer.close()
    writer.close()
    begun = writer.start(job.pk)
    assert begun
    assert writer.finish(Finish(begun, {"n": 1}, []))
    assert again(job).state == State.DONE
