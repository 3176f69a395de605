"""One job from its message to its rows: real children, real storage, real database."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pyvips
from django.db import DataError, connection
from django.db.models import F

from picasso import conf
from picasso.access.principal import SERVICE
from picasso.files.delete import delete
from picasso.jobs import batch, states
from picasso.jobs.batch import Finish
from picasso.jobs.batch_writer import BatchWriter
from picasso.jobs.commands import cancel
from picasso.jobs.retries import MAX_CRASHES, MAX_FAILURES
from picasso.jobs.states import AttemptId, StartedJob, State
from picasso.models import Derivative, File, Job
from picasso.process.attempt import RunningAttempt
from picasso.process.child_pool import ChildPool
from picasso.process.run import Batch, Runner
from picasso.receive.cleanup import sweep
from picasso.storage.folder import Folder
from picasso.storage.names import derived_key, folder_of, original_key
from tests.flow.rows import end_other_connections, new_file, new_job
from tests.processors_for_tests.picasso_processors_for_tests import FOLDER, script
from tests.stack import until
from tests.waiting import join

pytestmark = pytest.mark.django_db(transaction=True)

SETTINGS = conf.load({"PICASSO_JOB_TIME_LIMIT": "20", "PICASSO_JOB_MEMORY_LIMIT": "1GiB"})


@pytest.fixture(scope="module")
def children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildPool]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FOLDER))
        root = tmp_path_factory.mktemp("runner") / "scratch"
        made = ChildPool(SETTINGS.job_memory_limit, SETTINGS.jobs_per_child, root)
        made.open()
        yield made
        made.close()


@pytest.fixture
def storage(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def runner(storage: Folder, children: ChildPool) -> Iterator[Runner]:
    yield Runner(storage, children, BatchWriter(), SETTINGS, slots=2)
    assert in_scratch(children) == []


def in_scratch(children: ChildPool) -> list[str]:
    """All that slots and jobs have left there."""
    found = children.scratch.folder.rglob("*")
    return [path.name for path in found if path.name != "lock" and (path.is_file() or path.suffix == ".job")]


Queued = Callable[..., Job]


@pytest.fixture
def queued(storage: Folder) -> Queued:
    """A stored file with a job whose message has just arrived."""

    def make(content: bytes, processor: str = "script", media_type: str = "audio/midi", **fields: Any) -> Job:
        file = new_file("original", media_type, sha256=hashlib.sha256(content).hexdigest())
        path = storage.files.path(file.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return new_job(file, processor=processor, state=State.QUEUED, **fields)

    return make


def again(job: Job) -> Job:
    return Job.everywhere.select_related("file").get(pk=job.pk)


def stored(storage: Folder) -> list[str]:
    """All that lies below the storage's folders, folders that hold nothing included."""
    roots = (storage.files.media, storage.files.incoming)
    found = [path for root in roots for path in root.rglob("*") if path.is_file() or not any(path.iterdir())]
    return sorted(str(path.relative_to(storage.files.media.parent)) for path in found)


def only_original(storage: Folder, job: Job) -> bool:
    return stored(storage) == [f"media/{job.file.key}"]


def make_queued(job: Job) -> None:
    Job.everywhere.filter(pk=job.pk, state=State.WAITING).update(state=State.QUEUED)


def jpeg(width: int = 640, height: int = 480) -> bytes:
    noise = pyvips.Image.gaussnoise(width, height, mean=128, sigma=30, seed=1).cast("uchar")
    content: bytes = noise.bandjoin([noise, noise]).copy(interpretation="srgb").jpegsave_buffer()
    return content


def thumbnail(role: str = "thumbnail-256", file: str = "a.txt", **more: Any) -> dict[str, Any]:
    return {"role": role, "file": file, "media_type": "text/plain", **more}


# What goes well


def test_a_text(runner: Runner, queued: Queued, storage: Folder) -> None:
    job = queued(b"one two\nthree\n", "text", "text/plain")
    runner.run(job.pk)
    kept = again(job)
    assert (kept.state, kept.attempt, kept.failures, kept.leased_until) == (State.DONE, 1, 0, None)
    assert kept.file.state == File.State.PROCESSED
    assert kept.file.facts["text"]["words"] == 3
    assert only_original(storage, job)


