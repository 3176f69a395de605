"""From an upload to the scanner's verdict: who may fetch a file, and which of its jobs may run. With a real clamd."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from picasso import conf
from picasso.access import project_settings
from picasso.access.policies import Policies
from picasso.access.principal import ANONYMOUS, OPEN, Principal, Scope
from picasso.access.projects import DEFAULT
from picasso.addresses import download_path
from picasso.conf import ConfError
from picasso.errors import Infected, InvalidField, NotFound, NotScanned, NotScannedYet
from picasso.files.delete import delete
from picasso.jobs import claims, commands, holds, states, verdicts
from picasso.jobs.batch_writer import BatchWriter
from picasso.jobs.process_again import Again, process_again
from picasso.jobs.states import RESET, State, Step
from picasso.models import AuditEntry, Derivative, File, Job, Project, Reprocess, Scan, Visibility
from picasso.process import pipelines as pipelines_module
from picasso.process import reprocess
from picasso.process.child_pool import ChildPool
from picasso.process.pipelines import Pipelines, Plan, load
from picasso.process.run import Runner
from picasso.process.services import Services
from picasso.receive.commit import Committer
from picasso.receive.content import NewContent, NewFileOutput
from picasso.receive.new_file import NewFile
from picasso.receive.threads import Threads
from picasso.scan.processor import Options
from picasso.serializers import FileDetailSerializer, Links
from picasso.storage.folder import Folder
from picasso.web.downloads import Download, find_all
from tests import services
from tests.flow.rows import derivative_of, finish, new_file, new_job, start
from tests.stack import until
from tests.waiting import in_background, outcome_of


def find(principal: Principal, path: str, policies: Policies) -> Download:
    """As for one request. Raises what it would be told."""
    (found,) = find_all([(principal, path)], policies)
    if isinstance(found, Exception):
        raise found
    return found


pytestmark = pytest.mark.django_db(transaction=True)

MARKER = services.Clamd.MARKER
LIMIT = services.Clamd.MAX_SIZE
OPERATOR = replace(OPEN, scopes=OPEN.scopes | {Scope.FILES_QUARANTINE})
STEPS = (Step("text", "quick"), Step("table", "quick"))
SCAN_STEP = Step("scan", "service")


@dataclass
class World:
    """A storage, and a worker of the queue `service`."""

    storage: Folder
    services: Services
    runner: Runner
    unavailable: set[str]

    def upload(self, content: bytes, *steps: Step) -> File:
        """As it would be received."""
        plan = Plan("default", 1, steps or STEPS)

        async def commit() -> File:
            committer = Committer(self.storage, lambda pipeline, media_type: plan)
            received = NewContent(NewFileOutput(self.storage.files), 2**30, Threads())
            await received.sink.write(content)
            await received.finish()
            committer.start()
            try:
                return await committer.commit(received, NewFile("note.txt", "text/plain"))
            finally:
                await asyncio.to_thread(committer.stop)

        return asyncio.run(commit())

    def scan(self, file: File) -> None:
        """The scanner's job, from its claim to its end."""
        job = job_of(file, "scan")
        assert job.pk in claims.claim_due("service", 10, 10)
        self.runner.run(job.pk)

    def scanned(self, content: bytes) -> File:
        file = self.upload(content)
        self.scan(file)
        return again(file)


@pytest.fixture
def scans(world: World) -> None:
    """The project has its files scanned."""
    set_scan(enabled=True)


def set_scan(**scan: Any) -> None:
    Project.objects.update_or_create(pk=DEFAULT.id, defaults={"name": DEFAULT.name, "scan": scan})


