"""People: signing in and out, the second factor, the lock, and what their roles allow."""

from __future__ import annotations

import asyncio
import io
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyotp
import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.utils import timezone

from picasso.access import keys, people, second_factor, sign_in
from picasso.access.principal import ANONYMOUS, ENVIRON, Scope
from picasso.access.projects import KEPT_SECONDS
from picasso.access.sign_in import MAX_OF_ACCOUNT, MAX_OF_ADDRESS
from picasso.errors import InvalidField, SignInLocked, SignInRefused
from picasso.models import AuditEntry, Membership, Project, SecondFactor, SignInFailure
from picasso.storage.folder import Folder
from picasso.web.app import WebApp
from tests.flow.asgi import Exchange, ask
from tests.flow.rows import side_by_side

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a quite long password 7"
FILES, SIGN_IN, CODE, ACCOUNT = "/api/v1.0/files/", "/sign-in/", "/sign-in/code/", "/account/"

Role = Membership.Role


@pytest.fixture
def ann() -> User:
    """An administrator of everything."""
    return people.create("ann", PASSWORD, Role.ADMIN, None)


@pytest.fixture
def browser() -> Client:
    return Client(**{ENVIRON: ANONYMOUS})  # type: ignore[arg-type] # any key of a WSGI environ


@pytest.fixture(autouse=True)
def _fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same hash with less work: these tests sign in hundreds of times."""
    monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 1)
    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 1024)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    connection.close()


def signed_in(browser: Client, password: str = PASSWORD, name: str = "ann", **more: str) -> Any:
    return browser.post(SIGN_IN, {"username": name, "password": password, **more})


def ask_as(browser: Client, folder: Path, *requests: tuple[str, str], **headers: str) -> list[Exchange]:
    """What the real application answers to requests with the browser's cookies, which lets nobody in without any."""
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())

    async def run() -> list[Exchange]:
        app = WebApp(replace(settings.PICASSO, access="keys"), Folder(folder))
        app.start()
        try:
            return [await ask(app, method, path, b"", cookie=cookie, **headers) for method, path in requests]
        finally:
            await app.stop()

    return asyncio.run(run())


def test_a_person_signs_in_and_out(ann: User, browser: Client, tmp_path: Path) -> None:
    answer = signed_in(browser)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert browser.cookies["sessionid"]["httponly"]
    assert browser.cookies["sessionid"]["samesite"] == "Lax"
    listed, me = ask_as(browser, tmp_path, ("GET", FILES), ("GET", "/api/v1.0/me/"))
    assert listed.status == 200
    assert json.loads(me.body)["kind"] == "session"
    assert "service:admin" in json.loads(me.body)["scopes"]
    before = dict(browser.cookies)
    assert browser.post("/sign-out/").status_code == 302
    browser.cookies.update(before)
    (refused,) = ask_as(browser, tmp_path, ("GET", FILES))
    assert refused.status == 401


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("/account/", "/account/"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/a\nb", "/"),
        ("javascript:alert(1)", "/"),
        ("//[", "/"),
        ("/[", "/["),
    ],
)
def test_nobody_is_sent_to_another_site(ann: User, browser: Client, target: str, place: str) -> None:
    assert signed_in(browser, next=target)["Location"] == place


@pytest.mark.parametrize("name", ["ann", "nobody", "ANN\0", ""])
def test_a_wrong_password_is_refused(ann: User, browser: Client, name: str) -> None:
    answer = signed_in(browser, "a-wrong-one", name)
    assert answer.status_code in {400, 403}
    assert "sessionid" not in browser.cookies
    assert b"a-wrong-one" not in answer.content