def test_a_picture(runner: Runner, queued: Queued, storage: Folder) -> None:
    job = queued(jpeg(), "image", "image/jpeg")
    runner.run(job.pk)
    assert again(job).file.state == File.State.PROCESSED
    assert again(job).file.facts["image"]["width"] == 640
    rows = list(Derivative.objects.filter(file=job.file))
    assert {row.role: row.width for row in rows} == {"thumbnail-256": 256, "thumbnail-1024": 640}
    for row in rows:
        content = storage.files.path(row.key).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (row.size, row.sha256)
    assert stored(storage) == sorted([f"media/{job.file.key}", *(f"media/{row.key}" for row in rows)])


def test_a_second_message_for_the_same_job_does_nothing(runner: Runner, queued: Queued) -> None:
    job = queued(script("nothing"))
    runner.run(job.pk)
    before = Job.everywhere.values().get(pk=job.pk)
    runner.run(job.pk)
    assert Job.everywhere.values().get(pk=job.pk) == before


def test_a_message_for_no_job_does_nothing(runner: Runner, storage: Folder) -> None:
    runner.run(uuid.uuid4())
    assert stored(storage) == ["incoming", "media", "scratch"] or not stored(storage)


# Several jobs in a message


def states_of(*jobs: Job) -> list[str]:
    return [again(job).state for job in jobs]


