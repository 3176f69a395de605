"""People: what their roles allow, the admin, the command line."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from picasso.access import keys, people, sign_in
from picasso.access.principal import Scope
from picasso.access.sign_in_locks import Client as From
from picasso.errors import SignInRefused
from picasso.management.commands import people as commands
from picasso.models import AuditEntry, Membership, Project
from tests.flow.people import (
    ACCOUNT,
    FILES,
    PASSWORD,
    SIGN_IN,
    Role,
    ask_as,
    signed_in,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("of_people")]


def test_the_admin_shows_projects_keys_and_roles_and_revokes_keys(ann: User, browser: Client) -> None:
    key, _ = keys.create(Project.objects.get(name="default"), "shop", [Scope.FILES_READ])
    admin = "/admin/picasso/"
    assert browser.get(f"{admin}key/").status_code == 302
    people.create("bob", PASSWORD, Role.ADMIN, key.project)
    browser.force_login(User.objects.get(username="bob"))
    assert browser.get(f"{admin}key/").status_code == 302, "only staff see it"
    browser.force_login(ann)
    for kind, row in (
        ("project", key.project),
        ("key", key),
        ("membership", Membership.objects.filter(user=ann).get()),
    ):
        assert browser.get(f"{admin}{kind}/").status_code == 200
        page = browser.get(f"{admin}{kind}/{row.pk}/change/")
        assert page.status_code == 200
        assert key.secret_hash.encode() not in page.content
        for action in ("add", f"{row.pk}/change", f"{row.pk}/delete"):
            if (kind, action) != ("project", f"{row.pk}/change"):  # the hosts of webhooks are changed there
                assert browser.post(f"{admin}{kind}/{action}/", {"post": "yes"}).status_code == 403
    browser.post(f"{admin}key/", {"action": "revoke", "_selected_action": [key.pk]})
    key.refresh_from_db()
    assert key.revoked_at
    assert AuditEntry.objects.get(action="key.revoke").actor == f"user:{ann.pk}"


def test_staff_without_the_permission_can_not_revoke_a_key(browser: Client) -> None:
    key, _ = keys.create(Project.objects.get(name="default"), "shop", [Scope.FILES_READ])
    staff = User.objects.create_user("eve", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_key"))
    browser.force_login(staff)
    assert browser.get("/admin/picasso/key/").status_code == 200
    browser.post("/admin/picasso/key/", {"action": "revoke", "_selected_action": [key.pk]})
    key.refresh_from_db()
    assert key.revoked_at is None


def test_who_belongs_to_no_project_still_has_an_account(browser: Client, tmp_path: Path) -> None:
    people.create("bob", PASSWORD, Role.VIEWER, Project.objects.create(name="shop"))
    signed_in(browser, name="bob")
    Membership.objects.all().delete()
    answers = ask_as(browser, tmp_path, ("GET", SIGN_IN), ("GET", ACCOUNT), ("GET", FILES))
    assert [answer.status for answer in answers] == [200, 200, 401]


@pytest.mark.parametrize(
    ("role", "allowed", "refused"),
    [
        (Role.VIEWER, [("GET", FILES), ("GET", "/api/v1.0/jobs/")], [("PUT", "/api/v1.0/upload/a.txt")]),
        (Role.OPERATOR, [("GET", FILES)], [("GET", "/api/v1.0/keys/"), ("POST", "/api/v1.0/queues/quick/pause/")]),
        (Role.ADMIN, [("GET", "/api/v1.0/keys/")], [("POST", "/api/v1.0/queues/quick/pause/")]),
    ],
)
def test_a_role_in_a_project(
    browser: Client, tmp_path: Path, role: str, allowed: list[tuple[str, str]], refused: list[tuple[str, str]]
) -> None:
    shop = Project.objects.create(name="shop")
    people.create("bob", PASSWORD, role, shop)
    signed_in(browser, name="bob")
    answers = ask_as(browser, tmp_path, ("GET", "/api/v1.0/me/"), *allowed, *refused)
    assert json.loads(answers[0].body)["project"] == "shop"
    assert [answer.status for answer in answers[1:]] == [200] * len(allowed) + [403] * len(refused)
    (elsewhere,) = ask_as(browser, tmp_path, ("GET", FILES), picasso_project="default")
    assert elsewhere.status == 404
    assert browser.get("/admin/").status_code == 302


def test_a_person_chooses_a_project_on_the_page(browser: Client, tmp_path: Path) -> None:
    bob = people.create("bob", PASSWORD, Role.VIEWER, Project.objects.create(name="shop"))
    people.give_role(bob, Role.ADMIN, Project.objects.create(name="blog"))
    signed_in(browser, name="bob")
    me = "/api/v1.0/me/"

    def project(cookie: str, **headers: str) -> str:
        browser.cookies["picasso-project"] = cookie
        (answer,) = ask_as(browser, tmp_path, ("GET", me), **headers)
        found = json.loads(answer.body)
        assert found["projects"] == ["shop", "blog"]
        return str(found["project"])

    assert project("blog") == "blog"
    assert project("blog", picasso_project="shop") == "shop"
    # Neither theirs nor there, or no name at all: the first one, as without a cookie.
    assert [project(each) for each in ("default", "nowhere", "-" * 65, "")] == ["shop"] * 4
    browser.cookies["picasso-project"] = "blog"
    (keys_of_blog,) = ask_as(browser, tmp_path, ("GET", "/api/v1.0/keys/"))
    assert keys_of_blog.status == 200


def test_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Project.objects.create(name="shop")

    def run(*arguments: str, password: str = "") -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        call_command("people", *arguments)

    with pytest.raises(CommandError):
        run("create", "bob", "--role", "viewer", password="short")
    run("create", "bob", "--role", "viewer", "--project", "shop", password=PASSWORD)
    bob = sign_in.check_password("bob", PASSWORD, From(""))
    principal = people.principal_of_user(bob, "")
    assert principal
    assert principal.scopes == people.READS
    with pytest.raises(CommandError, match="taken"):
        run("create", "Bob", "--role", "viewer", password="short")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(CommandError, match="No password was given"):
        call_command("people", "create", "ann", "--role", "viewer")
    run("role", "bob", "--role", "operator", "--project", "shop")
    principal = people.principal_of_user(bob, "shop")
    assert principal
    assert Scope.FILES_DELETE in principal.scopes
    run("role", "bob", "--role", "none", "--project", "shop")
    assert people.principal_of_user(bob, "shop") is None
    run("role", "bob", "--role", "operator", "--project", "shop")
    run("password", "bob", password="another long password")
    with pytest.raises(SignInRefused):
        sign_in.check_password("bob", PASSWORD, From(""))
    capsys.readouterr()
    run("list", "--json")
    assert json.loads(capsys.readouterr().out) == [
        {
            "id": bob.pk,
            "name": "bob",
            "active": True,
            "roles": [["shop", "operator"]],
            "second_factor": False,
            "has_password": True,
            "invited_until": None,
        }
    ]
    run("deactivate", "bob")
    with pytest.raises(SignInRefused):
        sign_in.check_password("bob", "another long password", From(""))


def test_each_command_about_a_person_tells_what_it_did(
    ann: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("another long password\n"))
        call_command("people", *arguments)
        return capsys.readouterr().out

    assert told("create", "eve", "--role", "viewer") == "eve may sign in now, with the role viewer in all projects.\n"
    assert told("role", "ann", "--role", "viewer") == "ann has the role viewer in all projects.\n"
    assert "ann has a new password; " in told("password", "ann")
    assert "ann can't sign in any more" in told("deactivate", "ann")
    assert told("deactivate", "ann") == "ann is inactive already.\n"
    for command in (("password", "ann"), ("role", "ann", "--role", "admin")):
        assert told(*command).endswith("ann is inactive; to activate: picasso people activate ann\n")
    with pytest.raises(CommandError, match=r"inactive.*picasso people activate ann"):
        told("create", "Ann", "--role", "viewer")
    assert told("activate", "ann") == "ann may sign in again.\n"
    assert told("sign-out", "ann").startswith("ann is signed out;")
    assert told("role", "ann", "--role", "none") == "ann has no role in all projects any more.\n"
    assert told("role", "ann", "--role", "none") == "ann had no role in all projects.\n"
    assert told("activate", "ann") == "ann is active already.\n"
    assert sign_in.check_password("ann", "another long password", From("")) == ann
    assert re.match(rf" *{ann.pk} ann  .* active ", told("list"))
    done = AuditEntry.objects.filter(action__in=("person.activate", "person.deactivate")).order_by("id")
    assert [(row.action, row.details) for row in done] == [
        ("person.deactivate", {"name": "ann"}),
        ("person.activate", {"name": "ann"}),
    ]


def test_a_command_that_is_interrupted_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "new_password", interrupted)
    with pytest.raises(SystemExit) as ended:
        call_command("people", "create", "ann", "--role", "viewer")
    assert ended.value.code == 130
    assert capsys.readouterr().err == "Interrupted.\n"
