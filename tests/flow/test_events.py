"""What is written down of what happens, and the order that it gets."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from picasso.access import projects
from picasso.access.principal import OPEN, SERVICE
from picasso.activity import Activity
from picasso.events import sequence
from picasso.events.sequence import last_number, number_events, oldest_number, remove_old
from picasso.events.sequencer import Sequencer, elect
from picasso.events.write import clear, row, write
from picasso.files import change
from picasso.files.delete import delete, remove
from picasso.jobs import commands, event_sql, states, verdicts
from picasso.jobs.batch import Finish, Start, write_batch
from picasso.jobs.retries import WORKER_DIED
from picasso.jobs.states import Progress
from picasso.models import DEFAULT_PROJECT, Event, File, Job, Project
from picasso.process.contract import Verdict
from picasso.storage import default_storage
from tests.flow.rows import finish, new_file, new_job, running_job, side_by_side, started, taken_for_empty
from tests.stack import until
from tests.waiting import SECONDS, in_background, join, outcome_of

# Seconds that events are kept: SQLite's clock of events has milliseconds, in which several things happen.
EVERYTHING = -60


def told(**where: object) -> list[tuple[str, dict[str, Any]]]:
    """Type and data of each event, in the order of writing."""
    rows = Event.everywhere.filter(**where).order_by("pk")
    return [(event.type, {name: value for name, value in event.data.items() if value is not None}) for event in rows]


def types() -> list[str]:
    return [kind for kind, _ in told()]


@pytest.mark.django_db
def test_a_job_from_start_to_finish() -> None:
    job = new_job(new_file(tags=["red"]), state=Job.State.QUEUED)
    [begun] = write_batch([Start(job.pk)])
    write_batch([Finish(begun, {}, [])])
    assert told(file_id=job.file_id) == [
        ("file.processing", {"name": "note.txt", "size": 5, "state": "processing"}),
        ("file.processed", {"name": "note.txt", "size": 5, "state": "processed"}),
    ]
    event = Event.everywhere.order_by("pk").last()
    assert event
    assert (event.media_type, event.pipeline, event.owner, event.tags) == ("text/plain", "default", "", ["red"])


@pytest.mark.django_db
def test_a_finish_that_is_written_twice_is_told_once() -> None:
    job = running_job(new_file(state="processing"))
    finish = Finish(started(job), {}, [])
    assert write_batch([finish]) == [True]
    assert write_batch([finish]) == [True]
    assert types() == ["file.processed"]


@pytest.mark.django_db
def test_a_file_is_processed_with_its_last_job() -> None:
    file = new_file(state="processing")
    first, second = running_job(file), running_job(file, processor="image")
    write_batch([Finish(started(first), {}, [])])
    assert types() == []
    write_batch([Finish(started(second), {}, [])])
    assert types() == ["file.processed"]


@pytest.mark.django_db
def test_a_failed_attempt_and_a_failed_file() -> None:
    job = running_job(new_file(state="processing"))
    assert states.retry(started(job), WORKER_DIED)
    Job.everywhere.update(state=Job.State.RUNNING)
    assert states.fail(started(job), "corrupt", "It can't be read.")
    job_failed = {"job": stored_id(job.pk), "processor": "text", "attempt": 1}
    assert told() == [
        ("job.failed", {**job_failed, "state": "waiting", "error": "worker-died"}),
        ("job.failed", {**job_failed, "state": "failed", "error": "corrupt"}),
        ("file.failed", {"name": "note.txt", "size": 5, "state": "failed", "error": "corrupt"}),
    ]


def stored_id(identifier: uuid.UUID) -> str:
    """As the database writes it."""
    return identifier.hex if connection.vendor == "sqlite" else str(identifier)


@pytest.mark.django_db
def test_commands_for_jobs() -> None:
    job = new_job()
    commands.cancel(job.pk)
    commands.retry(job.pk)
    assert types() == ["job.cancelled", "file.failed", "job.retried"]


@pytest.mark.django_db
def test_progress_at_most_once_a_second() -> None:
    file = new_file(state="processing")
    job, other = running_job(file), running_job(file, processor="image")

    def progress_is(fraction: float) -> list[float]:
        """What the events tell then."""
        states.write_progress([Progress(job.pk, 1, fraction), Progress(other.pk, 1, fraction)])
        return [data["progress"] for kind, data in told() if kind == "file.processing"]

    assert progress_is(0.25) == [0.25]
    Event.everywhere.update(at=Now() + timedelta(minutes=1))  # however long the next statement takes
    assert progress_is(0.5) == [0.25]
    Event.everywhere.update(at=Now() - timedelta(seconds=1.5))
    assert progress_is(0.75) == [0.25, 0.75]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_progress_that_a_finish_overtakes_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job ends when the statement has its snapshot, but not yet the lock of the file."""
    job = running_job(new_file(state="processing"))
    waits = "picasso_job.state = 'running' AND (SELECT 1 FROM pg_advisory_xact_lock(7)) = 1"
    monkeypatch.setattr(event_sql, "PROGRESS", event_sql.PROGRESS.replace("picasso_job.state = 'running'", waits))

    def report() -> None:
        try:
            event_sql.write_progress([job.pk])
        finally:
            connection.close()

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(7)")
        try:
            outcome = in_background(report)
            until(is_waiting, 20, lambda: "the statement does not wait")
            assert finish(job, {})
        finally:
            cursor.execute("SELECT pg_advisory_unlock(7)")
    outcome_of(outcome, "the report of progress")
    assert types() == ["file.processed"]


