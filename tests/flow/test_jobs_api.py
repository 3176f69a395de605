"""Jobs and queues as an operator reaches them: over HTTP, from the console, in the admin."""

from __future__ import annotations

import io
import json
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now

from picasso.access.principal import OPEN, PROJECT_SCOPES, Principal, Scope
from picasso.access.projects import Project
from picasso.jobs import bulk_actions, queues
from picasso.jobs import queries as job_queries
from picasso.jobs.states import State
from picasso.models import File, Job, Queue
from picasso.models import Project as ProjectRow
from tests.flow.http import client
from tests.flow.rows import copy_many, new_file, new_job, running_job

pytestmark = pytest.mark.django_db

JOBS = "/api/v1.0/jobs/"
QUEUES = "/api/v1.0/queues/"


def get(path: str, status: int = 200, **query: Any) -> Any:
    answer = client().get(path, query)
    assert answer.status_code == status, answer.content
    return answer.json()


def post(path: str, body: object = None, status: int = 200, **headers: str) -> Any:
    content = "" if body is None else json.dumps(body)
    answer = client().post(path, content, content_type="application/json", headers=headers)
    assert answer.status_code == status, answer.content
    if status >= 400:
        assert answer["Content-Type"] == "application/problem+json"
    return answer.json()


def ids(page: dict[str, Any]) -> list[str]:
    return [job["id"] for job in page["results"]]


# Looking


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("This picture is damaged or incomplete.", "Изображение повреждено или неполно."),
        ("This table has more than 4,096 columns.", "В таблице больше 4,096 столбцов."),  # noqa: RUF001
        ("What a processor of somebody else says.", "What a processor of somebody else says."),
    ],
)
def test_why_a_job_failed_is_said_in_the_language_of_the_reader(detail: str, shown: str) -> None:
    job = new_job(state=State.FAILED, error_code="corrupt", error_detail=detail)
    File.everywhere.filter(pk=job.file_id).update(state=File.State.FAILED)
    for path in (f"{JOBS}{job.pk}/", f"/api/v1.0/files/{job.file_id}/", f"/api/v1.0/files/{job.file_id}/jobs/"):
        for language, expected in (("ru", shown), ("en", detail)):
            found = client().get(path, headers={"accept-language": language}).json()
            error = (found["results"][0] if "results" in found else found)["error"]
            assert error == {"code": "corrupt", "detail": expected}, (path, language)


def test_findings_of_the_doctor_are_said_in_the_language_of_the_reader() -> None:
    post(f"{QUEUES}quick/pause/")

    def said(language: str) -> list[str]:
        answer = client().get("/api/v1.0/system/checks/", headers={"accept-language": language}).json()
        return [each["what"] for each in answer["findings"]]

    assert "The queue quick is paused." in said("en")
    assert "Очередь quick приостановлена." in said("ru")


def test_jobs_of_several_states_are_one_list_with_pages() -> None:
    waiting, queued, _ = (new_job(state=each) for each in (State.WAITING, State.QUEUED, State.DONE))
    both = "waiting,queued"
    assert ids(get(JOBS, state=both)) == [str(queued.pk), str(waiting.pk)]
    first = get(JOBS, state=both, page_size=1)
    assert ids(get(JOBS, state=both, page_size=1, cursor=first["next"])) == [str(waiting.pk)]
    assert get(f"{JOBS}count/", state=both, queue="quick")["count"] == 2
    assert get(JOBS, 400, state="waiting,nonsense")["errors"][0]["field"] == "state"
    assert get(JOBS, 400, state="waiting,")["errors"][0]["field"] == "state"


def test_causes_and_remedies_of_codes_are_said_in_the_language_of_the_reader() -> None:
    def cause(language: str) -> str:
        answer = client().get("/api/v1.0/error-codes/", headers={"accept-language": language})
        assert answer["Content-Language"] == language
        assert "Accept-Language" in answer["Vary"]
        return next(str(each["cause"]) for each in answer.json()["jobs"] if each["code"] == "cancelled")

    assert (cause("ru"), cause("en")) == ("Задание отменили.", "Somebody cancelled the job.")