def test_the_form_needs_its_token(ann: User) -> None:
    strict = Client(enforce_csrf_checks=True, **{ENVIRON: ANONYMOUS})  # type: ignore[arg-type]
    problem = signed_in(strict)
    assert (problem.status_code, problem["Content-Type"]) == (403, "application/problem+json")
    page = strict.post(SIGN_IN, {"username": "ann"}, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert b'class="small-page"' in page.content
    assert b"<style" not in page.content
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', strict.get(SIGN_IN).content.decode())
    assert token
    assert signed_in(strict, csrfmiddlewaretoken=token[1]).status_code == 302


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


def test_too_many_failures_lock_the_account_for_everybody(ann: User, browser: Client) -> None:
    for n in range(MAX_OF_ACCOUNT):
        with pytest.raises(SignInRefused):
            sign_in.check_password("ann", "wrong", f"10.0.0.{n}")
    with pytest.raises(SignInLocked):
        sign_in.check_password("Ann", PASSWORD, "10.1.0.1")
    locked = signed_in(browser)
    assert (locked.status_code, locked["Retry-After"]) == (429, "900")
    SignInFailure.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert signed_in(browser).status_code == 302
    sign_in.forget_old_failures()
    assert not SignInFailure.objects.exists()


def test_too_many_failures_lock_the_address(ann: User) -> None:
    for n in range(MAX_OF_ADDRESS):
        with pytest.raises(SignInRefused):
            sign_in.check_password(f"name{n}", "wrong", f"2001:db8::{n:x}")
    with pytest.raises(SignInLocked):
        sign_in.check_password("ann", PASSWORD, "2001:db8::ffff")
    assert sign_in.check_password("ann", PASSWORD, "2001:db8:0:1::1") == ann


def test_a_password_is_hashed_slowly_and_a_weak_one_refused(ann: User) -> None:
    assert ann.password.startswith("argon2$argon2id$")
    for weak in ("short", "password1234", "123456789012345"):
        with pytest.raises(InvalidField):
            people.create("bob", weak, Role.VIEWER, None)
    assert not User.objects.filter(username="bob").exists()


def code_of(user: User, offset: int = 0) -> str:
    secret = second_factor.decrypt(SecondFactor.objects.get(user=user).secret)
    assert secret
    return pyotp.TOTP(secret).at(for_time=int(time.time()), counter_offset=offset)


@pytest.fixture
def with_second_factor(ann: User) -> list[str]:
    """Recovery codes; the code of the present step is used."""
    second_factor.enrol(ann)
    codes = second_factor.confirm(ann, code_of(ann))
    assert codes
    return codes


def test_a_second_factor_is_asked_for(
    ann: User, browser: Client, with_second_factor: list[str], tmp_path: Path
) -> None:
    answer = signed_in(browser, next="/account/")
    assert answer["Location"] == "/sign-in/code/?next=%2Faccount%2F"
    (half,) = ask_as(browser, tmp_path, ("GET", FILES))
    assert half.status == 401, "the password alone is not enough"
    assert browser.post(CODE, {"code": "000000"}).status_code == 403
    assert browser.post(CODE, {"code": code_of(ann)}).status_code == 403, "it was used before"
    entered = browser.post(CODE, {"code": code_of(ann, 1), "next": "/account/"})
    assert entered["Location"] == "/account/"
    (whole,) = ask_as(browser, tmp_path, ("GET", FILES))
    assert whole.status == 200


def test_a_recovery_code_is_valid_once(ann: User, browser: Client, with_second_factor: list[str]) -> None:
    for status in (302, 403):
        signed_in(browser)
        assert browser.post(CODE, {"code": with_second_factor[0]}).status_code == status
        browser.cookies.clear()


def test_with_another_secret_key_only_recovery_codes_are_left(
    ann: User, browser: Client, with_second_factor: list[str], settings: Any
) -> None:
    settings.SECRET_KEY = "another secret key, which can't decrypt what the first one has encrypted"
    signed_in(browser)
    assert browser.post(CODE, {"code": "123456"}).status_code == 403
    assert browser.post(CODE, {"code": with_second_factor[0]}).status_code == 302


def test_a_present_password_can_not_be_guessed_without_end(ann: User, browser: Client) -> None:
    signed_in(browser)
    guess = {"do": "password", "old": "a guess", "new": "another long password 8"}
    assert [browser.post(ACCOUNT, guess).status_code for _ in range(MAX_OF_ACCOUNT + 1)] == [403] * MAX_OF_ACCOUNT + [
        429
    ]


def test_who_belongs_to_no_project_still_has_an_account(browser: Client, tmp_path: Path) -> None:
    people.create("bob", PASSWORD, Role.VIEWER, Project.objects.create(name="shop"))
    signed_in(browser, name="bob")
    Membership.objects.all().delete()
    answers = ask_as(browser, tmp_path, ("GET", SIGN_IN), ("GET", ACCOUNT), ("GET", FILES))
    assert [answer.status for answer in answers] == [200, 200, 401]


def test_codes_can_not_be_guessed_without_end(ann: User, browser: Client, with_second_factor: list[str]) -> None:
    signed_in(browser)
    answers = [browser.post(CODE, {"code": f"{n:06}"}).status_code for n in range(MAX_OF_ACCOUNT + 1)]
    assert answers == [403] * MAX_OF_ACCOUNT + [429]


def test_codes_of_the_set_up_can_not_be_guessed_without_end(ann: User, browser: Client) -> None:
    signed_in(browser)
    browser.post(ACCOUNT, {"do": "enrol"})
    answers = [browser.post(ACCOUNT, {"do": "confirm", "code": f"{n}"}) for n in range(MAX_OF_ACCOUNT + 1)]
    assert [answer.status_code for answer in answers] == [403] * MAX_OF_ACCOUNT + [429]
    assert b"<svg" in answers[-1].content


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_parallel_uses_of_a_code_are_one(ann: User, with_second_factor: list[str], kind: str) -> None:
    code = code_of(ann, 1) if kind == "app" else with_second_factor[0]
    assert sum(side_by_side([lambda: second_factor.verify(ann, code)] * 6)) == 1


def test_parallel_guesses_do_not_pass_the_lock(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []

    def refuse(**_: str) -> None:
        checked.append(1)

    monkeypatch.setattr(sign_in, "authenticate", refuse)
    refused = side_by_side([partial(guess, n) for n in range(32)])
    assert set(refused) <= {SignInRefused, SignInLocked}
    assert len(checked) == refused.count(SignInRefused) <= MAX_OF_ACCOUNT
    account = SignInFailure.objects.filter(subject__startswith="account:")
    assert account.count() == len(checked), "only what was checked counts"


def guess(n: int) -> type[Exception] | None:
    try:
        sign_in.check_password("ann", "wrong", f"10.0.0.{n}")
    except (SignInRefused, SignInLocked) as fault:
        return type(fault)
    return None


def test_who_signs_in_rightly_does_not_lock_the_address(ann: User) -> None:
    for _ in range(MAX_OF_ACCOUNT + 1):
        assert sign_in.check_password("ann", PASSWORD, "10.0.0.1") == ann
    assert not SignInFailure.objects.exists()


def test_the_secret_is_not_readable_in_the_database(ann: User, with_second_factor: list[str]) -> None:
    row = SecondFactor.objects.get(user=ann)
    stored = json.dumps([row.secret, row.recovery_codes])
    secret = second_factor.decrypt(row.secret)
    assert secret
    assert secret not in stored
    assert not any(code in stored for code in with_second_factor)


def test_the_account_page_sets_up_and_removes_a_second_factor(ann: User, browser: Client) -> None:
    assert browser.get(ACCOUNT)["Location"].startswith(SIGN_IN)
    signed_in(browser)
    page = browser.post(ACCOUNT, {"do": "enrol"}).content.decode()
    assert "<svg" in page
    assert "recovery code" not in page
    again = browser.post(ACCOUNT, {"do": "confirm", "code": "1"})
    assert again.status_code == 403
    (secret,) = re.findall(r"Secret: <code>(\w+)</code>", page)
    assert secret in again.content.decode(), "a mistyped code does not end it"
    shown = browser.post(ACCOUNT, {"do": "confirm", "code": code_of(ann)}).content.decode()
    assert len(re.findall(r"<li><code>[0-9a-f-]{19}</code>", shown)) == second_factor.RECOVERY_CODES
    assert not SignInFailure.objects.filter(subject__startswith="account:").exists()
    for action in ("enrol", "confirm"):
        assert browser.post(ACCOUNT, {"do": action, "code": "1"}).status_code == 409
    assert browser.post(ACCOUNT, {"do": "remove", "code": "1"}).status_code == 403
    assert browser.post(ACCOUNT, {"do": "remove", "code": code_of(ann, 1)}).status_code == 200
    assert not SecondFactor.objects.exists()


def test_a_new_password_ends_the_other_sessions(ann: User, browser: Client, tmp_path: Path) -> None:
    other = Client(**{ENVIRON: ANONYMOUS})  # type: ignore[arg-type]
    signed_in(browser)
    signed_in(other)
    wrong = browser.post(ACCOUNT, {"do": "password", "old": "wrong", "new": "another long password"})
    assert wrong.status_code == 403
    changed = browser.post(ACCOUNT, {"do": "password", "old": PASSWORD, "new": "another long password"})
    assert changed.status_code == 200
    assert [ask_as(each, tmp_path, ("GET", FILES))[0].status for each in (browser, other)] == [200, 401]


def test_a_session_is_forgotten_within_seconds(
    ann: User, browser: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("picasso.access.authenticate.time.monotonic", lambda: now[0])
    signed_in(browser)
    cookie = f"sessionid={browser.cookies['sessionid'].value}"

    async def run() -> list[int | None]:
        app = WebApp(replace(settings.PICASSO, access="keys"), Folder(tmp_path))
        app.start()
        try:
            before = await ask(app, "GET", FILES, b"", cookie=cookie)
            await asyncio.to_thread(deactivate, ann)
            now[0] += KEPT_SECONDS
            return [before.status, (await ask(app, "GET", FILES, b"", cookie=cookie)).status]
        finally:
            await app.stop()

    assert asyncio.run(run()) == [200, 401]


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    connection.close()


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


def test_a_page_of_another_site_can_not_use_the_session(ann: User, browser: Client, tmp_path: Path) -> None:
    signed_in(browser)
    for foreign in ({"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}):
        (answer,) = ask_as(browser, tmp_path, ("POST", "/api/v1.0/queues/quick/pause/"), **foreign)
        assert answer.status == 403


@pytest.mark.parametrize("value", ["", "x" * 100, "'; DROP TABLE", "../../etc", "nosuchsession"])
def test_a_made_up_session_is_a_stranger(tmp_path: Path, value: str) -> None:
    browser = Client()
    browser.cookies["sessionid"] = value
    (answer,) = ask_as(browser, tmp_path, ("GET", FILES))
    assert answer.status == 401


def test_a_browser_without_access_is_sent_to_sign_in(browser: Client) -> None:
    answer = browser.get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Location"]) == (302, SIGN_IN)
    page = browser.get(SIGN_IN)
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert "no-store" in page["Cache-Control"]
    assert browser.get("/admin/login/").status_code == 200


def test_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Project.objects.create(name="shop")

    def run(*arguments: str, password: str = "") -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        call_command("people", *arguments)

    with pytest.raises(CommandError):
        run("create", "bob", "--role", "viewer", password="short")
    run("create", "bob", "--role", "viewer", "--project", "shop", password=PASSWORD)
    bob = sign_in.check_password("bob", PASSWORD, "")
    principal = people.principal_of_user(bob, "")
    assert principal
    assert principal.scopes == people.READS
    run("role", "bob", "--role", "operator", "--project", "shop")
    principal = people.principal_of_user(bob, "shop")
    assert principal
    assert Scope.FILES_DELETE in principal.scopes
    run("password", "bob", password="another long password")
    with pytest.raises(SignInRefused):
        sign_in.check_password("bob", PASSWORD, "")
    capsys.readouterr()
    run("list", "--json")
    assert json.loads(capsys.readouterr().out) == [
        {"id": bob.pk, "name": "bob", "active": True, "roles": [["shop", "operator"]], "second_factor": False}
    ]
    run("deactivate", "bob")
    with pytest.raises(SignInRefused):
        sign_in.check_password("bob", "another long password", "")


def test_each_command_about_a_person_tells_what_it_did(
    ann: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("another long password\n"))
        call_command("people", *arguments)
        return capsys.readouterr().out

    assert told("role", "ann", "--role", "viewer") == "ann has the role viewer in all projects.\n"
    assert "ann has a new password; " in told("password", "ann")
    assert "ann can't sign in any more" in told("deactivate", "ann")
    assert told("deactivate", "ann") == "ann is inactive already.\n"
    for command in (("password", "ann"), ("role", "ann", "--role", "admin")):
        assert told(*command).endswith("ann is inactive; to activate: picasso people activate ann\n")
    with pytest.raises(CommandError, match=r"inactive.*picasso people activate ann"):
        told("create", "Ann", "--role", "viewer")
    assert told("activate", "ann") == "ann may sign in again.\n"
    assert told("activate", "ann") == "ann is active already.\n"
    assert sign_in.check_password("ann", "another long password", "") == ann
    assert re.match(rf" *{ann.pk} ann  .* active ", told("list"))
    done = AuditEntry.objects.filter(action__in=("person.activate", "person.deactivate")).order_by("id")
    assert [(row.action, row.details) for row in done] == [
        ("person.deactivate", {"name": "ann"}),
        ("person.activate", {"name": "ann"}),
    ]