@pytest.fixture
def world(tmp_path: Path, clamd: services.Clamd, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    chosen = conf.load({"PICASSO_CLAMD": clamd.url, "PICASSO_CLAMD_MAX_SIZE": str(LIMIT)})
    monkeypatch.setattr(settings, "PICASSO", replace(settings.PICASSO, clamd=clamd.url, clamd_max_size=LIMIT))
    storage, unavailable = Folder(tmp_path), set[str]()
    made = Services(storage.files, unavailable)
    made.open()
    runner = Runner(storage, ChildPool(2**30, 1), BatchWriter(unavailable), chosen, slots=2, services=made)
    set_scan()
    yield World(storage, made, runner, unavailable)
    made.close()


def again(file: File) -> File:
    return File.everywhere.get(pk=file.pk)


def job_of(file: File, processor: str) -> Job:
    return Job.everywhere.get(file=file, processor=processor)


def jobs_of(file: File) -> dict[str, str]:
    return dict(Job.everywhere.filter(file=file).values_list("processor", "state"))


def address(file: File) -> str:
    return download_path(file.pk, file.key)


def claimed() -> set[str]:
    """The processors of all jobs that a relay would send now. They wait again afterwards."""
    jobs = [job for queue in ("quick", "heavy", "service") for job in claims.claim_due(queue, 10, 10)]
    claims.unclaim(jobs)
    return set(Job.everywhere.filter(pk__in=jobs).values_list("processor", flat=True))


# Before the verdict


@pytest.mark.usefixtures("scans")
def test_a_new_file_of_a_project_that_scans_is_in_quarantine(world: World) -> None:
    file = again(world.upload(b"harmless"))
    assert (file.scan, file.quarantined, file.state) == (Scan.WAITING, True, File.State.PENDING)
    assert jobs_of(file) == {"scan": "waiting", "text": "waiting", "table": "waiting"}
    assert claimed() == {"scan"}


def test_without_scanning_nothing_is_different(world: World) -> None:
    file = again(world.upload(b"harmless"))
    assert (file.scan, file.quarantined) == ("", False)
    assert claimed() == {"text", "table"}
    assert find(OPEN, address(file), Policies()).size == 8


def test_a_pipeline_can_scan_too(world: World) -> None:
    file = again(world.upload(b"harmless", Step("text", "quick"), Step("scan", "service")))
    assert (file.scan, file.quarantined) == (Scan.WAITING, True)
    assert claimed() == {"scan"}
    world.scan(file)
    assert claimed() == {"text"}


@pytest.mark.usefixtures("scans")
def test_a_file_that_only_is_scanned(world: World) -> None:
    set_scan(enabled=True)
    file = world.upload(b"harmless", Step("scan", "service"))
    world.scan(file)
    assert again(file).state == File.State.PROCESSED


@pytest.mark.usefixtures("scans")
def test_nobody_fetches_it_but_operators(world: World) -> None:
    file = world.upload(b"harmless")
    File.everywhere.filter(pk=file.pk).update(visibility=Visibility.PUBLIC)
    for principal in (OPEN, ANONYMOUS, replace(OPEN, scopes=frozenset({Scope.FILES_READ}))):
        with pytest.raises(NotScannedYet) as refusal:
            find(principal, address(file), Policies())
        assert (refusal.value.status, refusal.value.headers["Retry-After"]) == (423, "5")
    assert find(OPERATOR, address(file), Policies()).size == 8
    stranger = Principal("key", replace(DEFAULT, id=77), OPEN.scopes)
    File.everywhere.filter(pk=file.pk).update(visibility=Visibility.PRIVATE)
    with pytest.raises(NotFound):
        find(stranger, address(file), Policies())


@pytest.mark.usefixtures("scans")
def test_a_message_for_a_held_job_starts_nothing(world: World) -> None:
    """However it came about: by an old message, or by a mistake of ours."""
    file = world.upload(b"harmless")
    job = job_of(file, "text")
    Job.everywhere.filter(pk=job.pk).update(
        state=State.QUEUED, due_at="2020-01-01T00:00Z", leased_until="2099-01-01T00:00Z"
    )
    assert start(job.pk) is None
    job = job_of(file, "text")
    assert (job.state, job.due_at, job.attempt) == ("waiting", holds.NEVER, 0)


@pytest.mark.usefixtures("scans")
def test_held_jobs_can_be_cancelled_and_not_hurried(world: World) -> None:
    file = world.upload(b"harmless")
    job = job_of(file, "text")
    assert commands.cancel(job.pk)
    assert not commands.retry(job.pk)
    world.scan(file)
    assert jobs_of(file) == {"scan": "done", "text": "cancelled", "table": "waiting"}
    assert commands.retry(job.pk)


# Verdicts


@pytest.mark.usefixtures("scans")
def test_clean(world: World) -> None:
    file = world.scanned(b"harmless")
    assert (file.scan, file.quarantined, file.state) == (Scan.CLEAN, False, File.State.PROCESSING)
    assert file.facts["scan"]["verdict"] == "clean"
    assert file.facts["scan"]["engine"].startswith("ClamAV")
    assert claimed() == {"text", "table"}
    assert find(OPEN, address(file), Policies()).size == 8
    for processor in ("text", "table"):
        job = job_of(file, processor)
        Job.everywhere.filter(pk=job.pk).update(state=State.QUEUED)
        begun = start(job.pk)
        assert begun
        assert finish(begun, {"words": 1})
    assert again(file).state == File.State.PROCESSED


@pytest.mark.usefixtures("scans")
def test_infected(world: World) -> None:
    file = world.scanned(b"some " + MARKER)
    assert (file.scan, file.quarantined, file.state) == (Scan.INFECTED, True, File.State.FAILED)
    assert file.facts["scan"]["malware"] == "Picasso.Test.Marker"
    assert jobs_of(file) == {"scan": "failed", "text": "cancelled", "table": "cancelled"}
    assert file.failure
    assert file.failure.error_code == "infected"
    assert "Picasso.Test.Marker" in file.failure.error_detail
    assert claimed() == set()
    with pytest.raises(Infected) as refusal:
        find(OPEN, address(file), Policies())
    assert refusal.value.status == 403
    find(OPERATOR, address(file), Policies())
    for processor in ("text", "table"):
        assert not commands.retry(job_of(file, processor).pk)


@pytest.mark.usefixtures("scans")
def test_not_scanned(world: World) -> None:
    file = world.scanned(bytes(LIMIT + 1))
    assert (file.scan, file.quarantined, file.state) == (Scan.NOT_SCANNED, True, File.State.FAILED)
    assert file.facts["scan"] == {"verdict": "not-scanned", "reason": "too-large"}
    assert file.failure
    assert file.failure.error_code == "not-scanned"
    with pytest.raises(NotScanned):
        find(OPEN, address(file), Policies())


def test_the_policy_of_the_project(world: World) -> None:
    set_scan(enabled=True, infected="delete", not_scanned="serve")
    served = world.scanned(bytes(LIMIT + 1))
    assert (served.scan, served.quarantined) == (Scan.NOT_SCANNED, False)
    assert claimed() == {"text", "table"}
    find(OPEN, address(served), Policies())
    deleted = world.upload(MARKER)
    path = world.storage.files.path(deleted.key)
    assert path.exists()
    world.scan(deleted)
    assert not File.everywhere.filter(pk=deleted.pk).exists()
    assert not Job.everywhere.filter(file=deleted.pk).exists()
    assert not path.exists()


def test_the_stricter_of_pipeline_and_project_counts(world: World, tmp_path: Path) -> None:
    path = tmp_path / "picasso.toml"
    path.write_text('[pipelines.default.scan]\noptions.not_scanned = "quarantine"\noptions.infected = "delete"\n')
    chosen = conf.load({"PICASSO_CONFIG": str(path), "PICASSO_CLAMD": "tcp://127.0.0.1:1"})
    runner = Runner(world.storage, ChildPool(2**30, 1), BatchWriter(), chosen, slots=1, services=world.services)
    set_scan(enabled=True, not_scanned="serve", infected="quarantine")
    file = world.upload(b"harmless")
    Job.everywhere.filter(file=file, processor="scan").update(state=State.QUEUED)
    job = start(job_of(file, "scan").pk)
    assert job
    assert runner._service_options(job, file) == {"not_scanned": "quarantine", "infected": "delete"}
    set_scan(enabled=True, not_scanned="delete")
    assert runner._service_options(job, file) == {"not_scanned": "delete", "infected": "delete"}


def test_settings_of_a_project_are_checked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hints = get_type_hints(Options)
    assert {name: get_args(hint) for name, hint in hints.items()} == project_settings.SCAN_OPTIONS
    project_settings.check({"scan": {}})
    project_settings.check({"scan": {"enabled": True, "infected": "delete", "not_scanned": "serve"}})
    for wrong in ({"enabled": 1}, {"infected": "serve"}, {"not_scanned": True}, {"max_size": 5}):
        with pytest.raises(InvalidField):
            project_settings.check({"scan": wrong})
    monkeypatch.setattr(settings, "PICASSO", replace(settings.PICASSO, clamd=""))
    project_settings.check({"scan": {"enabled": False}})
    with pytest.raises(InvalidField, match="PICASSO_CLAMD"):
        project_settings.check({"scan": {"enabled": True}})


def test_a_policy_that_makes_no_sense_lets_nothing_out(world: World) -> None:
    set_scan(enabled=True, infected="ignore", surprise=1)
    file = world.upload(MARKER)
    world.scan(file)
    assert again(file).quarantined
    assert job_of(file, "scan").error_code == "processor-error"


@pytest.mark.usefixtures("scans")
def test_what_is_in_quarantine_shows_no_content(world: World) -> None:
    """The file was clean when it came, and newer signatures know better."""
    file = world.scanned(b"harmless")
    job = job_of(file, "text")
    Job.everywhere.filter(pk=job.pk).update(state=State.QUEUED)
    begun = start(job.pk)
    assert begun
    assert finish(begun, {"words": 1}, [derivative_of(begun)])
    shown = FileDetailSerializer(again(file), context={"links": Links("", None)}).data
    assert shown["facts"].keys() == {"file", "scan", "text"}
    assert len(shown["derivatives"]) == 1
    derived = f"/files/{file.pk}/derived/text/{Derivative.objects.get().key.rpartition('/')[2]}"
    find(OPEN, derived, Policies())

    world.storage.files.path(file.key).write_bytes(MARKER[:4] + MARKER[4:])
    File.everywhere.filter(pk=file.pk).update(size=len(MARKER))
    assert commands.retry(job_of(file, "scan").pk)
    assert not again(file).quarantined  # the old verdict holds until there is a new one
    world.scan(file)
    file = again(file)
    assert (file.scan, file.state) == (Scan.INFECTED, File.State.FAILED)
    assert jobs_of(file) == {"scan": "failed", "text": "done", "table": "cancelled"}
    shown = FileDetailSerializer(file, context={"links": Links("", None)}).data
    assert shown["facts"].keys() == {"file", "scan"}
    assert shown["derivatives"] == []
    for path in (derived, address(file)):
        with pytest.raises(Infected):
            find(OPEN, path, Policies())
    find(OPERATOR, derived, Policies())


@pytest.mark.usefixtures("scans")
def test_a_new_scan_can_clear_a_file(world: World) -> None:
    file = world.scanned(MARKER)
    world.storage.files.path(file.key).write_bytes(b"x" * len(MARKER))
    assert commands.retry(job_of(file, "scan").pk)
    assert again(file).quarantined
    world.scan(file)
    assert (again(file).scan, again(file).quarantined) == (Scan.CLEAN, False)
    assert claimed() == {"text", "table"}


@pytest.mark.usefixtures("scans")
def test_reprocessing_scans_what_is_in_quarantine(world: World) -> None:
    file = world.scanned(MARKER)
    process_again({file.pk: Again(STEPS, pipeline="default", version=2, priority=-10)})
    assert again(file).quarantined
    assert claimed() == {"scan"}
    world.storage.files.path(file.key).write_bytes(b"x" * len(MARKER))
    world.scan(file)
    assert claimed() == {"text", "table"}
    assert again(file).facts["scan"]["verdict"] == "clean"


@pytest.mark.usefixtures("scans")
def test_reprocessing_scans_all_files_of_a_project_that_scans(world: World) -> None:
    scanned, before = world.scanned(b"harmless"), new_file()
    known = Pipelines([pipelines_module.Pipeline("default", 2)])
    reprocess.start(known, "default", {})
    assert reprocess.advance(world.storage, known)
    assert jobs_of(scanned)["scan"] == jobs_of(before)["scan"] == "waiting"
    assert again(scanned).facts["scan"]["verdict"] == "clean"
    assert not again(scanned).quarantined
    assert not again(before).quarantined


def test_reprocessing_by_verdict(world: World) -> None:
    files = {verdict: new_file(scan=verdict) for verdict in Scan}
    known = Pipelines([pipelines_module.Pipeline("default", 2)])
    begun = reprocess.start(known, "default", {"scan": "not-scanned"})
    assert [file.pk for file in reprocess.remaining(begun)] == [files[Scan.NOT_SCANNED].pk]
    with pytest.raises(ValueError, match="not a verdict"):
        reprocess.start(known, "default", {"scan": "dirty"})
    assert Reprocess.objects.count() == 1


@pytest.mark.usefixtures("scans")
def test_an_operator_releases_a_file(world: World) -> None:
    file = world.scanned(MARKER)
    assert verdicts.release(file.pk)
    assert not verdicts.release(file.pk)
    file = again(file)
    assert (file.scan, file.quarantined, file.facts["scan"]["released"]) == (Scan.INFECTED, False, True)
    assert claimed() == {"text", "table"}
    find(OPEN, address(file), Policies())


RELEASED = {"verdict": "infected", "malware": "X", "signatures": "27800", "released": True}


@pytest.mark.parametrize(
    ("facts", "where", "kept"),
    [
        (RELEASED, {}, True),
        (RELEASED, {"scan": "infected"}, False),
        ({**RELEASED, "signatures": "0"}, {}, False),
        ({"released": True}, {}, False),
        ({**RELEASED, "released": False}, {}, False),
    ],
)
@pytest.mark.usefixtures("scans")
def test_a_release_counts_until_there_are_newer_signatures_or_an_operator_asks(
    world: World, monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], where: dict[str, str], kept: bool
) -> None:
    monkeypatch.setattr("picasso.scan.processor.engine_facts", lambda version: {"signatures": "27800"})
    file = world.upload(MARKER)
    verdicts.release(file.pk)
    File.everywhere.filter(pk=file.pk).update(scan=Scan.INFECTED, facts={"file": {}, "scan": facts})
    known = Pipelines([pipelines_module.Pipeline("default", 2)])
    reprocess.start(known, "default", where)
    assert reprocess.advance(world.storage, known)
    world.scan(file)
    found = again(file)
    assert (found.scan, found.quarantined) == (Scan.INFECTED, not kept)
    assert (found.facts["scan"] == facts) is kept
    assert jobs_of(file)["scan"] == ("done" if kept else "failed")