def test_a_job_is_shown_whole() -> None:
    job = new_job(
        state=State.FAILED,
        attempt=2,
        progress=0.5,
        log="a\nb",
        error_code="corrupt",
        error_detail="It is corrupt.",
        requested_at=Now() - timedelta(seconds=10),
        started_at=Now() - timedelta(seconds=7),
        finished_at=Now() - timedelta(seconds=5),
    )
    found = get(f"{JOBS}{job.pk}/")
    assert found["error"] == {"code": "corrupt", "detail": "It is corrupt."}
    assert (found["id"], found["file"], found["log"]) == (str(job.pk), str(job.file_id), "a\nb")
    assert (found["state"], found["attempt"], found["progress"], found["queue"]) == ("failed", 2, 0.5, "quick")
    assert found["waited"] == pytest.approx(3, abs=0.2)
    assert found["ran"] == pytest.approx(2, abs=0.2)
    assert get(f"{JOBS}{uuid.uuid4()}/", 404)["code"] == "not-found"


def test_what_has_not_begun_or_ended_is_timed_until_now() -> None:
    waiting = new_job(requested_at=Now() - timedelta(seconds=10))
    running = running_job(requested_at=Now() - timedelta(seconds=10), started_at=Now() - timedelta(seconds=4))
    found = get(f"{JOBS}{waiting.pk}/")
    assert (found["ran"], found["error"]) == (None, None)
    assert 9.9 < found["waited"] < 70
    found = get(f"{JOBS}{running.pk}/")
    assert found["waited"] == pytest.approx(6, abs=0.5)
    assert 3.9 < found["ran"] < 64


def test_the_jobs_of_a_file() -> None:
    file = new_file()
    mine = [str(new_job(file, processor=name).pk) for name in ("image", "text")]
    new_job()
    assert ids(get(f"/api/v1.0/files/{file.pk}/jobs/")) == mine[::-1]
    assert get(f"/api/v1.0/files/{new_file().pk}/jobs/")["results"] == []
    assert get(f"/api/v1.0/files/{uuid.uuid4()}/jobs/", 404)["code"] == "not-found"


def test_a_list_is_filtered() -> None:
    failed = new_job(state=State.FAILED, processor="image", error_code="corrupt")
    other = new_job(state=State.FAILED, pipeline="web")
    new_job(queue="heavy")
    assert ids(get(JOBS, state="failed")) == [str(other.pk), str(failed.pk)]
    assert ids(get(JOBS, state="failed", processor="image")) == [str(failed.pk)]
    assert ids(get(JOBS, error="corrupt")) == [str(failed.pk)]
    assert ids(get(JOBS, pipeline="web")) == [str(other.pk)]
    assert ids(get(JOBS, file=other.file_id)) == [str(other.pk)]
    assert len(ids(get(JOBS, queue="heavy"))) == 1
    assert len(ids(get(JOBS))) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "lost"),
        ("state", ""),
        ("file", "7"),
        ("processor", "x" * 65),
        ("error", "\0"),
        ("cursor", "x"),
        ("cursor", f"sideways-{uuid.uuid4()}!"),
        ("page_size", "0"),
        ("page_size", "many"),
    ],
)
def test_a_bad_filter_is_refused_by_name(field: str, value: str) -> None:
    found = get(JOBS, 400, **{field: value})
    assert found["code"] == "invalid-field"
    assert [each["field"] for each in found["errors"]] == [field]


# Pages


def test_pages_go_down_and_up_again() -> None:
    newest_first = [str(new_job().pk) for _ in range(7)][::-1]
    down = [get(JOBS, page_size=3)]
    while down[-1]["next"]:
        down.append(get(JOBS, page_size=3, cursor=down[-1]["next"]))
    assert [ids(page) for page in down] == [newest_first[:3], newest_first[3:6], newest_first[6:]]
    assert down[0]["previous"] is None
    up = [get(JOBS, page_size=3, cursor=down[-1]["previous"])]
    while up[-1]["previous"]:
        up.append(get(JOBS, page_size=3, cursor=up[-1]["previous"]))
    assert [ids(page) for page in up] == [newest_first[3:6], newest_first[:3]]
    assert up[0]["next"] == down[1]["next"]