def is_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return cursor.fetchone() is not None


@pytest.mark.django_db
def test_progress_that_stays_is_not_told() -> None:
    job = running_job(new_file(state="processing"), progress=0.5)
    states.write_progress([Progress(job.pk, 1, 0.5), Progress(job.pk, 2, 0.75)])
    assert types() == []


@pytest.mark.django_db
def test_deleting_for_good_leaves_the_id_only() -> None:
    file = new_file(name="secret.txt", owner="ann")
    write_batch([Start(new_job(file, state=Job.State.QUEUED).pk)])
    assert remove(default_storage(), File.everywhere.all(), file)
    assert told() == [("file.processing", {}), ("file.deleted", {})]
    assert set(Event.everywhere.values_list("file_id", "owner")) == {(file.pk, "ann")}


@pytest.mark.django_db
def test_the_trash() -> None:
    Project.objects.update(trash_days=7)
    file, principal = new_file(), replace(OPEN, project=projects.read(DEFAULT_PROJECT))
    delete(principal, default_storage(), file)
    assert [(kind, data.get("trashed"), data.get("name")) for kind, data in told()] == [
        ("file.deleted", True, "note.txt")
    ]


@pytest.mark.django_db
def test_changes_are_told_by_their_names() -> None:
    file = new_file()
    change.change(SERVICE, file, {"name": "other.txt"})
    assert told() == [
        ("file.updated", {"name": "other.txt", "size": 5, "state": "pending", "changed": ["name"]}),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict("clean", "serve", {}), ["file.scanned", "file.processed"]),
        (Verdict("infected", "quarantine", {}, "infected", "No."), ["file.scanned", "file.failed"]),
        (Verdict("infected", "delete", {}, "infected", "No."), ["file.scanned", "file.deleted"]),
    ],
)
def test_verdicts(verdict: Verdict, expected: list[str]) -> None:
    job = running_job(new_file(state="processing", quarantined=True), processor="scan")
    assert verdicts.conclude(started(job), verdict)
    assert types() == expected


def write_some(count: int) -> None:
    write(*(row(f"test.{number}", 1) for number in range(count)))


@pytest.fixture
def start_of_order() -> int:
    number_events()
    return last_number()