@pytest.fixture
def patient(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> Runner:
    make_patient(runner, monkeypatch)
    return runner


def make_patient(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives nothing back but the last job of a message, however busy the machine is."""
    hand_over = runner._hand_over

    def last(batch: Batch, but: int = 0) -> None:
        if len(batch.waiting) == 1:
            hand_over(batch, but)

    monkeypatch.setattr(runner, "_hand_over", last)


def test_the_jobs_of_a_message(runner: Runner, queued: Queued, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_hand_over", lambda _: None)
    good = [queued(f"text {n}".encode(), "text", "text/plain") for n in range(3)]
    bad, picture = queued(jpeg()[:100], "image", "image/jpeg"), queued(jpeg(), "image", "image/jpeg")
    assert len(runner.run(good[0].pk, bad.pk, good[1].pk, uuid.uuid4(), picture.pk, good[2].pk)) == 5
    assert states_of(*good, picture) == [State.DONE] * 4
    assert again(bad).error_code == "corrupt"
    assert {again(job).attempt for job in (*good, bad, picture)} == {1}
    assert [again(job).file.facts["text"]["words"] for job in good] == [2, 2, 2]
    assert Derivative.objects.filter(file=picture.file).count() == 2
    assert runner.running() == []


def time_of(job: Job) -> tuple[datetime, datetime]:
    kept = again(job)
    assert kept.started_at
    assert kept.finished_at
    return kept.started_at, kept.finished_at


def test_each_job_of_a_message_has_its_own_time(
    runner: Runner, queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_hand_over", lambda *_: None)
    slow, rounding = timedelta(seconds=0.5), timedelta(milliseconds=2)
    refuse = script("refuse", code="corrupt", sentence="It is corrupt.")
    jobs = [queued(content) for content in (script("nothing"), script("sleep", pause=0.5), refuse, script("nothing"))]
    before = datetime.now(UTC)
    runner.run(*(job.pk for job in jobs))
    after = datetime.now(UTC)
    first, second, failed, last = map(time_of, jobs)
    times = [before, *first, *second, *last, after]
    assert all(one <= other + rounding for one, other in pairwise(times)), times
    assert second[1] - second[0] >= slow - rounding
    assert (failed[0] - before >= slow, failed[0] <= failed[1]) == (True, True)


def test_a_long_job_holds_up_nothing_of_its_message(patient: Runner, queued: Queued, children: ChildPool) -> None:
    """What has ended is written, and what is not begun goes back, as old as it was."""
    runner = patient
    ended, held, behind = queued(script("nothing")), queued(script("nothing", held=True)), queued(script("nothing"))
    thread = begin(runner, ended, held, behind, running=None)
    until(
        lambda: states_of(ended, held, behind) == [State.DONE, State.RUNNING, State.WAITING],
        30,
        lambda: str(states_of(ended, held, behind)),
    )
    kept = again(behind)
    assert (kept.due_at, kept.failures, kept.leased_until, kept.started_at) == (behind.due_at, 0, None, None)
    until(lambda: [each.job_id for each in runner.running()] == [held.pk], 15, lambda: str(runner.running()))
    let_go(children)
    join(thread)
    assert states_of(ended, held, behind) == [State.DONE, State.DONE, State.WAITING]
    make_queued(behind)
    runner.run(behind.pk)
    assert (again(behind).state, again(behind).attempt) == (State.DONE, 2)


def test_a_message_that_gets_no_slot_keeps_its_first_job_only(
    queued: Queued, children: ChildPool, storage: Folder
) -> None:
    runner = Runner(storage, children, BatchWriter(), SETTINGS, slots=1)
    held, first, second = queued(script("nothing", held=True)), queued(script("nothing")), queued(script("nothing"))
    threads = [begin(runner, held)]
    folder_of_held(children)
    threads.append(begin(runner, first, second, running=None))
    until(lambda: again(second).state == State.WAITING, 30, lambda: "it was not given back")
    assert states_of(held, first) == [State.RUNNING, State.RUNNING]
    let_go(children)
    join(*threads)
    assert states_of(held, first, second) == [State.DONE, State.DONE, State.WAITING]


def test_a_worker_that_stops_begins_nothing(runner: Runner, queued: Queued, children: ChildPool) -> None:
    held, behind, late = queued(script("nothing", held=True)), queued(script("nothing")), queued(script("nothing"))
    thread = begin(runner, held, behind, running=None)
    folder_of_held(children)
    runner.close()
    assert runner.run(late.pk) == []
    let_go(children)
    join(thread)
    assert states_of(held, behind, late) == [State.DONE, State.WAITING, State.WAITING]
    assert again(late).attempt == 0


def test_what_the_tables_refuse_costs_its_message_nothing(
    runner: Runner, queued: Queued, storage: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = [queued(b"text", "text", "text/plain") for _ in range(2)]
    bad = queued(script("derive", files={"a.txt": "a"}, listed=[thumbnail()]))
    write = batch.write_batch

    def refusing(writes: list[Any], *more: Any) -> list[Any]:
        if any(isinstance(each, Finish) and each.job.id == bad.pk for each in writes):
            raise DataError("a value that no column takes")
        return write(writes, *more)

    monkeypatch.setattr(batch, "write_batch", refusing)
    monkeypatch.setattr(runner, "_hand_over", lambda _: None)
    runner.run(good[0].pk, bad.pk, good[1].pk)
    assert states_of(*good) == [State.DONE] * 2
    assert (again(bad).state, again(bad).error_code) == (State.WAITING, "processor-error")
    assert not [name for name in stored(storage) if name.endswith("a.txt")]


def test_a_child_is_watched_while_the_database_stalls(
    queued: Queued, children: ChildPool, storage: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Runner(storage, children, BatchWriter(), SETTINGS, slots=1, seconds=3)
    make_patient(runner, monkeypatch)
    goes_on, give_back, write = threading.Event(), states.give_back, batch.write_batch

    def stalled_give_back(attempts: Collection[AttemptId]) -> set[AttemptId]:
        goes_on.wait(60)
        return give_back(attempts)

    def stalled_write(writes: list[Any], *more: Any) -> list[Any]:
        if any(isinstance(each, Finish) for each in writes):
            goes_on.wait(60)
        return write(writes, *more)

    monkeypatch.setattr(states, "give_back", stalled_give_back)
    monkeypatch.setattr(batch, "write_batch", stalled_write)
    ended, slow, behind = queued(script("nothing")), queued(script("sleep", pause=60)), queued(script("nothing"))
    thread = begin(runner, ended, slow, behind, running=None)
    try:
        until(lambda: again(slow).error_code == "time-limit", 30, lambda: "nobody looked at its time limit")
        assert states_of(ended, slow, behind) == [State.RUNNING, State.WAITING, State.RUNNING]
    finally:
        goes_on.set()
        join(thread)
    assert states_of(ended, slow, behind) == [State.DONE, State.WAITING, State.WAITING]
    assert (again(behind).failures, again(behind).due_at) == (0, behind.due_at)


def test_what_somebody_has_locked_is_given_back_later(
    patient: Runner, queued: Queued, children: ChildPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, give_back = threading.Event(), states.give_back

    def locked_once(attempts: Collection[AttemptId]) -> set[AttemptId]:
        if locked.is_set():
            return give_back(attempts)
        locked.set()
        return set(attempts)

    monkeypatch.setattr(states, "give_back", locked_once)
    held, behind = queued(script("nothing", held=True)), queued(script("nothing"))
    thread = begin(patient, held, behind, running=None)
    until(lambda: again(behind).state == State.WAITING, 30, lambda: "it was not given back")
    let_go(children)
    join(thread)
    assert states_of(held, behind) == [State.DONE, State.WAITING]
    assert locked.is_set()


def test_a_fault_of_what_has_ended_is_not_that_of_the_running_job(
    patient: Runner, queued: Queued, children: ChildPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, failed = patient, threading.Event()

    def fail(_: StartedJob) -> None:
        failed.set()
        raise OSError("a disk that is gone")

    monkeypatch.setattr(runner, "_remove_earlier", fail)
    ended, held, behind = queued(script("nothing")), queued(script("nothing", held=True)), queued(script("nothing"))
    thread = begin(runner, ended, held, behind, running=None)
    assert failed.wait(30)
    until(lambda: again(behind).state == State.WAITING, 30, lambda: "it was not given back")
    let_go(children)
    join(thread)
    assert states_of(ended, held, behind) == [State.DONE, State.DONE, State.WAITING]
    assert [again(job).failures for job in (ended, held, behind)] == [0, 0, 0]


@pytest.mark.parametrize("fault", [RuntimeError("a bug"), SystemExit()])
def test_an_unknown_fault_costs_its_message_nothing(
    runner: Runner, queued: Queued, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    monkeypatch.setattr(runner, "_hand_over", lambda _: None)
    ended, bad, behind = (queued(script("nothing")) for _ in range(3))
    process = runner._process

    def faulty(job: StartedJob, running: RunningAttempt) -> Finish:
        if job.id == bad.pk:
            raise fault
        return process(job, running)

    monkeypatch.setattr(runner, "_process", faulty)
    with nullcontext() if isinstance(fault, Exception) else pytest.raises(type(fault)):
        runner.run(ended.pk, bad.pk, behind.pk)
    rest = State.DONE if isinstance(fault, Exception) else State.WAITING
    assert states_of(ended, bad, behind) == [State.DONE, State.RUNNING, rest]
    assert again(behind).failures == 0
    assert runner.running() == []


def test_results_stay_when_what_writes_them_breaks(
    runner: Runner, queued: Queued, storage: Folder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """They may be written all the same."""
    monkeypatch.setattr(runner, "_hand_over", lambda _: None)
    write = batch.write_batch

    def breaking(writes: list[Any], *more: Any) -> list[Any]:
        results = write(writes, *more)
        if any(isinstance(each, Finish) for each in writes):
            raise RuntimeError("a bug")
        return results

    monkeypatch.setattr(batch, "write_batch", breaking)
    jobs = [queued(derivative()) for _ in range(2)]
    runner.run(*(job.pk for job in jobs))
    assert states_of(*jobs) == [State.DONE] * 2
    assert all(storage.files.path(row.key).exists() for row in Derivative.objects.all())
    assert "a bug" in caplog.text
    assert runner.running() == []


# The file's fault, the machine's, the processor's


def test_a_corrupt_picture_fails_at_once(runner: Runner, queued: Queued, storage: Folder) -> None:
    job = queued(jpeg()[:100], "image", "image/jpeg")
    runner.run(job.pk)
    kept = again(job)
    assert (kept.state, kept.error_code, kept.attempt) == (State.FAILED, "corrupt", 1)
    assert kept.error_detail.endswith(".")
    assert kept.file.state == File.State.FAILED
    assert only_original(storage, job)


def test_a_file_that_crashes_its_child_is_poison(runner: Runner, queued: Queued, storage: Folder) -> None:
    job = queued(script("signal", number=11))
    for crashes in range(1, MAX_CRASHES + 1):
        make_queued(job)
        runner.run(job.pk)
        assert again(job).crashes == crashes
    assert (again(job).state, again(job).error_code) == (State.FAILED, "poison")
    assert again(job).file.state == File.State.FAILED
    assert only_original(storage, job)


def test_a_crash_that_does_not_repeat_is_forgotten(runner: Runner, queued: Queued, storage: Folder) -> None:
    job = queued(script("print", out="the last words\n", then="abort"))
    runner.run(job.pk)
    assert (again(job).state, again(job).error_code, again(job).log) == (State.WAITING, "crashed", "the last words\n")
    storage.files.path(job.file.key).write_bytes(script("print", out="well\n"))
    make_queued(job)
    runner.run(job.pk)
    assert (again(job).state, again(job).error_code, again(job).attempt) == (State.DONE, "", 2)
    assert again(job).log == "well\n"


def test_a_missing_original_is_tried_again_and_then_fails(runner: Runner, queued: Queued, storage: Folder) -> None:
    job = queued(b"x", "text", "text/plain")
    storage.files.path(job.file.key).unlink()
    for failures in range(1, MAX_FAILURES + 1):
        make_queued(job)
        runner.run(job.pk)
        assert again(job).failures == failures
        assert again(job).state == (State.WAITING if failures < MAX_FAILURES else State.FAILED)
    kept = again(job)
    assert (kept.error_code, kept.file.state) == ("storage", File.State.FAILED)
    assert kept.error_detail


def test_a_scratch_that_takes_nothing_is_transient_trouble(queued: Queued, storage: Folder, tmp_path: Path) -> None:
    children = ChildPool(SETTINGS.job_memory_limit, SETTINGS.jobs_per_child, tmp_path / "scratch")
    children.open()
    try:
        runner, job = (
            Runner(storage, children, BatchWriter(), SETTINGS, slots=2),
            queued(b"text", "text", "text/plain"),
        )
        shutil.rmtree(tmp_path / "scratch")
        (tmp_path / "scratch").touch()
        runner.run(job.pk)
        assert (again(job).state, again(job).error_code) == (State.WAITING, "storage")
        (tmp_path / "scratch").unlink()
        make_queued(job)
        runner.run(job.pk)
        assert again(job).state == State.DONE
    finally:
        children.close()


def test_a_derivative_that_can_not_be_placed_leaves_nothing(runner: Runner, queued: Queued, storage: Folder) -> None:
    listed = [thumbnail("first", "a.txt"), thumbnail("second", "b.txt")]
    job = queued(script("derive", files={"a.txt": "a", "b.txt": "b"}, listed=listed))
    # Where the second is to go there is a folder already.
    (storage.files.path(derived_key(job.file.key, "script", 1, "b.txt")) / "in the way").mkdir(parents=True)
    runner.run(job.pk)
    assert (again(job).state, again(job).error_code) == (State.WAITING, "storage")
    assert not Derivative.objects.exists()
    assert stored(storage) == sorted([f"media/{job.file.key}", f"media/{folder_of(job.file.key)}/derived"])


# A processor that is not what it says


@pytest.mark.parametrize(
    ("files", "listed"),
    [
        ({"a.txt": "a"}, [thumbnail(file="../a.txt")]),
        ({"a.txt": "a"}, [thumbnail(file="/etc/hostname")]),
        ({"a.txt": "a"}, [thumbnail(file="./a.txt")]),
        ({"sub/a.txt": "a"}, [thumbnail(file="sub/a.txt")]),
        ({"sub/a.txt": "a"}, [thumbnail(file="sub")]),
        ({".hidden": "a"}, [thumbnail(file=".hidden")]),
        ({"a\nb": "a"}, [thumbnail(file="a\nb")]),
        ({}, [thumbnail(file="missing.txt")]),
        ({}, [thumbnail(file="")]),
        ({}, [thumbnail(file="..")]),
        ({"a.txt": "a"}, [thumbnail("first"), thumbnail("second")]),
        ({"a.txt": "a"}, [thumbnail("../../first")]),
        ({"a.txt": "a", "b.txt": "b"}, [thumbnail(), thumbnail(file="b.txt")]),
    ],
)
def test_derivatives_are_not_trusted(
    runner: Runner, queued: Queued, storage: Folder, files: dict[str, str], listed: list[dict[str, Any]]
) -> None:
    job = queued(script("derive", files=files, listed=listed))
    runner.run(job.pk)
    assert (again(job).state, again(job).error_code) == (State.WAITING, "processor-error")
    assert not Derivative.objects.exists()
    assert [name for name in stored(storage) if not name.endswith("/derived")] == [f"media/{job.file.key}"]


@pytest.mark.parametrize("target", ["/etc/passwd", "/dev/zero", "/nowhere", "."])
def test_a_link_is_no_derivative(
    runner: Runner, queued: Queued, storage: Folder, children: ChildPool, target: str
) -> None:
    """A child can't make one where its kernel helps; where it does not, this is what it would get."""
    job = queued(script("derive", files={}, listed=[thumbnail()], held=True))
    thread = begin(runner, job)
    (folder_of_held(children) / "a.txt").symlink_to(target)
    let_go(children)
    join(thread)
    assert (again(job).state, again(job).error_code) == (State.WAITING, "processor-error")
    assert not Derivative.objects.exists()
    assert not [path for path in storage.files.media.rglob("*") if path.is_symlink()]


# Others who want the same job


def begin(runner: Runner, *jobs: Job, running: int | None = 1) -> threading.Thread:
    """`run` in a thread of its own; returns once so many jobs are running, or at once."""

    def run() -> None:
        runner.run(*(job.pk for job in jobs))
        connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until(lambda: running in {None, len(runner.running())} or not thread.is_alive(), 10, lambda: "never began")
    return thread


def derivative(**more: Any) -> bytes:
    return script("derive", files={"a.txt": "a"}, listed=[thumbnail()], **more)


def folder_of_held(children: ChildPool) -> Path:
    """Where the child writes whose answer is held."""
    given = children.scratch.folder
    until(lambda: bool(list(given.glob("*/in/original"))), 15, lambda: "no child has begun")
    (original,) = given.glob("*/in/original")
    return original.parents[1] / "out"


def let_go(children: ChildPool) -> None:
    (folder_of_held(children) / "go").touch()


def test_an_attempt_that_lost_its_lease_leaves_nothing(
    runner: Runner, queued: Queued, storage: Folder, children: ChildPool
) -> None:
    job = queued(derivative(held=True))
    thread = begin(runner, job)
    Job.everywhere.filter(pk=job.pk).update(attempt=F("attempt") + 1)
    let_go(children)
    join(thread)
    assert (again(job).state, again(job).attempt) == (State.RUNNING, 2)
    assert not Derivative.objects.exists()
    assert [name for name in stored(storage) if not name.endswith("/derived")] == [f"media/{job.file.key}"]
    assert not runner.running()


def test_what_a_dead_attempt_left_is_removed_by_the_next(runner: Runner, queued: Queued, storage: Folder) -> None:
    job = queued(derivative(), attempt=1)
    left = storage.files.path(derived_key(job.file.key, "script", 1, "a.txt"))
    neighbour = storage.files.path(derived_key(job.file.key, "script-two", 1, "a.txt"))
    for path in (left, neighbour):
        path.parent.mkdir(parents=True)
        path.write_text("from before")
    runner.run(job.pk)
    row = Derivative.objects.get()
    assert storage.files.path(row.key).read_text() == "a"
    assert not left.parent.exists()
    assert neighbour.exists(), "another processor's"


def done_once(runner: Runner, job: Job) -> Derivative:
    """A job that has run and is to run again, and what it has made."""
    runner.run(job.pk)
    made = Derivative.objects.get()
    assert again(job).state == State.DONE
    Job.everywhere.filter(pk=job.pk).update(state=State.QUEUED)
    return made


def test_what_there_is_stays_until_there_is_better(runner: Runner, queued: Queued, storage: Folder) -> None:
    job = queued(script("derive", files={"a.txt": "old"}, listed=[thumbnail()]))
    old = done_once(runner, job)
    storage.files.path(job.file.key).write_bytes(derivative(pause=0.5))
    thread = begin(runner, job)
    deadline = time.monotonic() + 60
    while thread.is_alive():
        assert time.monotonic() < deadline, "the job has not ended"
        row = Derivative.objects.get()
        try:
            assert storage.files.path(row.key).read_text() in {"old", "a"}
        except FileNotFoundError:
            assert Derivative.objects.get().key != row.key, "a row without bytes"
    join(thread)
    new = Derivative.objects.get()
    assert storage.files.path(new.key).read_text() == "a"
    assert new.key != old.key
    assert not storage.files.path(old.key).parent.exists()


def test_what_there_is_stays_when_the_next_time_fails(runner: Runner, queued: Queued, storage: Folder) -> None:
    job = queued(script("derive", files={"a.txt": "old"}, listed=[thumbnail()]))
    old = done_once(runner, job)
    storage.files.path(job.file.key).write_bytes(script("refuse", code="corrupt", sentence="This is no picture."))
    runner.run(job.pk)
    assert (again(job).state, again(job).file.state) == (State.FAILED, File.State.FAILED)
    assert Derivative.objects.get().key == old.key
    assert storage.files.path(old.key).read_text() == "old"


def test_an_attempt_leaves_its_successor_alone(runner: Runner, queued: Queued, storage: Folder) -> None:
    """It may come to its end late, and what is newer is not its to remove."""
    job = queued(derivative(), attempt=1)
    newer = storage.files.path(derived_key(job.file.key, "script", 7, "a.txt"))
    newer.parent.mkdir(parents=True)
    newer.write_text("newer")
    runner.run(job.pk)
    assert again(job).attempt == 2
    assert newer.read_text() == "newer"


# Tickets


def test_progress_is_told_while_it_runs(runner: Runner, queued: Queued, children: ChildPool) -> None:
    job = queued(script("tell_progress", fractions=[0.5], pause=0, held=True))
    thread = begin(runner, job)
    until(lambda: [each.fraction for each in runner.running()] == [0.5], 15, lambda: str(runner.running()))
    assert [(each.job_id, each.attempt) for each in runner.running()] == [(job.pk, 1)]
    let_go(children)
    join(thread)
    assert runner.running() == []


def test_a_cancelled_job_is_stopped_and_stays_cancelled(runner: Runner, queued: Queued, storage: Folder) -> None:
    job = queued(script("sleep", pause=60))
    thread = begin(runner, job)
    assert cancel(job.pk)
    started = time.monotonic()
    runner.stop({AttemptId(uuid.uuid4(), 1), AttemptId(job.pk, 2)})
    assert thread.is_alive()
    runner.stop({AttemptId(job.pk, 1)})
    join(thread)
    assert time.monotonic() - started < 40  # its time is a minute
    assert again(job).state == State.CANCELLED
    assert only_original(storage, job)


def test_a_job_that_is_cancelled_before_its_turn_never_begins(
    queued: Queued, children: ChildPool, storage: Folder
) -> None:
    runner = Runner(storage, children, BatchWriter(), SETTINGS, slots=1)
    first, second = queued(script("nothing", held=True)), queued(derivative())
    threads = [begin(runner, first), begin(runner, second, running=2)]
    assert cancel(second.pk)
    runner.stop({AttemptId(second.pk, 1)})
    let_go(children)
    join(*threads)
    assert (again(first).state, again(second).state) == (State.DONE, State.CANCELLED)
    assert not Derivative.objects.exists()


def test_a_time_limit_of_its_own(queued: Queued, children: ChildPool, storage: Folder) -> None:
    job = queued(script("sleep", pause=60))
    Runner(storage, children, BatchWriter(), SETTINGS, slots=1, seconds=0.5).run(job.pk)
    assert (again(job).state, again(job).error_code) == (State.WAITING, "time-limit")


def test_a_file_that_is_deleted_meanwhile_leaves_nothing(
    runner: Runner, queued: Queued, storage: Folder, children: ChildPool
) -> None:
    job = queued(derivative(held=True))
    thread = begin(runner, job)
    delete(SERVICE, storage, job.file)
    let_go(children)
    join(thread)
    assert not File.everywhere.exists()
    assert not Job.everywhere.exists()
    assert not Derivative.objects.exists()
    assert not [path for path in storage.files.media.rglob("*") if job.file_id.hex in path.name.replace("-", "")]


def test_deletion_at_any_moment_leaves_nothing(
    runner: Runner, queued: Queued, storage: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(11)
    files = {f"{n}.txt": "x" for n in range(20)}
    content = script("derive", files=files, listed=[thumbnail(f"role-{name[:-4]}", name) for name in files])
    for _ in range(25):
        job = queued(content)
        thread = begin(runner, job)
        time.sleep(chance.uniform(0, 0.06))
        delete(SERVICE, storage, job.file)
        join(thread)
        assert not File.everywhere.exists()
        assert not Derivative.objects.exists()
        assert not list(storage.files.media.glob(f"*/*/*/{job.file_id}*"))
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []


def test_lost_bytes_of_a_file_are_an_error(
    runner: Runner, queued: Queued, storage: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    job = queued(b"lost")
    storage.files.remove(job.file.key)
    runner.run(job.pk)
    assert (again(job).state, again(job).error_code) == (State.WAITING, "storage")
    assert "storage failed: [Errno 2]" in caplog.text


def test_a_job_of_a_worker_that_shuts_down_is_released(queued: Queued, storage: Folder) -> None:
    # Its fork server starts with the first job, so the processors for tests must be found until the end.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FOLDER))
        children = ChildPool(SETTINGS.job_memory_limit, SETTINGS.jobs_per_child)
        children.open()
        try:
            runner, job = Runner(storage, children, BatchWriter(), SETTINGS, slots=2), queued(script("sleep", pause=60))
            thread = begin(runner, job)
            time.sleep(0.3)
        finally:
            children.close()
        join(thread)
    assert (again(job).state, again(job).failures, again(job).attempt) == (State.WAITING, 0, 1)
    assert only_original(storage, job)


def test_a_sweep_removes_what_has_no_row_and_not_its_neighbours(queued: Queued, storage: Folder) -> None:
    """They lie in the same folder wherever the last digits of their ids are the same."""
    kept = queued(b"kept")
    two_hours_ago = (int(time.time() * 1000) - 7_200_000) << 80
    orphan = uuid.UUID(int=two_hours_ago | (kept.file_id.int & (2**80 - 1)))
    young = uuid.UUID(int=kept.file_id.int ^ (1 << 60))
    for each in (orphan, young):
        path = storage.files.path(original_key("audio/midi", each, "original"))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"no row points here")
    assert sweep(storage) == 1
    left = {path.name for path in storage.files.media.glob(f"audio/midi/{kept.file_id.hex[-2:]}/*")}
    assert left == {f"{kept.file_id}-original", f"{young}-original"}
    assert storage.files.path(kept.file.key).read_bytes() == b"kept"


# The database


def test_a_result_outlives_the_connection(runner: Runner, queued: Queued, storage: Folder, children: ChildPool) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connection to lose")
    job = queued(derivative(held=True))
    thread = begin(runner, job)
    assert end_other_connections() >= 1
    let_go(children)
    join(thread)
    assert (again(job).state, again(job).attempt) == (State.DONE, 1)
    assert storage.files.path(Derivative.objects.get().key).read_text() == "a"


def test_nobody_may_read_more_than_the_original_says(runner: Runner, queued: Queued, storage: Folder) -> None:
    """Facts are the child's word, but which file they are about is not."""
    job, other = queued(script("tell", facts={"n": 1})), queued(script("tell", facts={"n": 2}))
    for run in (partial(runner.run, job.pk), partial(runner.run, other.pk)):
        run()
    assert [again(each).file.facts["script"] for each in (job, other)] == [{"n": 1}, {"n": 2}]
    assert os.path.exists(storage.files.path(job.file.key))