def test_nothing_is_missed_or_seen_twice_while_jobs_come_and_go() -> None:
    before = [new_job() for _ in range(30)]
    seen: list[str] = []
    page = get(JOBS, page_size=7)
    while True:
        seen += ids(page)
        if not page["next"]:
            break
        for _ in range(5):
            new_job()
        Job.everywhere.filter(pk=seen[-1]).delete()  # the very one that the cursor names
        page = get(JOBS, page_size=7, cursor=page["next"])
    assert seen == [str(job.pk) for job in reversed(before)]


def test_the_neighbours_stand_in_the_link_header() -> None:
    for _ in range(3):
        new_job()
    answer = client().get(JOBS, {"page_size": "1", "state": "waiting"})
    first, following = answer["Link"].split(", ")
    assert first.startswith("<http://testserver/api/v1.0/jobs/?")
    assert first.endswith('rel="first"')
    assert "state=waiting" in following
    assert f"cursor={answer.json()['next']}" in following


@pytest.mark.parametrize(("count", "size"), [(0, 3), (3, 3), (4, 3)])
def test_the_last_page_says_so(count: int, size: int) -> None:
    for _ in range(count):
        new_job()
    page = get(JOBS, page_size=size)
    assert (page["next"] is None) == (count <= size)
    assert len(page["results"]) == min(count, size)


SEARCHES: list[dict[str, str]] = [
    *({"state": "failed"}, {"state": "failed", "processor": "image"}, {"processor": "nothing"}),
    *({"pipeline": "rare"}, {"error": "corrupt"}, {}),
]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL's planner")
def test_a_list_reads_no_more_than_its_page() -> None:
    """Of a project with 20,000 jobs, of which few are what one looks for, the oldest of all."""
    file = new_file()
    new_job(file, processor="image", state=State.FAILED, pipeline="rare", error_code="corrupt")
    copy_many(new_job(file, processor="p", state=State.DONE), 20_000, processor="'p-' || n")
    plans = {
        str(where): bulk_actions.select(OPEN, where).order_by("-pk")[:51].explain(analyze=True, format="json")
        for where in SEARCHES
    }
    assert {where: plan for where, plan in plans.items() if rows_read(json.loads(plan)[0]["Plan"]) > 100} == {}


def rows_read(node: dict[str, Any]) -> int:
    own = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return max([int(own), *(rows_read(inner) for inner in node.get("Plans", []))])


# Changing


def test_cancel_and_retry_answer_with_the_job() -> None:
    job = new_job()
    found = post(f"{JOBS}{job.pk}/cancel/")
    assert (found["state"], found["error"]["code"]) == ("cancelled", "cancelled")
    detail = get(f"/api/v1.0/files/{job.file_id}/")
    assert (detail["state"], detail["error"]["code"]) == ("failed", "cancelled")
    assert detail["error"]["detail"] == "Processing was cancelled."
    refused = post(f"{JOBS}{job.pk}/cancel/", status=409)
    assert (refused["code"], "cancelled" in refused["detail"]) == ("conflict", True)
    assert post(f"{JOBS}{job.pk}/retry/")["state"] == "waiting"
    assert "waiting" in post(f"{JOBS}{job.pk}/retry/", status=409)["detail"]
    for act in ("retry", "cancel"):
        post(f"{JOBS}{uuid.uuid4()}/{act}/", status=404)


def test_bulk_tells_how_many() -> None:
    for _ in range(3):
        new_job(state=State.FAILED)
    new_job(state=State.FAILED, processor="image")
    assert post(f"{JOBS}retry/", {"state": "failed", "processor": "text"}) == {"count": 3, "more": False}
    assert post(f"{JOBS}cancel/", {"processor": "text"}) == {"count": 3, "more": False}
    assert post(f"{JOBS}retry/", {"state": "failed"}) == {"count": 1, "more": False}


@pytest.mark.parametrize("body", [{}, [], "failed", {"state": "lost"}, {"all": "yes"}, {"state": 1}])
def test_bulk_wants_a_filter_that_it_understands(body: object) -> None:
    job = new_job(state=State.FAILED)
    for act in ("retry", "cancel"):
        assert post(f"{JOBS}{act}/", body, 400)["code"] == "invalid-field"
    assert Job.everywhere.get(pk=job.pk).state == State.FAILED