@pytest.mark.usefixtures("scans")
def test_a_release_does_not_outlive_a_clean_verdict(world: World) -> None:
    file = world.scanned(MARKER)
    verdicts.release(file.pk)
    world.storage.files.path(file.key).write_bytes(b"x" * len(MARKER))
    process_again({file.pk: Again((*STEPS, SCAN_STEP), pipeline="default", version=2, priority=-10)})
    world.scan(file)
    assert again(file).scan == Scan.CLEAN
    assert "released" not in again(file).facts["scan"]


def test_a_file_that_was_released_is_not_deleted_by_the_same_verdict(world: World) -> None:
    """Neither its row nor its bytes."""
    set_scan(enabled=True, infected="quarantine")
    file = world.scanned(MARKER)
    verdicts.release(file.pk)
    set_scan(enabled=True, infected="delete")
    process_again({file.pk: Again((*STEPS, SCAN_STEP), pipeline="default", version=2, priority=-10)})
    world.scan(file)
    assert not again(file).quarantined
    assert world.storage.files.path(file.key).exists()


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("quarantine", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("scans")
def test_the_console(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("picasso.management.commands.quarantine.default_storage", lambda: world.storage)
    clean, infected, large = (world.scanned(content) for content in (b"harmless", MARKER, bytes(LIMIT + 1)))
    lines = told("list").splitlines()
    assert [line.split()[:3] for line in lines] == [
        [str(large.pk), "not-scanned", "too-large"],
        [str(infected.pk), "infected", "Picasso.Test.Marker"],
    ]
    (row,) = json.loads(told("list", "--json", "--scan", "infected"))
    assert row == {
        "id": str(infected.pk),
        "project": "default",
        "name": "note.txt",
        "scan": "infected",
        "why": "Picasso.Test.Marker",
    }
    told("release", str(large.pk))
    told("delete", str(infected.pk))
    rows = AuditEntry.objects.order_by("at", "id").values_list("action", "target_id", "details__verdict")
    assert list(rows) == [
        ("file.quarantine", str(infected.pk), "infected"),
        ("file.quarantine", str(large.pk), "not-scanned"),
        ("file.release", str(large.pk), "not-scanned"),
        ("file.delete", str(infected.pk), None),
    ]
    assert told("list") == "There are no such files in quarantine.\n"
    assert not again(large).quarantined
    assert not File.everywhere.filter(pk=infected.pk).exists()
    for command in ("release", "delete"):
        with pytest.raises(CommandError, match="no file"):
            told(command, str(clean.pk))


@pytest.mark.usefixtures("scans")
def test_a_scan_that_is_cancelled_leaves_nothing_pending(world: World) -> None:
    file = world.upload(b"harmless")
    assert commands.cancel(job_of(file, "scan").pk)
    assert jobs_of(file) == {"scan": "cancelled", "text": "cancelled", "table": "cancelled"}
    assert (again(file).state, again(file).quarantined) == (File.State.FAILED, True)
    assert commands.retry(job_of(file, "scan").pk)
    world.scan(file)
    assert claimed() == {"text", "table"}


@pytest.mark.usefixtures("scans")
def test_a_scan_that_fails_for_good_leaves_nothing_pending(world: World) -> None:
    file = world.upload(b"harmless")
    job = job_of(file, "scan")
    Job.everywhere.filter(pk=job.pk).update(state=State.QUEUED)
    begun = start(job.pk)
    assert begun
    assert states.fail(begun, "poison", "It crashed.")
    assert jobs_of(file) == {"scan": "failed", "text": "cancelled", "table": "cancelled"}
    assert again(file).quarantined
    with pytest.raises(NotScannedYet):
        find(OPEN, address(file), Policies())


# Faults


@pytest.mark.usefixtures("scans")
def test_while_clamd_is_away_everything_waits(world: World, clamd: services.Clamd) -> None:
    file = world.upload(b"harmless")
    clamd.kill()
    try:
        world.scan(file)
        job = job_of(file, "scan")
        assert (job.state, job.error_code, job.failures, job.attempt) == ("waiting", "service-away", 0, 1)
        assert world.unavailable == {"scan"}
        assert claims.claim_due("service", 10, 10, unavailable=world.unavailable) == []
        assert again(file).quarantined
        # A message that was sent before.
        Job.everywhere.filter(pk=job.pk).update(state=State.QUEUED)
        world.runner.run(job.pk)
        assert (job_of(file, "scan").state, job_of(file, "scan").attempt) == ("waiting", 1)
    finally:
        clamd.start()
    until(lambda: not world.unavailable, 20, lambda: "it never noticed that clamd is back")
    world.scan(file)
    assert again(file).scan == Scan.CLEAN


class Slow:
    """A reader that waits in the middle of the file."""

    def __init__(self, reader: Any, reached: threading.Event, go_on: threading.Event) -> None:
        self._reader, self._reached, self._go_on = reader, reached, go_on
        self.close = reader.close

    def read(self, size: int) -> bytes:
        found: bytes = self._reader.read(min(size, 4))
        self._reached.set()
        assert self._go_on.wait(60)
        return found


@pytest.fixture
def interrupted(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[File, Callable[[], None]], None]:
    """Scans a file, and does something else while half of it is sent."""

    def scan(file: File, act: Callable[[], None]) -> None:
        reached, go_on = threading.Event(), threading.Event()
        opened = world.storage.files.open
        with monkeypatch.context() as patch:
            patch.setattr(world.storage.files, "open", lambda *args: Slow(opened(*args), reached, go_on))
            scanned = in_background(scan_and_disconnect, file)
            until(lambda: reached.is_set() or scanned.done(), 30, lambda: "it never began")
            act()
            go_on.set()
            outcome_of(scanned, "the scan")

    def scan_and_disconnect(file: File) -> None:
        try:
            world.scan(file)
        finally:
            connection.close()

    return scan


@pytest.mark.usefixtures("scans")
def test_clamd_is_killed_during_a_scan(world: World, clamd: services.Clamd, interrupted: Any) -> None:
    file = world.upload(MARKER)
    try:
        interrupted(file, clamd.kill)
        job = job_of(file, "scan")
        assert (job.state, job.error_code, job.failures) == ("waiting", "scan-failed", 1)
        assert (again(file).scan, again(file).quarantined) == (Scan.WAITING, True)
    finally:
        clamd.start()
    Job.everywhere.filter(pk=job.pk).update(due_at=RESET["due_at"])
    world.scan(file)
    assert again(file).scan == Scan.INFECTED


@pytest.mark.usefixtures("scans")
@pytest.mark.parametrize("policy", ["quarantine", "delete"])
def test_a_file_that_is_deleted_during_its_scan_leaves_no_trace(
    world: World, interrupted: Any, policy: str, caplog: pytest.LogCaptureFixture
) -> None:
    set_scan(enabled=True, infected=policy)
    file = world.upload(MARKER)
    interrupted(file, lambda: delete(OPEN, world.storage, again(file)))
    assert not File.everywhere.exists()
    assert not Job.everywhere.exists()
    assert not [path for path in world.storage.files.media.rglob("*") if path.is_file()]
    assert "storage failed" not in caplog.text


@pytest.mark.usefixtures("scans")
def test_a_file_that_is_deleted_before_its_scan_leaves_no_trace(world: World, caplog: pytest.LogCaptureFixture) -> None:
    file = world.upload(MARKER)
    world.storage.files.path(file.key).unlink()
    world.scan(file)  # the row is still there: a fault of the storage
    assert job_of(file, "scan").error_code == "storage"
    assert again(file).quarantined


@pytest.mark.usefixtures("scans")
def test_a_scan_that_is_cancelled_or_fenced_changes_nothing(world: World, interrupted: Any) -> None:
    file = world.upload(b"harmless")

    def take_away() -> None:
        Job.everywhere.filter(file=file, processor="scan").update(attempt=7)

    interrupted(file, take_away)
    assert (again(file).scan, again(file).quarantined) == (Scan.WAITING, True)
    assert job_of(file, "scan").state == State.RUNNING


@pytest.mark.usefixtures("scans")
def test_a_worker_that_shuts_down_gives_its_scan_back(world: World, interrupted: Any) -> None:
    file = world.upload(b"harmless")
    interrupted(file, world.services.close)
    job = job_of(file, "scan")
    assert (job.state, job.failures) == ("waiting", 0)
    assert again(file).quarantined


@pytest.mark.usefixtures("scans")
def test_a_verdict_is_written_once(world: World) -> None:
    """As when the connection broke during the COMMIT, and the write is repeated."""
    file = world.scanned(b"harmless")
    before = again(file)
    begun = states.StartedJob(
        id=job_of(file, "scan").pk,
        file_id=file.pk,
        key=file.key,
        media_type=file.media_type,
        project_id=1,
        processor="scan",
        pipeline="default",
        attempt=1,
        failures=0,
        crashes=0,
    )

    class Late:
        scan, action, code, sentence, facts = "infected", "delete", "infected", "Late.", {"verdict": "infected"}

    assert not verdicts.conclude(begun, Late())
    assert again(file).facts == before.facts
    assert not verdicts.conclude(replace(begun, file_id=uuid.uuid4()), Late())


# Settings


def test_a_pipeline_that_scans_needs_a_scanner(tmp_path: Path) -> None:
    path = tmp_path / "picasso.toml"
    path.write_text('[pipelines.default.scan]\noptions.infected = "delete"\n')
    with pytest.raises(ConfError, match=r"line 1: pipelines.default.scan: needs .* PICASSO_CLAMD"):
        load(conf.load({"PICASSO_CONFIG": str(path)}))
    scanning = conf.load({"PICASSO_CONFIG": str(path), "PICASSO_CLAMD": "tcp://clamd:3310"})
    assert load(scanning).options("default", "scan") == {"infected": "delete"}
    assert "scan" in {step.processor for step in load(scanning)["default"].steps("image/png")}
    assert pipelines_module.queues(scanning) == ("quick", "heavy", "service")
    assert pipelines_module.queues(conf.load({})) == ("quick", "heavy")
    assert "scan" not in load(conf.load({"PICASSO_CLAMD": "tcp://clamd:3310"}))["default"].processors


def test_a_new_job_in_quarantine_is_never_due() -> None:
    file = new_file(quarantined=True)
    assert states.new_job(file, Step("text", "quick"))["due_at"] == holds.NEVER
    assert "due_at" not in states.new_job(file, Step("scan", "service"))
    job = new_job(file, due_at=holds.NEVER)
    assert job.due_at == holds.NEVER
