"""One action on many files: a result for each, in few statements; and in the background, over every crash."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from picasso.access.principal import OPEN, Principal, Scope
from picasso.access.projects import Project
from picasso.access.token_limits import TokenLimits
from picasso.files import batch as files_batch
from picasso.models import AuditEntry, Derivative, Event, File, FileBatch, Job, ProjectUsage, Upload, new_id
from picasso.process import file_batches
from picasso.process.file_actions import ACTIONS
from picasso.process.pipelines import Pipeline, Pipelines
from picasso.storage import default_storage
from tests.flow.http import client
from tests.flow.rows import new_file, new_job, side_by_side

pytestmark = pytest.mark.django_db

PATH = "/api/v1.0/files/batch/"
PIPELINES = Pipelines([Pipeline("default")])
WITH_TRASH = replace(OPEN, project=Project(id=1, name="default", trash_days=3))
BROWSER = replace(OPEN, kind="token", owner="ann", limits=TokenLimits("t", 1e12, tags=("mine",)))


def post(principal: Principal = OPEN, **body: Any) -> Any:
    return client(principal).post(PATH, json.dumps(body, default=str), content_type="application/json")


def done(principal: Principal = OPEN, **body: Any) -> list[int]:
    """The statuses of the files."""
    answer = post(principal, **body)
    assert answer.status_code == 200, answer.content
    return [result["status"] for result in answer.json()["results"]]


def small_steps(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    small = {name: replace(action, chunk=chunk) for name, action in ACTIONS.items()}
    monkeypatch.setattr("picasso.process.file_batches.ACTIONS", small)


def go_on() -> None:
    while file_batches.advance(default_storage(), PIPELINES):
        pass


def test_tags_and_visibility_of_some_files() -> None:
    full, plain = new_file(tags=[f"{n:02}" for n in range(50)]), new_file(tags=["b"])
    ids = [full.pk, plain.pk, uuid.uuid4(), plain.pk]
    answer = post(action="tag", ids=ids, tags=["a", "b"]).json()
    assert {name: answer[name] for name in ("total", "done", "failed")} == {"total": 3, "done": 1, "failed": 2}
    assert [(each["id"], each["status"], each.get("code")) for each in answer["results"]] == [
        (str(full.pk), 400, "invalid-field"),
        (str(plain.pk), 200, None),
        (str(ids[2]), 404, "not-found"),
    ]
    assert done(action="untag", ids=[plain.pk], tags=["b", "c"]) == [200]
    assert done(action="visibility", ids=[plain.pk], visibility="public") == [200]
    plain.refresh_from_db()
    assert (plain.tags, plain.visibility) == (["a"], "public")
    entries = AuditEntry.objects.filter(action="file.batch").order_by("pk").values_list("count", flat=True)
    assert list(entries) == [3, 1, 1]
    changed = [event.data["changed"] for event in Event.everywhere.filter(type="file.updated").order_by("pk")]
    assert changed == [["tags"], ["tags"], ["visibility"]]


def test_files_of_others_look_like_missing_ones() -> None:
    other, bobs, anns = new_file(project_id=2), new_file(owner="bob"), new_file(owner="ann", tags=["mine"])
    ids = [other.pk, bobs.pk, anns.pk]
    results = post(BROWSER, action="tag", ids=ids, tags=["a"]).json()["results"]
    assert [result["status"] for result in results] == [404, 404, 200]
    assert results[0] == {**results[1], "id": str(other.pk)}
    assert done(BROWSER, action="untag", ids=[anns.pk], tags=["mine"]) == [403]
    assert done(BROWSER, action="visibility", ids=[anns.pk], visibility="public") == [403]
    for action in ("delete", "retry", "reprocess"):
        assert done(BROWSER, action=action, ids=ids[:2]) == [404, 404]
    assert File.everywhere.count() == 3


@pytest.mark.parametrize(
    ("action", "scope"),
    [("delete", "files:delete"), ("restore", "files:delete"), ("retry", "jobs:write"), ("reprocess", "jobs:write")],
)
def test_each_action_needs_its_scope(action: str, scope: str) -> None:
    without = replace(OPEN, scopes=frozenset(Scope) - {Scope(scope)})
    assert post(without, action=action, ids=[uuid.uuid4()]).status_code == 403
    assert done(replace(OPEN, scopes=frozenset({Scope(scope)})), action=action, ids=[uuid.uuid4()]) == [404]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "shred", "ids": ["x"]}, "action"),
        ({"action": ["delete"], "ids": ["x"]}, "action"),
        ({"action": "delete"}, "ids"),
        ({"action": "delete", "ids": [], "filter": {}}, "ids"),
        ({"action": "delete", "ids": []}, "ids"),
        ({"action": "delete", "ids": ["x"]}, "ids"),
        ({"action": "delete", "ids": [None]}, "ids"),
        ({"action": "delete", "ids": {"a": 1}}, "ids"),
        ({"action": "delete", "filter": {}}, "filter"),
        ({"action": "delete", "filter": {"nmae": "x"}}, "nmae"),
        ({"action": "delete", "filter": {"state": "x"}}, "state"),
        ({"action": "delete", "filter": {"tag": ["x"]}}, "tag"),
        ({"action": "delete", "ids": [new_id()], "tags": ["a"]}, "tags"),
        ({"action": "delete", "ids": [new_id()], "permanently": 1}, "permanently"),
        ({"action": "tag", "ids": [new_id()]}, "tags"),
        ({"action": "tag", "ids": [new_id()], "tags": []}, "tags"),
        ({"action": "visibility", "ids": [new_id()], "visibility": "secret"}, "visibility"),
        ({"action": "visibility", "ids": [new_id()], "visibility": "public", "dry_run": True}, "dry_run"),
    ],
)
def test_a_wrong_body_names_its_member(body: dict[str, Any], field: str) -> None:
    answer = post(**body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_a_misspelt_member_is_told_what_there_is() -> None:
    answer = post(action="tag", tags=["a"], filters={})
    assert answer.json()["detail"] == "The action tag takes no 'filters', only action, ids, filter, tags."


def test_to_the_trash_and_back_and_for_good() -> None:
    ids = [new_file(tags=[str(n % 2)]).pk for n in range(4)]
    assert done(WITH_TRASH, action="delete", ids=ids) == [200] * 4
    assert done(WITH_TRASH, action="delete", ids=ids) == [404] * 4
    assert done(WITH_TRASH, action="restore", filter={"tag": "1"}) == [200] * 2
    assert done(WITH_TRASH, action="restore", ids=ids) == [200, 404, 200, 404]
    assert done(WITH_TRASH, action="delete", ids=ids[:1], permanently=True) == [200]
    assert ProjectUsage.total("files", 1) == 3
    assert done(action="delete", filter={"tag": 0}) == [200]
    assert set(File.everywhere.values_list("pk", flat=True)) == {ids[1], ids[3]}
    last = Event.everywhere.filter(type="file.deleted").order_by("-pk").values_list("file_id", flat=True).first()
    assert last == ids[2]


def test_many_are_deleted_in_a_few_statements(django_capture_on_commit_callbacks: Any) -> None:
    ids = [new_file(facts={"file": {}}).pk for _ in range(60)]
    new_job(File.everywhere.get(pk=ids[0]))
    Derivative.objects.create(file_id=ids[1], processor="image", role="thumbnail", key="a/b", size=1)
    Upload.everywhere.create(protocol="tus", file_id=ids[2])
    with (
        django_capture_on_commit_callbacks() as later,
        CaptureQueriesContext(
            connection,
        ) as found,
    ):
        outcomes = files_batch.delete_all(OPEN, default_storage(), ids)
    assert set(outcomes.values()) == {None}
    assert len([each for each in later if isinstance(each, partial)]) == 60  # the others announce
    assert len(found) < 20
    assert (File.everywhere.count(), Job.everywhere.count(), Derivative.objects.count()) == (0, 0, 0)
    assert ProjectUsage.total("files", 1) == 0


def test_failed_jobs_run_again() -> None:
    failed = new_job(state=Job.State.FAILED, error_code="corrupt")
    fine = new_job(state=Job.State.DONE)
    assert done(action="retry", ids=[failed.file_id, fine.file_id]) == [200, 409]
    assert Job.everywhere.get(pk=failed.pk).state == Job.State.WAITING
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["file.batch"]


def test_reprocessing_by_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("picasso.api.files_batch.pipelines", lambda: PIPELINES)
    known, gone = new_job(state=Job.State.DONE), new_file(pipeline="gone")
    assert done(action="reprocess", ids=[known.file_id, gone.pk]) == [200, 409]
    assert not Job.everywhere.exists()  # the pipeline has no steps any more


def test_reprocessing_with_another_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Pipelines([Pipeline("default"), Pipeline("other", version=4)])
    monkeypatch.setattr("picasso.api.files_batch.pipelines", lambda: other)
    file = new_file()
    assert done(action="reprocess", ids=[file.pk], pipeline="other") == [200]
    file.refresh_from_db()
    assert (file.pipeline, file.pipeline_version) == ("other", 4)
    only_jobs = replace(OPEN, scopes=frozenset({Scope.JOBS_WRITE}))
    of_one = replace(OPEN, limits=TokenLimits("t", 1e12, pipeline="default"))
    narrow = replace(OPEN, project=Project(id=1, name="default", pipelines=frozenset({"default"})))
    for principal in (only_jobs, of_one, narrow):
        assert post(principal, action="reprocess", ids=[file.pk], pipeline="other").status_code == 403
    for wrong in ("gone", "", 1, None):
        answer = post(action="reprocess", ids=[file.pk], pipeline=wrong)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "pipeline")


def test_a_batch_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_batches, "MAX_AT_ONCE", 4)
    small_steps(monkeypatch, 2)
    for _ in range(5):
        new_file(tags=["old"], owner="ann")
    new_file(tags=["old"], owner="bob")
    answer = post(action="tag", filter={"tag": "old", "owner": "ann"}, tags=["x"])
    assert answer.status_code == 202
    address = answer["Location"].partition("testserver")[2]
    new_file(tags=["old"], owner="ann")
    assert client().get(address).json()["state"] == "running"
    file_batches.advance(default_storage(), PIPELINES)
    assert client().get(address).json()["done"] == 2
    go_on()
    shown = client().get(address).json()
    assert [shown[name] for name in ("state", "total", "done", "failed", "failures")] == ["done", 5, 5, 0, []]
    assert [row.tags for row in File.everywhere.order_by("pk")] == [["old", "x"]] * 5 + [["old"]] * 2
    assert AuditEntry.objects.get(action="file.batch").count == 5


def test_ids_in_the_background_and_what_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_batches, "MAX_AT_ONCE", 1)
    small_steps(monkeypatch, 2)
    ids = [new_file().pk, uuid.UUID(int=5), new_file().pk, uuid.UUID(int=3)]
    address = f"{PATH}{post(action='delete', ids=ids).json()['id']}/"
    go_on()
    shown = client().get(address).json()
    assert [shown[name] for name in ("state", "total", "done", "failed")] == ["done", 4, 2, 2]
    assert {each["id"] for each in shown["failures"]} == {str(ids[1]), str(ids[3])}
    assert FileBatch.everywhere.get().ids is None
    assert not File.everywhere.exists()


def test_a_batch_is_stopped_and_seen_by_its_owner_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_batches, "MAX_AT_ONCE", 1)
    ids = [new_file(owner="ann").pk, new_file(owner="ann").pk]
    ann, bob = replace(OPEN, owner="ann"), replace(OPEN, owner="bob")
    address = f"{PATH}{post(ann, action='delete', ids=ids).json()['id']}/"
    other = replace(OPEN, project=Project(id=2, name="other"))
    for stranger, status in ((bob, 404), (other, 404), (replace(ann, scopes=frozenset({Scope.FILES_WRITE})), 403)):
        assert client(stranger).get(address).status_code == status
        assert client(stranger).delete(address).status_code == status
    assert [client(ann).delete(address).status_code for _ in range(2)] == [204, 204]
    go_on()
    assert client(ann).get(address).json()["state"] == "stopped"
    assert File.everywhere.count() == 2
    assert AuditEntry.objects.filter(action="file.batch.stop").count() == 1


def test_who_may_not_have_it_done_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_batches, "MAX_AT_ONCE", 1)
    monkeypatch.setattr(file_batches, "MAX_RUNNING", 1)
    ids = [new_id(), new_id()]
    assert post(BROWSER, action="delete", ids=ids).status_code == 403
    assert [post(action="delete", ids=ids).status_code for _ in range(2)] == [202, 409]


def test_the_audit_repeats_no_names_and_attributes() -> None:
    new_file("secret", attributes={"patient": "secret"}, tags=["old"])
    where = {"name": "secret", "attributes.patient": "secret", "tag": "old"}
    assert done(action="tag", filter=where, tags=["new"]) == [200]
    assert AuditEntry.objects.get(action="file.batch").details["where"] == ["name", "attributes.patient", "tag=old"]


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_begin_no_more_than_may_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_batches, "MAX_AT_ONCE", 1)
    monkeypatch.setattr(file_batches, "MAX_RUNNING", 1)
    begin = partial(post, action="delete", ids=[new_id(), new_id()])
    assert sorted(answer.status_code for answer in side_by_side([begin] * 6)) == [202, 409, 409, 409, 409, 409]


def test_a_crash_loses_nothing_and_does_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_batches, "MAX_AT_ONCE", 1)
    small_steps(monkeypatch, 1)
    ids = [new_file().pk for _ in range(3)]
    post(action="tag", ids=ids, tags=["a"])
    file_batches.advance(default_storage(), PIPELINES)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(file_batches, "count", crash)
        with pytest.raises(KeyboardInterrupt):
            file_batches.advance(default_storage(), PIPELINES)
    assert sorted(file.tags for file in File.everywhere.all()) == [[], [], ["a"]]
    go_on()
    row = FileBatch.everywhere.get()
    assert (row.state, row.done, row.failed) == ("done", 3, 0)
    assert Event.everywhere.filter(type="file.updated").count() == 3


def test_a_batch_that_can_not_go_on_stops_and_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_batches, "MAX_AT_ONCE", 1)
    ids = [new_file().pk for _ in range(2)]
    broken = FileBatch.everywhere.get(pk=post(action="tag", ids=ids, tags=["a"]).json()["id"])
    FileBatch.everywhere.update(ids=None, where={"no such filter": "1"})
    post(action="tag", ids=ids, tags=["b"])
    go_on()
    broken.refresh_from_db()
    assert broken.state == FileBatch.State.STOPPED
    assert [file.tags for file in File.everywhere.all()] == [["b"], ["b"]]


def test_a_batch_with_an_unknown_fault_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_batches, "MAX_AT_ONCE", 1)
    ids = [new_file().pk for _ in range(2)]
    broken = FileBatch.everywhere.get(pk=post(action="tag", ids=ids, tags=["a"]).json()["id"])
    FileBatch.everywhere.update(options={})
    post(action="tag", ids=ids, tags=["b"])
    assert not file_batches.advance(default_storage(), PIPELINES)
    assert file_batches.advance(default_storage(), PIPELINES)
    assert [file.tags for file in File.everywhere.all()] == [["b"], ["b"]]
    broken.refresh_from_db()
    assert (broken.state, broken.done, broken.after) == (FileBatch.State.RUNNING, 0, file_batches.BEFORE_ALL)
    FileBatch.everywhere.filter(pk=broken.pk).update(options={"tags": ["a"]})
    go_on()
    assert [file.tags for file in File.everywhere.all()] == [["a", "b"], ["a", "b"]]


def test_a_batch_with_a_permanent_fault_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_batches, "MAX_AT_ONCE", 1)
    path = post(action="tag", ids=[new_file().pk for _ in range(2)], tags=["a"]).json()["id"]
    FileBatch.everywhere.update(options={})
    for faults in range(1, len(file_batches.PAUSES) + 1):
        assert not file_batches.advance(default_storage(), PIPELINES)
        row = FileBatch.everywhere.get()
        assert (row.state, row.faults) == ("running", faults)
        FileBatch.everywhere.update(updated_at="2020-01-01T00:00:00Z")
    FileBatch.everywhere.update(updated_at=Now())
    file_batches.advance(default_storage(), PIPELINES)
    assert FileBatch.everywhere.get().state == "running"  # not before the last pause is over
    FileBatch.everywhere.update(updated_at="2020-01-01T00:00:00Z")
    file_batches.advance(default_storage(), PIPELINES)
    row = FileBatch.everywhere.get(pk=path)
    assert (row.state, row.error, row.ids) == ("failed", "internal-error", None)