def test_a_project_counts_its_own_jobs() -> None:
    other = ProjectRow.objects.create(name="other")
    new_job()
    new_job(project=other)
    for scopes, count in ((OPEN.scopes, 2), (PROJECT_SCOPES, 1)):
        queues = client(replace(OPEN, scopes=scopes)).get(QUEUES).json()
        assert [queue["waiting"] for queue in queues] == [count, 0, 0]


def test_queues_are_shown_and_held() -> None:
    new_job(due_at=Now() - timedelta(seconds=5))
    quick, heavy, service = get(QUEUES)
    assert (service["name"], service["waiting"], service["oldest"]) == ("service", 0, None)
    assert (quick["name"], quick["paused"], quick["waiting"], heavy["waiting"]) == ("quick", False, 1, 0)
    assert 5 <= quick["oldest"] < 60
    assert heavy["oldest"] is None
    assert post(f"{QUEUES}quick/pause/")["paused"] is True
    assert post(f"{QUEUES}quick/pause/")["paused"] is True
    assert [queue["paused"] for queue in get(QUEUES)] == [True, False, False]
    assert post(f"{QUEUES}quick/resume/")["paused"] is False
    for act in ("pause", "resume"):
        assert "quick, heavy, service" in post(f"{QUEUES}other/{act}/", status=404)["detail"]
    assert not Queue.objects.filter(name="other").exists()


def test_a_form_is_not_taken() -> None:
    answer = client().post(f"{JOBS}retry/", {"state": "failed"})
    assert answer.status_code == 415


