"""What nothing reads is refused: members of bodies, query parameters, empty headers."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from picasso.access.principal import OPEN, Principal
from picasso.files.filters import MAX_FILTERS
from picasso.models import Key, Webhook
from picasso.web.app import WebApp
from tests.flow import access
from tests.flow.http import client
from tests.flow.rows import new_file
from tests.flow.test_access_api import KEYS, ME, PROJECTS, TENANT, patch, post

pytestmark = pytest.mark.django_db

FILES, TRASH, JOBS, AUDIT = "/api/v1.0/files/", "/api/v1.0/trash/", "/api/v1.0/jobs/", "/api/v1.0/audit/"
WEBHOOKS = "/api/v1.0/webhooks/"
LISTS = (FILES, TRASH, JOBS, AUDIT, KEYS, PROJECTS, "/api/v1.0/pipelines/", "/api/v1.0/queues/", "/api/v1.0/usage/")


def refused(answer: Any, field: str) -> str:
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"] == field
    detail: str = answer.json()["detail"]
    return detail


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("header", ["picasso-owner", "picasso-project"])
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_header_does_not_act_for_everybody(tmp_path: Path, header: str, value: str) -> None:
    _, key = access.new_key()

    async def run(app: WebApp) -> None:
        answer = await access.send(app, "GET", access.FILES, key, b"", **{header: value})
        assert access.code(answer) == (400, "invalid-field")

    access.with_keys(tmp_path, run)
    connection.close()


TUS = {"tus-resumable": "1.0.0", "upload-length": "1"}
FORM = {"content-type": "multipart/form-data; boundary=wall"}


def metadata(name: str) -> dict[str, str]:
    return {**TUS, "upload-metadata": f"{name} YQ==,other YQ=="}


# Path, headers, body, and the name that is refused.
MISSPELT_UPLOADS: list[tuple[str, dict[str, str], bytes, str]] = [
    (f"{access.UPLOAD}?pipelin=default", FORM, access.form(), "pipelin"),
    (f"{access.UPLOAD}a.txt?tag=a", {}, b"a", "tag"),
    (f"{access.UPLOADS}?tags=a&owner=ann", {"upload-complete": "?0"}, b"", "owner"),
    (f"{access.UPLOADS}?pipelin=default", TUS, b"", "pipelin"),
    (access.UPLOAD, FORM, access.form(("pipelines", b"default")), "pipelines"),
    (access.UPLOAD, FORM, access.form(("file", b"a"), ("Tags[]", b"a"), file=None), "Tags[]"),
    (access.UPLOADS, metadata("webhookUrl"), b"", "webhookUrl"),
    (f"{access.UPLOADS}?visibility=public", metadata("visibility"), b"", "visibility"),
]


@pytest.mark.django_db(transaction=True)
def test_misspelt_wishes_of_uploads_are_named(tmp_path: Path) -> None:
    async def run(app: WebApp) -> None:
        for path, headers, body, name in MISSPELT_UPLOADS:
            answer = await access.send(app, "POST", path, "", body, **headers)
            assert access.code(answer) == (400, "invalid-field"), (path, answer.body)
            assert json.loads(answer.body)["errors"][0]["field"] == name
        for other in ("submit", "_token", "x" * 100):
            answer = await access.post_form(app, access.form((other, b"a")))
            assert answer.status == 201
        answer = await access.send(app, "POST", f"{access.UPLOADS}?tags=a", "", b"", **metadata("relativePath"))
        assert (answer.status, json.loads(answer.body)["tags"]) == (201, ["a"])

    access.with_keys(tmp_path, run, access="open")
    connection.close()


def test_unknown_members_of_a_body_are_named() -> None:
    made = post(TENANT, KEYS, name="a", scopes=["files:write"]).json()
    detail = refused(post(TENANT, KEYS, name="a", scopes=["files:write"], network=["10.0.0.0/8"]), "network")
    assert "networks" in detail
    assert Key.objects.count() == 1
    refused(post(TENANT, f"{KEYS}{made['id']}/rotate/", grase=0), "grase")
    assert "can't be set" in refused(patch(TENANT, f"{KEYS}{made['id']}/", revoked_at=None), "revoked_at")
    refused(patch(TENANT, f"{PROJECTS}default/", trash_day=3), "trash_day")
    refused(post(OPEN, f"{FILES}{new_file().pk}/links/", expire=60), "expire")


@pytest.mark.parametrize("path", LISTS)
def test_unknown_parameters_of_lists_are_named(path: str) -> None:
    assert client().get(path).status_code == 200
    refused(client().get(path, {"ownr": "ann"}), "ownr")


def test_parameters_with_names_of_your_own_are_told_too() -> None:
    assert refused(client().get(FILES, {"pge": "1"}), "pge").endswith(", attributes.KEY.")


def test_a_misspelt_parameter_deletes_nothing() -> None:
    address = f"{FILES}{new_file().pk}/"
    assert "permanently" in refused(client().delete(f"{address}?permanent=true"), "permanent")
    assert client().get(address).status_code == 200


def test_files_of_one_owner_are_listed_and_counted() -> None:
    mine, _ = new_file("a", owner="ann"), new_file("b", owner="bob")
    found = client().get(FILES, {"owner": "ann", "page_size": "5"}).json()
    assert (found["count"], [each["id"] for each in found["results"]]) == (1, [str(mine.pk)])
    client().delete(f"{FILES}{mine.pk}/")
    assert client().get(FILES, {"owner": "ann"}).json()["count"] == 0
    assert client().get(TRASH, {"owner": "ann"}).status_code == 200
    for owner in ("", "a" * 256):
        refused(client().get(FILES, {"owner": owner}), "owner")
    ann = Principal("token", TENANT.project, TENANT.scopes, owner="ann")
    for address in (FILES, TRASH):
        assert client(ann).get(address, {"owner": "bob", "page": "1"}).status_code == 403


def test_the_audit_refuses_unknown_outcomes_and_has_a_type_without_lines() -> None:
    assert "denied" in refused(client().get(AUDIT, {"outcome": "dennied"}), "outcome")
    empty = client().get(AUDIT, {"action": "none"}, headers={"Accept": "application/x-ndjson"})
    assert (empty.status_code, empty.content, empty["Content-Type"]) == (200, b"", "application/x-ndjson")


def test_a_key_is_rotated_once() -> None:
    made = post(TENANT, KEYS, name="a", scopes=["files:write"]).json()
    Key.objects.update(created_at=timezone.now() - timedelta(hours=1))
    new = post(TENANT, f"{KEYS}{made['id']}/rotate/").json()
    again = post(TENANT, f"{KEYS}{made['id']}/rotate/")
    assert again.status_code == 409
    assert new["id"] in again.json()["detail"]
    assert post(TENANT, f"{KEYS}{new['id']}/rotate/").status_code == 201


def test_me_names_the_key_or_the_person(django_user_model: Any) -> None:
    made = post(TENANT, KEYS, name="a", scopes=["files:write"]).json()
    keyed = Principal("key", TENANT.project, TENANT.scopes, key_id=made["id"])
    assert client(keyed).get(ME).json()["key"] == {"id": made["id"], "name": "a", "expires_at": None}
    ann = django_user_model.objects.create_user("ann")
    signed_in = Principal("session", TENANT.project, TENANT.scopes, identity=f"user:{ann.pk}")
    found = client(signed_in).get(ME).json()
    assert (found["key"], found["person"]) == (None, "ann")


def test_more_filters_than_a_statement_has_room_for() -> None:
    where = {f"attributes.{n}": "a" for n in range(MAX_FILTERS)}
    assert client().get(FILES, where).status_code == 200
    refused(client().get(FILES, {**where, "state": "pending"}), "state")
    body = {"action": "delete", "filter": {f"attributes.{n}": "a" for n in range(2000)}}
    refused(client().post(f"{FILES}batch/", json.dumps(body), "application/json"), f"attributes.{MAX_FILTERS}")


@pytest.mark.parametrize(
    ("address", "query", "fields"),
    [
        (
            FILES,
            {"page_size": "-1", "state": "odd", "size_min": "x", "count": "y", "a": "1"},
            "a page_size state size_min count",
        ),
        (FILES, {"ordering": "odd", "owner": "\0", "page": "0", "cursor": ""}, "page owner ordering"),
        (TRASH, {"owner": "", "page": "x"}, "page owner"),
        (JOBS, {"state": "odd", "queue": "odd", "cursor": "x"}, "cursor state queue"),
        (AUDIT, {"outcome": "odd", "since": "x", "until": "y"}, "outcome since until"),
        ("/api/v1.0/imports/", {"state": "odd", "owner": "", "page_size": "0"}, "page_size owner state"),
        ("/api/v1.0/events/", {"file": "x", "limit": "0", "odd": "1", "type": "a"}, "odd type file limit"),
        ("/api/v1.0/usage/", {"owner": "", "odd": "1"}, "odd owner"),
    ],
)
def test_all_wrong_parameters_are_named(address: str, query: dict[str, str], fields: str) -> None:
    answer = client(OPEN).get(address, query)
    assert answer.status_code == 400
    found = answer.json()["errors"]
    assert {each["field"] for each in found} == set(fields.split())
    assert answer.json()["detail"] == found[0]["detail"]
    assert len(found) == len(fields.split())


def test_a_thousand_wrong_parameters_are_not_all_named() -> None:
    answer = client(OPEN).get(FILES, {f"x{number}": "" for number in range(900)})
    assert (answer.status_code, len(answer.json()["errors"])) == (400, 20)


def test_all_wrong_members_of_a_body_are_named() -> None:
    answer = post(TENANT, KEYS, name="", scopes=["odd"], networks=["x"])
    assert [each["field"] for each in answer.json()["errors"]] == ["name", "scopes", "networks"]


def test_what_is_supported_instead_is_said() -> None:
    assert client(OPEN).put(FILES).json()["allowed"] == ["GET", "HEAD", "OPTIONS"]
    file = f"{FILES}{new_file().pk}/"
    wrong = client(OPEN).patch(file, b"a", content_type="text/plain").json()
    assert wrong["supported"] == ["application/merge-patch+json", "application/json"]
    assert client(OPEN).get(FILES, headers={"accept": "text/css"}).json()["supported"] == ["application/json"]


@pytest.mark.parametrize(
    ("address", "body", "sentences"),
    [
        (KEYS, {"scopes": []}, ["name is missing.", "scopes must not be empty."]),
        (KEYS, {"name": None, "scopes": ["odd"]}, ["name must not be null.", "scopes[0] must be one of files:read, "]),
        (KEYS, {"name": "", "scopes": "odd"}, ["name must not be empty.", "scopes must be a list."]),
        (
            KEYS,
            {"name": "a" * 101, "scopes": ["files:read"], "expires_at": "soon"},
            ["name must have at most 100 char"],
        ),
        (KEYS, {"name": "a", "scopes": ["files:read"], "expires_at": "soon"}, ["expires_at must be a time such as"]),
        (KEYS, {"name": "a", "scopes": ["files:read"], "networks": ["::1"] * 101}, ["networks must have at most 1"]),
        (KEYS, {"name": "a", "scopes": ["files:read"], "networks": ["x"]}, ["networks[0]: This is no IP address"]),
        (KEYS, [], ["The body must be a JSON object."]),
        (PROJECTS, {"name": "a b"}, ["name may have letters of ASCII, digits"]),
        (
            PROJECTS,
            {"name": "a", "retention_days": 0, "policy": []},
            ["policy must be an obj", "retention_days must be at"],
        ),
        (f"{KEYS}a/rotate/", {"grace": 1.5}, ["grace must be a whole number."]),
        (f"{KEYS}a/rotate/", {"grace": 10**9}, ["grace must be at most 2592000."]),
        (f"{WEBHOOKS}a/", {"deliveries": ["x"]}, ["deliveries[0] must be an id such as"]),
    ],
)
def test_what_is_wrong_with_a_member_is_said_in_our_words(address: str, body: Any, sentences: list[str]) -> None:
    address = address.replace(f"{KEYS}a/", f"{KEYS}{Key.objects.create(pk='a', project_id=1, name='a').pk}/")
    if address.startswith(WEBHOOKS):
        row = Webhook.everywhere.create(project_id=1, url="http://a/", types=["file.*"], secret="")
        address = f"{WEBHOOKS}{row.pk}/replay/"
    answer = client(OPEN).post(address, json.dumps(body), content_type="application/json")
    assert answer.status_code == 400
    found = [each["detail"] for each in answer.json()["errors"]]
    assert len(found) >= len(sentences)
    for sentence, begin in zip(found, sentences, strict=False):
        assert sentence.startswith(begin)
    again = client(OPEN).post(address, json.dumps(body), "application/json", headers={"accept-language": "ru"})
    assert again["content-language"] == "ru"
    assert all(each["detail"] not in found for each in again.json()["errors"])


@pytest.mark.parametrize(
    ("address", "body", "field"),
    [
        (PROJECTS, {"name": 0}, "name"),
        (KEYS, {"name": "a", "scopes": [5]}, "scopes"),
        (KEYS, {"name": True, "scopes": ["files:read"]}, "name"),
        ("/api/v1.0/webhooks/", {"url": "https://a.example.com/", "enabled": "no"}, "enabled"),
        (f"{KEYS}a/rotate/", {"grace": "5"}, "grace"),
    ],
)
def test_a_value_of_another_type_is_not_converted(address: str, body: dict[str, Any], field: str) -> None:
    address = address.replace("/a/", f"/{Key.objects.create(pk='a', project_id=1, name='a').pk}/")
    answer = client(OPEN).post(address, json.dumps(body), content_type="application/json")
    assert refused(answer, field)
