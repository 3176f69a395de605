"""The service as its operator sees it over HTTP: what is wrong, workers, figures over time, checks, settings."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Now
from django.utils import timezone

from picasso.access.actor import Actor, acting
from picasso.access.principal import OPEN, PROJECT_SCOPES, Principal
from picasso.access.projects import Project
from picasso.conf import Conf, load
from picasso.events import write
from picasso.events.sequence import last_number, number_events
from picasso.files import stored_types
from picasso.files.delete import delete
from picasso.jobs import commands, queues, states, summary
from picasso.models import Event, EventCounter, Job, ProjectMetrics, Queue, ServiceMetrics, Step, StoredType, Worker
from picasso.models import Project as ProjectRow
from picasso.monitoring import counting, health, readiness, samples, settings_shown, storage
from picasso.monitoring.readiness import Need
from picasso.monitoring.totals import Totals
from picasso.monitoring.writer import each_minute
from picasso.process.pipelines import pipelines
from picasso.storage import default_storage
from tests.flow.http import client
from tests.flow.rows import copy_many, finish, new_file, new_job, running_job, side_by_side, start
from tests.flow.test_relay import relay_of

pytestmark = pytest.mark.django_db

SYSTEM = "/api/v1.0/system/"
METRICS = f"{SYSTEM}metrics/"
JOBS = "/api/v1.0/jobs/"
MEMBER = replace(OPEN, scopes=PROJECT_SCOPES)
"""Of the project `default`, without the scope to administer the service."""


def get(path: str, status: int = 200, by: Principal = OPEN, since: str = "", **query: Any) -> Any:
    """``since`` is the parameter `from`."""
    answer = client(by).get(path, {**query, **({"from": since} if since else {})})
    assert answer.status_code == status, answer.content
    return answer.json()


def new_worker(queue: str = "quick", *, seen: int = 0, **fields: Any) -> Worker:
    """One that has reported so many seconds ago."""
    seen_at = Now() - timedelta(seconds=seen)
    return Worker.objects.create(name=f"here/{queue}/1", queue=queue, seen_at=seen_at, **fields)


def other_project() -> int:
    return ProjectRow.objects.get_or_create(name="other")[0].pk


def codes(by: Principal = OPEN) -> list[str]:
    return [each["code"] for each in get(SYSTEM, by=by)["health"]]


# Health


def all_workers() -> None:
    for queue in ("quick", "heavy"):
        new_worker(queue)


def test_nothing_is_wrong_while_all_work() -> None:
    all_workers()
    found = get(SYSTEM)
    assert found["health"] == []
    assert [each["workers"] for each in found["queues"][:2]] == [1, 1]
    assert found["disk"]["free"] > 0


def test_stopped_processing_is_told_with_its_time() -> None:
    assert get(SYSTEM)["health"][0]["text"] == "Processing is stopped: no worker."
    new_worker("quick", seen=3600)
    (found,) = get(SYSTEM)["health"]
    assert (found["code"], found["level"], found["queue"]) == ("no-worker", "fault", "")
    assert found["text"].startswith("Processing is stopped: no worker since ")
    assert found["where"] == "/system/#workers"
    new_worker("heavy")
    (found,) = get(SYSTEM)["health"]
    assert (found["code"], found["queue"]) == ("no-worker", "quick")


def test_a_paused_queue_is_told_with_who_paused_it() -> None:
    all_workers()
    with acting(Actor("command-line", "system:anna")):
        queues.pause("quick")
        queues.pause("quick")
    (found,) = get(SYSTEM)["health"]
    assert (found["code"], found["level"], found["queue"], found["by"]) == (
        *("queue-paused", "warning", "quick"),
        "anna",
    )
    assert found["text"].endswith(" by anna.")
    queue = get(SYSTEM)["queues"][0]
    assert (queue["name"], queue["paused"], queue["paused_by"]) == ("quick", True, "anna")
    assert queue["paused_at"] == found["since"]
    assert get("/api/v1.0/queues/")[0]["paused_by"] == "anna"
    queues.resume("quick")
    assert get(SYSTEM)["queues"][0]["paused_at"] is None
    assert codes() == []


def test_an_older_version_that_pauses_again_does_not_blame_the_one_before(tmp_path: Path) -> None:
    """It writes only whether a queue is paused."""
    with acting(Actor("command-line", "system:anna")):
        queues.pause("quick")
    for paused in (False, True):
        each_minute(tmp_path, ("quick",))
        ServiceMetrics.objects.all().delete()
        assert Queue.objects.get().paused_by == ("" if paused else "anna")
        Queue.objects.filter(name="quick").update(paused=paused)
    load = queues.load("quick")
    assert (load.paused, load.paused_at, load.paused_by) == (True, None, "")


def test_a_member_of_a_project_sees_what_stops_it_and_no_more() -> None:
    all_workers()
    with acting(Actor("command-line", "system:anna")):
        queues.pause("quick")
    found = get(SYSTEM, by=MEMBER)
    assert (found["workers"], found["disk"]) == (None, None)
    assert "anna" not in str(found)
    assert [each["code"] for each in found["health"]] == ["queue-paused"]
    assert get("/api/v1.0/queues/", by=MEMBER)[0]["paused_by"] == ""


def test_a_full_disk_and_old_work_are_told(settings: Any) -> None:
    all_workers()
    conf: Conf = settings.PICASSO
    assert [each.code for each in health.problems(replace(conf, min_free_space=2**62))] == ["disk-full"]
    free = samples.free_space(conf.data_dir)
    assert free is not None
    assert [each.code for each in health.problems(replace(conf, min_free_space=free // 2))] == ["disk-low"]
    samples.add(samples.Sample(waiting=5, oldest=1200, workers=2, free=1, stored=1, files=1), timezone.now())
    (found,) = get(SYSTEM)["health"]
    assert (found["code"], found["text"]) == ("backlog", "A due job has waited for 20 minutes.")


# Workers


def test_what_each_worker_runs() -> None:
    job = running_job(started_at=Now() - timedelta(seconds=3), progress=0.5)
    other = running_job(new_file(project_id=other_project()), project_id=other_project(), started_at=Now())
    ended = new_job()
    new_worker("quick", slots=2, running=[str(each.pk) for each in (job, other, ended)])
    new_worker("heavy", seen=100, running=[str(job.pk)])
    heavy, quick = get(SYSTEM)["workers"]
    assert (heavy["alive"], heavy["running"]) == (False, [])
    assert (quick["alive"], quick["slots"]) == (True, 2)
    mine, foreign = quick["running"]
    assert (mine["id"], mine["file"], mine["file_name"]) == (str(job.pk), str(job.file_id), "note.txt")
    assert (mine["progress"], mine["project"]) == (0.5, "default")
    assert 2 < mine["ran"] < 100
    assert (foreign["id"], foreign["file"], foreign["file_name"]) == (str(other.pk), None, None)


def test_a_worker_writes_down_what_it_runs() -> None:
    job = running_job(started_at=Now())
    relay = relay_of(running=lambda: [states.Progress(job.pk, 1, None)], slots=3)
    relay._register()
    first = Worker.objects.get().started_at
    relay._register()
    (found,) = get(SYSTEM)["workers"]
    assert (found["slots"], [each["id"] for each in found["running"]]) == (3, [str(job.pk)])
    assert Worker.objects.get().started_at == first


# Figures


def receive(name: str = "a.txt", size: int = 5, **fields: Any) -> Any:
    file = new_file(name, size=size, **fields)
    write.write(*write.received(file, None))
    return file


def count() -> None:
    while number_events():
        pass
    while counting.count_events():
        pass


def points(by: Principal = OPEN, **query: Any) -> dict[str, Any]:
    """What happened in all periods together."""
    found = get(METRICS, by=by, **query)["points"]
    names = ("received", "bytes", "processed", "failed", "failed_attempts", "jobs")
    return {name: sum(each[name] for each in found) for name in names}


def process(file: Any) -> Job:
    job = new_job(file, state=states.State.QUEUED, requested_at=Now() - timedelta(seconds=10))
    started = start(job.pk)
    assert started
    assert finish(started, {})
    return job


def test_figures_follow_what_happens() -> None:
    file = receive(size=700)
    process(file)
    other = receive(size=300)
    states.fail(running_job(other, started_at=Now()), "corrupt", "It is corrupt.")
    count()
    assert points() == {
        "received": 2,
        "bytes": 1000,
        "processed": 1,
        "failed": 1,
        "failed_attempts": 1,
        "jobs": 2,
    }
    count()
    assert points()["received"] == 2, "counted once only"
    for step in (60, 300, 3600, 86_400):
        assert points(step=step)["received"] == 2
        assert points(step=step, of="service")["bytes"] == 1000
    last = next(each for each in reversed(get(METRICS)["points"]) if each["jobs"])
    assert 9 < last["longest_wait"] < 100


def test_a_job_that_runs_again_is_counted_again_and_the_others_are_not() -> None:
    file = receive()
    job = new_job(file, processor="image", state=states.State.QUEUED)
    other = new_job(file, processor="text", state=states.State.QUEUED)
    for each in (job, other):
        started = start(each.pk)
        assert started
        assert finish(started, {})
    count()
    assert points()["jobs"] == 2
    commands.retry(job.pk)
    Job.everywhere.filter(pk=job.pk).update(state=states.State.QUEUED)
    again = start(job.pk)
    assert again
    assert finish(again, {})
    count()
    assert (points()["jobs"], points()["processed"]) == (3, 2)


def test_each_project_has_its_own_figures() -> None:
    receive(size=5)
    receive(size=70, project_id=other_project())
    count()
    assert points()["bytes"] == 5
    assert points(replace(MEMBER, project=Project(id=other_project(), name="tenant")))["bytes"] == 70
    assert points(of="service")["bytes"] == 75
    assert get(METRICS, 403, MEMBER, of="service")["code"] == "forbidden"
    for path in (METRICS, f"{SYSTEM}storage/"):
        assert get(path, 403, replace(OPEN, owner="ann"))["code"] == "forbidden"


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_count_at_once_count_once() -> None:
    for _ in range(3):
        receive()
    number_events()
    connection.close()
    side_by_side([counting.count_events] * 2)
    counting.count_events()
    assert ProjectMetrics.objects.filter(step=Step.MINUTE, project=1).aggregate(n=Sum("received"))["n"] == 3


def test_events_that_are_gone_are_passed_over() -> None:
    receive()
    number_events()
    Event.everywhere.all().delete()
    receive()
    count()
    assert points()["received"] == 1
    assert EventCounter.objects.get(pk=counting.COUNTER).last == last_number()


def test_a_deleted_file_stays_counted() -> None:
    file = receive()
    delete(OPEN, default_storage(), file, permanently=True)
    count()
    assert points()["received"] == 1


def test_old_figures_are_removed() -> None:
    now = datetime(2026, 11, 30, 12, 0, 30, tzinfo=UTC)
    counting.add({(1, now.replace(second=0)): Totals(received=1)}, now)
    samples.add(samples.Sample(1, 1, 1, 1, 1, 1), now)
    assert set(ProjectMetrics.objects.values_list("project_id", "step")) == {
        (project, step) for project in (0, 1) for step in Step.values
    }
    for later, steps in (
        (timedelta(days=2), [3600, 86_400]),
        (timedelta(days=36), [86_400]),
        (timedelta(days=731), []),
    ):
        counting.remove_old(now + later)
        assert sorted(ProjectMetrics.objects.filter(project=1).values_list("step", flat=True)) == steps
        assert sorted(ServiceMetrics.objects.values_list("step", flat=True)) == steps
    counting.add({(1, now - timedelta(days=2)): Totals(received=1)}, now)
    assert sorted(ProjectMetrics.objects.filter(project=1).values_list("step", flat=True)) == [3600, 86_400]


def test_samples_keep_the_worst_of_a_period() -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    earlier = counting.beginning(now, 86_400)
    for waiting, free in ((5, 100), (9, 300), (2, 200)):
        samples.add(samples.Sample(waiting, 0, 1, free, 10, 1), earlier)
    until = (earlier + timedelta(hours=1)).isoformat()
    (point,) = get(METRICS, of="service", step=86_400, since=earlier.isoformat(), until=until)["points"]
    assert (point["waiting"], point["free"], point["stored"]) == (9, 100, 10)
    assert not samples.is_due(earlier)


def test_a_sample_is_of_the_service(tmp_path: Path) -> None:
    receive()
    new_job(due_at=Now() - timedelta(seconds=100))
    found = samples.take(tmp_path, pipelines().queue_names)
    assert (found.waiting, found.files, found.stored) == (1, 2, 10)
    assert 99 < found.oldest < 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"step": "61"}, "step"),
        ({"of": "all"}, "of"),
        ({"since": "yesterday"}, "from"),
        ({"since": "0001-01-01"}, "from"),
        ({"until": "2020-01-01", "since": "2021-01-01"}, "until"),
        ({"until": "0001-01-01"}, "until"),
        ({"form": "2021-01-01"}, "form"),
    ],
)
def test_wrong_spans_are_named(query: dict[str, Any], field: str) -> None:
    assert get(METRICS, 400, **query)["errors"][0]["field"] == field


def test_the_last_day_that_there_is() -> None:
    found = get(METRICS, step=86_400, until="9999-12-31T23:59:59Z", since="9999-12-30T00:00:00Z")
    assert len(found["points"]) == 2


# What is stored


def test_stored_types_are_counted_after_changes() -> None:
    now = timezone.now()
    assert get(f"{SYSTEM}storage/")["counted_at"] is None
    new_file("a.png", "image/png", size=700)
    new_file(size=30)
    new_file(size=1, project_id=other_project())
    assert storage.count_again(now)
    assert storage.count_again(now + timedelta(days=1)), "nothing has changed"
    assert set(StoredType.objects.values_list("counted_at", flat=True)) == {now}
    assert get(f"{SYSTEM}storage/")["types"] == [
        {"media_type": "image/png", "files": 1, "bytes": 700},
        {"media_type": "text/plain", "files": 1, "bytes": 30},
    ]
    assert get(f"{SYSTEM}storage/", of="service")["bytes"] == 731
    new_file(size=2)
    assert not storage.count_again(now + timedelta(seconds=1)), "not yet"
    assert storage.count_again(now + timedelta(days=1))
    assert StoredType.objects.aggregate(n=Sum("files"))["n"] == 4


def test_types_are_counted_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_types, "PAGE", 2)
    for _ in range(5):
        new_file(size=10)
    assert stored_types.count_types() == {(1, "text/plain"): (5, 50)}


# Checks and settings


def test_checks_and_findings() -> None:
    all_workers()
    found = get(f"{SYSTEM}checks/")
    assert {each["name"]: each["outcome"] for each in found["checks"]}["storage"] == "ok"
    assert {each["subject"] for each in found["findings"]} >= {"Settings", "Data folder", "Workers"}
    assert get(f"{SYSTEM}checks/", 403, MEMBER)["code"] == "forbidden"


def test_a_check_that_fails_or_hangs_is_told() -> None:
    ended = threading.Event()

    def fails() -> None:
        raise OSError("secret detail")

    def hangs() -> None:
        ended.wait(60)

    needs = [Need("a", fails, "a.md"), Need("b", lambda: None, "b.md"), Need("c", hangs, "c.md")]
    # Those that end are waited for as long as it takes.
    found = {each.name: each.outcome for each in readiness.check_all(needs[:2], seconds=60)}
    assert found == {"a": "Unavailable.", "b": "ok"}
    (late,) = readiness.check_all(needs[2:], seconds=0.1)
    ended.set()
    assert late.outcome == "No answer within 0.1 seconds."


def test_settings_are_shown_without_secrets() -> None:
    environ = {
        "DATABASE_URL": "postgres://me:swordfish@db/picasso",
        "PICASSO_SECRET_KEY": "s" * 40,
        "PICASSO_QUICK_JOBS": "7",
        "BROKER_URL_FILE": "/dev/null",
    }
    found = {each.name: each for each in settings_shown.shown(load(environ), environ)}
    assert (found["PICASSO_QUICK_JOBS"].value, found["PICASSO_QUICK_JOBS"].source) == ("7", "environment")
    assert found["PICASSO_HEAVY_JOBS"].source == "default"
    assert (found["DATABASE_URL"].value, found["DATABASE_URL"].secret) == (None, True)
    assert (found["BROKER_URL"].source, found["DATABASE_URL"].source) == ("file", "environment")
    assert "swordfish" not in str(found)
    assert found["PICASSO_DEBUG"].value == "false"
    assert "key=" in (found["PICASSO_RATES"].value or "")
    assert len(get(f"{SYSTEM}settings/")["settings"]) == len(found)


# Numbers of jobs


def failed(error: str, processor: str = "image", **fields: Any) -> Job:
    return new_job(state=states.State.FAILED, error_code=error, processor=processor, **fields)


def test_jobs_are_counted_by_state_and_failed_ones_by_reason() -> None:
    for _ in range(3):
        newest = failed("corrupt")
    failed("corrupt", "text")
    failed("storage")
    failed("corrupt", project_id=other_project(), file=new_file(project_id=other_project()))
    new_job(error_code="storage")
    found = get(f"{JOBS}summary/")
    assert {each["state"]: each["count"] for each in found["states"]} == {
        "waiting": 1,
        "queued": 0,
        "running": 0,
        "done": 0,
        "failed": 5,
        "cancelled": 0,
    }
    reasons = [(each["error"], each["processor"], each["count"], each["final"]) for each in found["failures"]]
    assert reasons == [("corrupt", "image", 3, True), ("corrupt", "text", 1, True), ("storage", "image", 1, False)]
    example = found["failures"][0]["example"]
    assert (example["id"], example["file_name"], example["final"]) == (str(newest.pk), "note.txt", True)
    assert get(f"{JOBS}summary/", by=replace(OPEN, owner="ann"))["failures"] == []


def test_reasons_come_from_an_index_of_the_failed_jobs() -> None:
    first = failed("corrupt")
    if connection.vendor == "postgresql":
        copy_many(first, 5000, processor="'p' || n")
    pairs = summary.pairs_behind(Job.objects.of(1).filter(summary.IS_FAILED), ("corrupt", "p1"))
    assert "job_failed" in pairs[:1].explain()


def test_jobs_that_match_are_counted_first() -> None:
    failed("corrupt")
    failed("storage")
    assert get(f"{JOBS}count/", state="failed") == {"count": 2, "more": False}
    assert get(f"{JOBS}count/", state="failed", error="corrupt")["count"] == 1
    assert get(f"{JOBS}count/", 400, state="lost")["errors"][0]["field"] == "state"
    assert get(f"{JOBS}count/", 400, ids="x")["errors"][0]["field"] == "ids"


def test_counting_ends_at_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        failed("corrupt")
    assert summary.count(Job.objects.of(1), most=3) == summary.Counted(3, more=True)
    assert summary.count(Job.objects.of(1), most=4) == summary.Counted(4, more=False)


def test_ticked_jobs_are_retried_and_cancelled() -> None:
    one, two, three = failed("corrupt"), failed("corrupt"), failed("corrupt")
    foreign = failed("corrupt", project_id=other_project(), file=new_file(project_id=other_project()))
    ids = [str(each.pk) for each in (one, two, foreign)]
    answer = client().post(f"{JOBS}retry/", {"ids": ids}, content_type="application/json")
    assert answer.json() == {"count": 2, "more": False}
    assert set(Job.everywhere.filter(state="failed")) == {three, foreign}
    assert client().post(f"{JOBS}cancel/", {"ids": ids[:1]}, content_type="application/json").json()["count"] == 1
    for wrong in ([], ["7"], "x", [1], [ids[0]] * 101):
        refused = client().post(f"{JOBS}retry/", {"ids": wrong}, content_type="application/json")
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "ids"), wrong