# The console


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_jobs_in_the_console() -> None:
    failed = new_job(state=State.FAILED, error_code="corrupt", error_detail="It is corrupt.", log="one\ntwo", attempt=1)
    waiting = new_job()
    assert str(waiting.pk) in told("jobs", "list")
    header, line = told("jobs", "list", "--state", "failed").splitlines()
    assert header.split()[:5] == ["NAME", "ERROR", "ATTEMPT", "RAN", "STATE"]
    assert line.startswith(f"{failed.file.name}  ")
    assert line.split()[1:3] == ["corrupt", "1"]
    assert line.endswith(f"{failed.pk}  {failed.file_id}  It is corrupt.")
    assert header.index("STATE") == line.index("failed")
    assert [job["id"] for job in json.loads(told("jobs", "list", "--state", "failed", "--json"))] == [str(failed.pk)]
    assert told("jobs", "list", "--processor", "none") == "No jobs match.\n"
    shown = told("jobs", "show", str(failed.pk))
    assert "corrupt: It is corrupt." in shown
    assert "  | two" in shown
    assert json.loads(told("jobs", "show", str(failed.pk), "--json"))["log"] == "one\ntwo"
    assert told("jobs", "retry", str(failed.pk)) == "1 job will run once more.\n"
    assert json.loads(told("jobs", "cancel", "--processor", "text", "--json")) == {"count": 2}
    assert told("jobs", "retry", "--error", "cancelled") == "2 jobs will run once more.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", str(uuid.uuid4())],
        ["retry"],
        ["cancel", str(uuid.uuid4())],
        ["retry", str(uuid.uuid4()), "--state", "failed"],
        ["list", "--file", "x"],
    ],
)
def test_the_console_says_what_is_wrong(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        told("jobs", *arguments)


def test_the_console_says_why_a_job_was_not_changed() -> None:
    failed, waiting, unknown = new_job(state=State.FAILED), new_job(), uuid.uuid4()
    out, err = io.StringIO(), io.StringIO()
    call_command("jobs", "cancel", str(failed.pk), str(waiting.pk), str(unknown), stdout=out, stderr=err)
    assert out.getvalue() == "1 job cancelled.\n"
    assert err.getvalue() == (f"There is no job {unknown}.\nThe job {failed.pk} is failed and cannot be cancelled.\n")
    waiting = new_job()
    with pytest.raises(CommandError, match=r"Nothing was changed."):
        call_command("jobs", "retry", str(waiting.pk), stdout=out, stderr=err)
    assert err.getvalue().endswith(f"The job {waiting.pk} is waiting and cannot be retried.\n")


def test_many_waiting_jobs_are_not_counted_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def quick(**headers: str) -> dict[str, Any]:
        return next(each for each in client().get(QUEUES, headers=headers).json() if each["name"] == "quick")

    monkeypatch.setattr(queues, "_kept", {})
    monkeypatch.setattr(queues, "MOST", 2)
    monkeypatch.setattr(queues, "KEPT_SECONDS", 1e9)
    for number in (1, 2, 3):  # up to the bound and one more
        new_job(due_at=Now() - timedelta(seconds=100))
        assert quick()["waiting"] == number
    new_job(due_at=Now() - timedelta(seconds=1000))
    assert quick()["waiting"] == 3
    assert 100 <= quick()["oldest"] < 1000
    monkeypatch.setattr(queues, "KEPT_SECONDS", -1)
    assert quick()["waiting"] == 4
    assert quick()["oldest"] >= 1000
    Job.everywhere.all().delete()
    assert (quick()["waiting"], quick()["oldest"]) == (0, None)


def test_queues_in_the_console() -> None:
    new_job(due_at=Now() - timedelta(seconds=5))
    assert " ".join(told("queues").split()).startswith("quick open 1 waiting, 0 queued, 0 running, the oldest due")
    assert "paused" in told("queues", "pause", "quick")
    assert queues.is_paused("quick")
    assert [queue["paused"] for queue in json.loads(told("queues", "--json"))] == [True, False, False]
    told("queues", "resume", "quick")
    assert not queues.is_paused("quick")


@pytest.mark.parametrize("body", ['{"processor": "\\ud800"}', "[" * 100_000], ids=["half-a-pair", "deep"])
def test_json_that_nobody_keeps_is_refused(body: str) -> None:
    answer = client().post(f"{JOBS}retry/", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid-field"


# Principals


STRANGERS = [replace(OPEN, project=Project(id=2, name="another")), replace(OPEN, owner="ann")]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_jobs_of_invisible_files_are_neither_shown_nor_changed(stranger: Principal) -> None:
    failed, waiting = new_job(state=State.FAILED), new_job()
    as_stranger = client(stranger)
    assert as_stranger.get(JOBS).json()["results"] == []
    assert as_stranger.get(JOBS, {"file": str(failed.file_id)}).json()["results"] == []
    assert as_stranger.get(f"{JOBS}{failed.pk}/").status_code == 404
    assert as_stranger.post(f"{JOBS}{failed.pk}/retry/").status_code == 404
    assert as_stranger.post(f"{JOBS}{waiting.pk}/cancel/").status_code == 404
    for action, filters in (("retry", {"state": "failed"}), ("cancel", {"queue": "quick"})):
        answer = as_stranger.post(f"{JOBS}{action}/", json.dumps(filters), content_type="application/json")
        assert answer.json() == {"count": 0, "more": False}
    assert set(Job.everywhere.values_list("state", flat=True)) == {State.FAILED, State.WAITING}


def test_jobs_and_queues_need_the_scope_to_read() -> None:
    job = new_job()
    reader = client(replace(OPEN, scopes=frozenset({Scope.FILES_READ, Scope.JOBS_READ})))
    writer = client(replace(OPEN, scopes=frozenset({Scope.FILES_READ, Scope.JOBS_WRITE})))
    for path in (JOBS, f"{JOBS}{job.pk}/", f"/api/v1.0/files/{job.file_id}/jobs/", QUEUES):
        assert reader.get(path).status_code == 200, path
        refused = writer.get(path)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), path


def test_jobs_and_queues_need_the_scope_to_write() -> None:
    job = new_job()
    reader = client(replace(OPEN, scopes=frozenset({Scope.FILES_READ, Scope.JOBS_READ})))
    paths = [f"{JOBS}{job.pk}/cancel/", f"{JOBS}{job.pk}/retry/", f"{JOBS}cancel/", f"{JOBS}retry/"]
    for path in (*paths, f"{QUEUES}quick/pause/", f"{QUEUES}quick/resume/"):
        refused = reader.post(path, json.dumps({"queue": "quick"}), content_type="application/json")
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), path
    assert Job.everywhere.get().state == State.WAITING
    assert not queues.is_paused("quick")
    writer = client(replace(OPEN, scopes=frozenset({Scope.FILES_READ, Scope.JOBS_WRITE})))
    assert writer.post(f"{JOBS}{job.pk}/cancel/").status_code == 200


def test_who_sees_all_files_pays_for_no_join() -> None:
    assert "picasso_file" not in str(job_queries.visible_to(OPEN).filter(state=State.FAILED).query)