@pytest.mark.django_db
def test_numbers_have_no_gap_and_stay(start_of_order: int) -> None:
    write_some(3)
    assert number_events() == 3
    write_some(2)
    assert (number_events(), number_events()) == (2, 0)
    seqs = list(Event.everywhere.order_by("pk").values_list("seq", flat=True))
    assert seqs == [start_of_order + number for number in range(1, 6)]


@pytest.mark.django_db
def test_numbers_are_never_given_again() -> None:
    write_some(3)
    number_events()
    newest = last_number()
    assert remove_old(EVERYTHING) == 3
    assert oldest_number() == newest + 1
    write_some(1)
    number_events()
    assert last_number() == oldest_number() == newest + 1


@pytest.mark.django_db
def test_what_is_young_stays() -> None:
    write_some(2)
    number_events()
    assert remove_old(3600) == 0
    assert Event.everywhere.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_of_two_transactions_the_one_that_commits_first_comes_first() -> None:
    """The other one has the lower ids. A reader that went by them would miss its events."""
    written, committed = threading.Event(), threading.Event()

    def write_early_and_commit_late() -> None:
        with transaction.atomic():
            write(row("test.late", 1))
            written.set()
            assert committed.wait(SECONDS)
        connection.close()

    thread = threading.Thread(target=write_early_and_commit_late, daemon=True)
    thread.start()
    assert written.wait(SECONDS)
    write(row("test.soon", 1))
    assert number_events() == 1
    committed.set()
    join(thread)
    assert number_events() == 1
    by_seq = Event.everywhere.order_by("seq").values_list("type", flat=True)
    assert list(by_seq) == ["test.soon", "test.late"]
    assert list(by_seq.order_by("pk")) == ["test.late", "test.soon"]


@pytest.mark.django_db
def test_numbers_are_given_once_in_every_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence, "BATCH", 3)
    with taken_for_empty("picasso_event"):
        before = last_number()
        write_some(10)
        assert [number_events() for _ in range(5)] == [3, 3, 3, 1, 0]
    assert [*Event.everywhere.order_by("pk").values_list("seq", flat=True)] == [before + n for n in range(1, 11)]


@pytest.mark.django_db(transaction=True)
def test_many_writers_and_several_sequencers_give_one_order() -> None:
    """While one file after the other is deleted, whose events are being numbered."""
    files = [new_file() for _ in range(10)]

    def write_and_number(file: File) -> int:
        for kind in ("a", "b", "c"):
            write(row(f"test.{kind}", 1, file_id=file.pk))
            number_events()
        with transaction.atomic():
            clear(file.pk)
        return number_events()

    before = last_number()
    side_by_side([partial(write_and_number, file) for file in files])
    number_events()
    found = list(Event.everywhere.order_by("seq").values_list("seq", "file_id", "type"))
    assert [seq for seq, _, _ in found] == [before + number for number in range(1, 31)]
    for file in files:
        assert [kind for _, file_id, kind in found if file_id == file.pk] == ["test.a", "test.b", "test.c"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="of PostgreSQL's locks")
def test_one_is_elected_until_its_connection_ends() -> None:
    until(elect, 30, lambda: "the lock of an earlier test is still held", every=0.05)

    def others() -> bool:
        try:
            return elect()
        finally:
            connection.close()

    assert side_by_side([others]) == [False]
    connection.close()
    # PostgreSQL frees the lock when it notices the end of the connection, which can be after close() has returned.
    until(lambda: side_by_side([others]) == [True], 30, lambda: "the lock is still held", every=0.05)


@pytest.mark.django_db(transaction=True)
def test_the_sequencer_numbers_what_is_written() -> None:
    sequencer = Sequencer(3600, lambda: False, Activity())
    sequencer.start()
    try:
        write_some(1)
        until(lambda: not Event.everywhere.filter(seq=None).exists(), 30, lambda: "it has no number", every=0.01)
    finally:
        sequencer.stop()
    assert Event.everywhere.get().seq == last_number()
