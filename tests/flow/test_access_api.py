"""Keys and projects by the API, and who may manage them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from picasso.access import keys
from picasso.access.principal import ANONYMOUS, OPEN, PROJECT_SCOPES, Principal, Scope
from picasso.access.projects import DEFAULT, read
from picasso.commands.manage import create_first_key
from picasso.models import Key, Project
from picasso.timestamps import rfc3339
from tests.flow.http import client
from tests.flow.rows import new_file, side_by_side

pytestmark = pytest.mark.django_db

KEYS, PROJECTS, ME = "/api/v1.0/keys/", "/api/v1.0/projects/", "/api/v1.0/me/"

TENANT = Principal("key", DEFAULT, PROJECT_SCOPES, identity="key:tenant")
READER = replace(TENANT, scopes=frozenset({Scope.FILES_READ}))


def post(by: Principal, path: str, **body: Any) -> Any:
    return client(by).post(path, body, content_type="application/json")


def patch(by: Principal, path: str, **body: Any) -> Any:
    return client(by).patch(path, body, content_type="application/json")


def listed(by: Principal, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client(by).get(path).json()["results"]
    return found


def another() -> Principal:
    row = Project.objects.create(name="another")
    return replace(TENANT, project=read(row.pk))


def test_a_key_is_created_shown_once_changed_and_revoked() -> None:
    answer = post(TENANT, KEYS, name="uploader", scopes=["files:write"], networks=["10.1.2.3/8"])
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    made = answer.json()
    assert made["networks"] == ["10.0.0.0/8"]
    assert keys.parse(made["key"]).id == made["id"]
    shown = client(TENANT).get(f"{KEYS}{made['id']}/").json()
    assert "key" not in shown
    assert (shown["name"], shown["scopes"], shown["created_by"]) == ("uploader", ["files:write"], "key:tenant")
    assert [key["id"] for key in listed(TENANT, KEYS)] == [made["id"]]
    assert patch(TENANT, f"{KEYS}{made['id']}/", name="other").json()["name"] == "other"
    assert client(TENANT).delete(f"{KEYS}{made['id']}/").status_code == 204
    assert client(TENANT).get(f"{KEYS}{made['id']}/").json()["revoked_at"]


def test_a_key_is_rotated_and_both_are_valid_for_a_while() -> None:
    made = post(TENANT, KEYS, name="a", scopes=["files:write"]).json()
    new = post(TENANT, f"{KEYS}{made['id']}/rotate/", grace=600).json()
    old_row, new_row = Key.objects.get(pk=made["id"]), Key.objects.get(pk=new["id"])
    assert old_row.expires_at
    identities = [
        keys.known(row).principal(keys.parse(text).secret_hash, "").identity
        for row, text in ((old_row, made["key"]), (new_row, new["key"]))
    ]
    assert identities == [f"key:{made['id']}"] * 2
    client(TENANT).delete(f"{KEYS}{made['id']}/")
    assert post(TENANT, f"{KEYS}{made['id']}/rotate/").status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a"}, "scopes"),
        ({"scopes": ["files:read"]}, "name"),
        ({"name": "a", "scopes": []}, "scopes"),
        ({"name": "a", "scopes": ["everything"]}, "scopes"),
        ({"name": "a", "scopes": ["files:read"], "networks": ["nowhere"]}, "networks"),
        ({"name": "a", "scopes": ["files:read"], "expires_at": "soon"}, "expires_at"),
    ],
)
def test_a_wrong_key_is_refused(body: dict[str, Any], field: str) -> None:
    answer = post(TENANT, KEYS, **body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert not Key.objects.exists()


def test_nobody_gives_more_than_they_have() -> None:
    assert post(TENANT, KEYS, name="a", scopes=["service:admin"]).status_code == 403
    keeper = replace(TENANT, scopes=frozenset({Scope.PROJECT_ADMIN, Scope.FILES_READ}))
    assert post(keeper, KEYS, name="a", scopes=["files:write"]).status_code == 403
    assert post(replace(TENANT, owner="ann"), KEYS, name="a", scopes=["files:read"]).status_code == 403
    strong = post(OPEN, KEYS, name="a", scopes=["service:admin"]).json()
    assert patch(TENANT, f"{KEYS}{strong['id']}/", name="b").status_code == 403
    assert post(TENANT, f"{KEYS}{strong['id']}/rotate/").status_code == 403
    assert client(TENANT).delete(f"{KEYS}{strong['id']}/").status_code == 403
    assert Key.objects.count() == 1


@pytest.mark.parametrize("path", [KEYS, PROJECTS])
def test_others_see_nothing(path: str) -> None:
    made = post(TENANT, KEYS, name="a", scopes=["files:read"]).json()
    assert client(READER).get(path).status_code == 403
    assert client(ANONYMOUS).get(path).status_code == 401
    stranger = another()
    assert listed(stranger, KEYS) == []
    for call in (Client.get, Client.delete):
        assert call(client(stranger), f"{KEYS}{made['id']}/").status_code == 404
    assert post(stranger, f"{KEYS}{made['id']}/rotate/").status_code == 404
    assert patch(stranger, f"{KEYS}{made['id']}/", name="b").status_code == 404
    assert client(stranger).get(f"{PROJECTS}default/").status_code == 404
    assert [project["name"] for project in listed(stranger, PROJECTS)] == ["another"]


def test_the_command_tells_the_keys_of_a_rotation_apart(capsys: pytest.CaptureFixture[str]) -> None:
    project = Project.objects.get(name="default")
    soon = timezone.now() + timedelta(days=30)
    old, _ = keys.create(project, "shop", [Scope.FILES_READ], networks=["10.0.0.0/8"], expires_at=soon)
    new, _ = keys.rotate(old, timedelta(0), "test")
    revoked, _ = keys.create(project, "gone", [Scope.FILES_READ])
    assert keys.revoke(revoked)
    keys.mark_used(new.pk)
    call_command("keys", "list", "--json")
    found = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert [found[key.pk]["state"] for key in (old, new, revoked)] == ["expired", "active", "revoked"]
    assert found[new.pk]["lineage"] == old.pk
    assert found[new.pk]["expires_at"] == rfc3339(soon)
    assert "secret_hash" not in found[new.pk]
    call_command("keys", "list")
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["ID"].split()[:6] == ["ID", "STATE", "PROJECT", "CREATED", "EXPIRES", "LAST"]
    cells = lines[new.pk].split()
    assert (cells[1], cells[4], cells[6]) == ("active", f"{soon:%Y-%m-%dT%H:%MZ}", "10.0.0.0/8")
    assert cells[5] != "never" == lines[old.pk].split()[5]
    with pytest.raises(CommandError, match="no active key"):
        call_command("keys", "secret", old.pk)


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("keys", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_the_command_limits_shows_and_rotates_keys() -> None:
    limits = ("--scope", "files:write", "--expires", "90d", "--network", "10.1.2.3/8", "--network", "2001:db8::/32")
    text = command("create", "shop", *limits)
    old = Key.objects.get(pk=keys.parse(text).id)
    assert (old.name, old.scopes, old.networks) == ("shop", ["files:write"], ["10.0.0.0/8", "2001:db8::/32"])
    assert old.expires_at
    assert timedelta(days=89) < old.expires_at - timezone.now() <= timedelta(days=90)
    successor = command("rotate", old.pk, "--grace", "60")
    new, kept = Key.objects.get(pk=keys.parse(successor).id), old.expires_at
    old.refresh_from_db()
    assert (new.networks, new.scopes, new.expires_at) == (old.networks, old.scopes, kept)
    assert old.expires_at - timezone.now() <= timedelta(seconds=60)
    assert keys.state_of(old) == keys.state_of(new) == "active"
    shown = command("show", new.pk)
    assert dict(line.split(maxsplit=1) for line in shown.splitlines())["networks"] == "10.0.0.0/8,2001:db8::/32"
    told = command("show", f"pk_{new.pk}", "--json")
    assert (json.loads(told)["lineage"], json.loads(told)["state"]) == (old.pk, "active")
    assert json.loads(told)["created_at"] == rfc3339(new.created_at)
    for secret in (keys.parse(successor).secret_hash, successor.rpartition("_")[2]):
        assert secret not in shown + told
    with pytest.raises(CommandError, match="rotated already"):
        command("rotate", old.pk)


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", ""),
        ("create", "a" * 101),
        ("create", "a", "--expires", "soon"),
        ("create", "a", "--expires", "0d"),
        ("create", "a", "--expires", "99999d", "--network", "nowhere"),
        ("create", "a", "--expires", "2020-01-01"),
        ("create", "a", "--network", "10.0.0.0/99"),
        ("create", "a", *("--network", "::1") * 101),
        ("rotate", "nothing"),
        ("rotate", "nothing", "--grace", "9999999"),
        ("show", "nothing"),
    ],
)
def test_the_command_refuses_a_wrong_key(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        command(*arguments)
    assert not Key.objects.exists()


def test_me() -> None:
    assert client(READER).get(ME).json() == {
        "kind": "key",
        "project": "default",
        "trash_days": 0,
        "scopes": ["files:read"],
        "owner": None,
        "key": None,
        "person": None,
        "projects": [],
    }
    assert client(ANONYMOUS).get(ME).status_code == 401


def test_a_project_is_created_changed_and_deleted_when_it_is_empty() -> None:
    assert post(TENANT, PROJECTS, name="shop").status_code == 403
    assert post(OPEN, PROJECTS, name="shop", visibility="public").status_code == 201
    assert post(OPEN, PROJECTS, name="shop").status_code == 409
    shop = f"{PROJECTS}shop/"
    assert patch(OPEN, shop, cors_origins=["https://shop.example"]).json()["cors_origins"] == ["https://shop.example"]
    file = new_file(project_id=Project.objects.get(name="shop").pk)
    assert client(OPEN).delete(shop).status_code == 409
    file.delete()
    assert client(OPEN).delete(shop).status_code == 204
    assert client(OPEN).delete(f"{PROJECTS}default/").status_code == 409


def test_the_project_default_keeps_its_name() -> None:
    """Without a name in the request, people and links of it are meant."""
    assert patch(OPEN, f"{PROJECTS}default/", name="other").status_code == 409
    assert patch(OPEN, f"{PROJECTS}default/", name="default", trash_days=1).status_code == 200


@pytest.mark.parametrize(
    "settings",
    [
        {"cors_origins": ["https://a.example/path"]},
        {"cors_origins": "https://a.example"},
        {"policy": {"nonsense": 1}},
        {"pipelines": "default"},
        {"visibility": "secret"},
        {"retention_days": -1},
        {"retention_days": 0},
        {"retention_days": 2**31 - 1},
        {"trash_days": 36_501},
        {"rates": {"a": "\0"}},
        {"rates": {"requests": 1000}},
        {"rates": {"request": "1000/60"}},
        {"rates": {"requests": "1000 a minute"}},
        {"rates": ["1000/60"]},
        {"quotas": {"\ud800": 1}},
    ],
)
def test_wrong_settings_of_a_project_are_refused(settings: dict[str, Any]) -> None:
    answer = patch(OPEN, f"{PROJECTS}default/", **settings)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].partition(".")[0] in {*settings, "body"}


def test_rates_of_a_project_are_shown_as_they_were_set() -> None:
    rates = {"requests": "1000/60", "key": "5/s", "list": "off"}
    assert patch(OPEN, f"{PROJECTS}default/", rates=rates).json()["rates"] == rates


def test_a_tenant_does_not_raise_its_own_limits() -> None:
    assert patch(TENANT, f"{PROJECTS}default/", quotas={}).status_code == 403
    assert patch(TENANT, f"{PROJECTS}default/", retention_days=30).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_first_key_is_made_once() -> None:
    made = side_by_side([keys.create_first_admin] * 8)
    assert len([text for text in made if text]) == 1
    assert Key.objects.get().scopes == sorted(Scope)


@pytest.mark.django_db
def test_a_start_beside_keys_that_may_not_administer_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """It makes none: somebody may have wanted it so, and a secret in a log would surprise them."""
    project = Project.objects.get(name="default")
    keys.create(project, "uploader", frozenset({Scope.FILES_WRITE}))
    create_first_key(settings.PICASSO)
    assert "picasso keys create NAME --admin" in capsys.readouterr().out
    keys.create(project, "administrator", frozenset(Scope))
    create_first_key(settings.PICASSO)
    assert capsys.readouterr().out == ""
    assert Key.objects.count() == 2


def test_queues_belong_to_the_service() -> None:
    pause: Callable[[Principal], Any] = lambda by: client(by).post("/api/v1.0/queues/quick/pause/")  # noqa: E731
    assert pause(TENANT).status_code == 403
    assert pause(OPEN).status_code == 200
