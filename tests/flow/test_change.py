"""``PATCH files/{id}/``: a JSON Merge Patch, under a condition, for who may."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from picasso.access.principal import OPEN, Principal, Scope
from picasso.access.projects import Project
from picasso.access.token_limits import TokenLimits
from picasso.errors import NotFound
from picasso.files.change import change, version_of
from picasso.files.delete import delete
from picasso.models import AuditEntry, File
from tests.flow.http import client
from tests.flow.rows import new_file, side_by_side

pytestmark = pytest.mark.django_db

MERGE_PATCH = "application/merge-patch+json"

LIMITS = TokenLimits("t", 1e12, tags=("mine",), attributes={"order": {"id": 17}})
BROWSER = replace(OPEN, kind="token", owner="ann", limits=LIMITS)


def path(file: File) -> str:
    return f"/api/v1.0/files/{file.pk}/"


def patch(file: File, body: object, principal: Principal = OPEN, **headers: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client(principal).patch(path(file), text, content_type=MERGE_PATCH, headers=headers)


def etag_of(file: File) -> str:
    return str(client().get(path(file))["ETag"])


def test_everything_that_may_change() -> None:
    file = new_file(tags=["old"], attributes={"a": {"b": 1, "c": 2}, "d": 3})
    shown = patch(
        file,
        {"name": "u\u0308.txt", "tags": [" b", "a", "b"], "attributes": {"a": {"b": None, "x": 1}, "d": None}},
    ).json()
    assert (shown["name"], shown["tags"], shown["attributes"]) == ("ü.txt", ["a", "b"], {"a": {"c": 2, "x": 1}})
    assert client().get("/api/v1.0/files/").json()["results"][0]["tags"] == ["a", "b"]
    cleared = patch(file, {"tags": None, "attributes": None}).json()
    assert (cleared["tags"], cleared["attributes"]) == ([], {})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"nmae": "a"}, "nmae"),
        ({"id": "a"}, "id"),
        ({"state": "processed"}, "state"),
        ({"owner": "bob"}, "owner"),
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"tags": "a"}, "tags"),
        ({"tags": ["a" * 65]}, "tags"),
        ({"attributes": []}, "attributes"),
        ({"attributes": {"b": "x" * 9000}}, "attributes"),
        ('{"attributes": {"a": 1e400}}', "attributes"),
        ('{"attributes": ' + '{"a":' * 60 + "1" + "}" * 60 + "}", "attributes"),
        ({"visibility": None}, "visibility"),
        ([], "body"),
    ],
)
def test_what_is_refused_changes_nothing(body: object, field: str) -> None:
    file = new_file(attributes={"a": "x" * 9000}, tags=["a"])
    answer = patch(file, body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert version_of(File.everywhere.get()) == version_of(file)


def test_a_name_twice_is_no_json() -> None:
    assert patch(new_file(), '{"name": "a", "name": "b"}').status_code == 400


def test_a_change_under_a_condition() -> None:
    file = new_file()
    first = etag_of(file)
    File.everywhere.update(state=File.State.PROCESSED)
    assert etag_of(file) != first
    changed = patch(file, {"tags": ["a"]}, if_match=f'"x", {first}')
    assert (changed.status_code, changed["ETag"]) == (200, etag_of(file))
    for other in (first, "x", ""):
        assert patch(file, {"tags": ["b"]}, if_match=other).status_code == 412
    assert client().delete(path(file), headers={"if_match": first}).status_code == 412
    assert client().get(path(file), headers={"if_match": first}).status_code == 412
    assert patch(file, {"tags": ["b"]}, if_match="*").status_code == 200
    assert patch(file, {"tags": ["c"]}, if_match=f"W/{etag_of(file)}").status_code == 200
    assert client().delete(path(file), headers={"if_match": etag_of(file)}).status_code == 204


def test_a_change_unless_the_file_is_as_it_was() -> None:
    """`If-None-Match` of RFC 9110 §13.1.2, for methods other than GET and HEAD."""
    file = new_file()
    first = etag_of(file)
    for tags in ("*", first, f'"x", W/{first}'):
        assert client().delete(path(file), headers={"if_none_match": tags}).status_code == 412
        assert patch(file, {"tags": ["b"]}, if_none_match=tags).status_code == 412
    assert patch(file, {"tags": ["a"]}).status_code == 200
    assert client().delete(path(file), headers={"if_none_match": first}).status_code == 204


def test_who_has_the_answer_already_gets_304() -> None:
    file = new_file(attributes={"b": {"y": 1, "x": 2}, "a": 3})
    for tag in (etag_of(file), f'"a", W/{etag_of(file)}', "*"):
        answer = client().get(path(file), headers={"if_none_match": tag})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag_of(file))
    File.everywhere.update(attributes={"a": 3, "b": {"x": 2, "y": 1}})
    assert client().get(path(file), headers={"if_none_match": etag_of(file)}).status_code == 304
    File.everywhere.update(state=File.State.FAILED)
    assert client().get(path(file), headers={"if_none_match": answer["ETag"]}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_of_the_same_version_one_wins() -> None:
    file = new_file()
    tag = etag_of(file)

    def attempt(number: int) -> Any:
        return patch(file, {"attributes": {str(number): number}}, if_match=tag)

    answers = side_by_side([partial(attempt, number) for number in range(6)])
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    assert len(File.everywhere.get().attributes) == 1


@pytest.mark.parametrize("trash_days", [0, 3])
def test_a_file_that_changes_just_before_its_deletion_stays(trash_days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    file = new_file()
    sender = client(replace(OPEN, project=Project(id=1, name="default", trash_days=trash_days)))
    tag = etag_of(file)

    def change_first(*values: Any, **names: Any) -> None:
        File.everywhere.update(tags=["new"])
        delete(*values, **names)

    monkeypatch.setattr("picasso.api.files.delete_file", change_first)
    assert sender.delete(path(file), headers={"if_match": tag}).status_code == 412
    assert File.everywhere.get().deleted_at is None


def test_a_change_of_a_file_that_is_gone_is_no_success() -> None:
    file = new_file()
    File.everywhere.all().delete()
    with pytest.raises(NotFound):
        change(OPEN, file, {"tags": ["a"]})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tags": ["mine", "more"]}, 200),
        ({"tags": ["more"]}, 403),
        ({"attributes": {"other": 1}}, 200),
        ({"attributes": {"order": {"id": 18}}}, 403),
        ({"attributes": {"order": None}}, 403),
        ({"attributes": None}, 403),
    ],
)
def test_a_browser_does_not_overrule_its_token(body: object, status: int) -> None:
    file = new_file(owner="ann", tags=["mine"], attributes={"order": {"id": 17}})
    assert patch(file, body, BROWSER).status_code == status
    assert File.everywhere.get().attributes["order"] == {"id": 17}


def test_only_who_may_changes_files() -> None:
    file = new_file(owner="bob")
    reader = replace(OPEN, scopes=frozenset({Scope.FILES_READ}))
    link = replace(reader, kind="link", identity="link")
    assert [patch(file, {"tags": []}, each).status_code for each in (reader, link, BROWSER)] == [403, 403, 404]
    writer = replace(OPEN, scopes=frozenset({Scope.FILES_WRITE}))
    assert patch(file, {"tags": ["a"]}, writer).status_code == 204


def test_the_audit_has_no_values() -> None:
    file = new_file()
    change(OPEN, file, {"name": "secret-1", "tags": ["secret-2"], "attributes": {"secret-3": "secret-4"}})
    entry = AuditEntry.objects.get()
    assert entry.action == "file.update"
    assert "secret" not in json.dumps([entry.target, entry.details])
    assert "attributes" in json.dumps(entry.details)
