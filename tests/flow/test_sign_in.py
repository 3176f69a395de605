"""People sign in and out with a password."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from picasso.access import people
from picasso.access.principal import ANONYMOUS, ENVIRON
from picasso.access.projects import KEPT_SECONDS
from picasso.errors import Conflict, InvalidField
from picasso.models import AuditEntry, Project
from picasso.storage.folder import Folder
from picasso.web.app import WebApp
from tests.flow.asgi import ask
from tests.flow.people import (
    ACCOUNT,
    FILES,
    PASSWORD,
    SIGN_IN,
    Role,
    ask_as,
    is_inside,
    new_browser,
    signed_in,
)
from tests.flow.rows import side_by_side

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("of_people")]


def test_the_page_says_how_to_make_the_first_account_until_there_is_one(browser: Client) -> None:
    hint = b'picasso people create NAME <span class="whole">--role admin</span>'
    assert hint in browser.get(SIGN_IN).content
    people.create("first", PASSWORD, Role.VIEWER, None)
    assert hint not in browser.get(SIGN_IN).content


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


def test_a_browser_without_access_is_sent_to_sign_in(browser: Client) -> None:
    answer = browser.get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Location"]) == (302, SIGN_IN)
    page = browser.get(SIGN_IN)
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert "no-store" in page["Cache-Control"]
    assert browser.get("/admin/login/").status_code == 200


def test_a_page_of_another_site_can_not_use_the_session(ann: User, browser: Client, tmp_path: Path) -> None:
    signed_in(browser)
    for foreign in ({"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}):
        (answer,) = ask_as(browser, tmp_path, ("POST", "/api/v1.0/queues/quick/pause/"), **foreign)
        assert answer.status == 403


UPLOAD = ("PUT", "/api/v1.0/upload/a.txt")


@pytest.mark.parametrize("whose", ["the service", "the project"])
def test_a_wildcard_lets_no_page_use_a_session(
    ann: User, browser: Client, tmp_path: Path, settings: Any, whose: str
) -> None:
    """A page of the same site, whose requests have the cookie. An origin that is listed by its name may.

    Its file is empty, which is what it is refused for then.
    """
    site = {"origin": "http://other.testserver", "sec_fetch_site": "same-site"}
    signed_in(browser)
    for origin, status in (("*", 403), ("http://other.testserver", 400)):
        if whose == "the service":
            settings.PICASSO = replace(settings.PICASSO, cors_origins=(origin,))
        else:
            Project.objects.update(cors_origins=[origin])
        uploaded, listed = ask_as(browser, tmp_path, UPLOAD, ("GET", FILES), **site)
        assert (uploaded.status, listed.status) == (status, 200)
        assert not {"access-control-allow-credentials"} & {*uploaded.headers, *listed.headers}


@pytest.mark.parametrize("value", ["", "x" * 100, "'; DROP TABLE", "../../etc", "nosuchsession"])
def test_a_made_up_session_is_a_stranger(tmp_path: Path, value: str) -> None:
    browser = Client()
    browser.cookies["sessionid"] = value
    (answer,) = ask_as(browser, tmp_path, ("GET", FILES))
    assert answer.status == 401


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


def test_a_password_is_hashed_slowly_and_a_weak_one_refused(ann: User) -> None:
    assert ann.password.startswith("argon2$argon2id$")
    for weak in ("short", "password1234", "123456789012345"):
        with pytest.raises(InvalidField):
            people.create("bob", weak, Role.VIEWER, None)
    assert not User.objects.filter(username="bob").exists()


def test_a_new_password_ends_the_other_sessions(ann: User, browser: Client, tmp_path: Path) -> None:
    other = Client(**{ENVIRON: ANONYMOUS})  # type: ignore[arg-type]
    signed_in(browser)
    signed_in(other)
    wrong = browser.post(ACCOUNT, {"do": "password", "old": "wrong", "new": "another long password"})
    assert wrong.status_code == 403
    changed = browser.post(ACCOUNT, {"do": "password", "old": PASSWORD, "new": "another long password"})
    assert changed.status_code == 200
    assert [ask_as(each, tmp_path, ("GET", FILES))[0].status for each in (browser, other)] == [200, 401]


def test_a_person_can_end_all_other_sessions(ann: User, browser: Client, tmp_path: Path) -> None:
    people.create("bob", PASSWORD, Role.VIEWER, None)
    other, bob = new_browser(), new_browser()
    signed_in(other)
    signed_in(bob, name="bob")
    signed_in(browser)
    assert browser.post(ACCOUNT, {"do": "sign-out"}).status_code == 200
    assert [is_inside(each) for each in (browser, other, bob)] == [True, False, True]
    people.sign_out(ann)
    assert not is_inside(browser)
    assert AuditEntry.objects.filter(action="person.sign-out", target_id=str(ann.pk)).count() == 2


def test_who_may_sign_in_again_has_no_old_sessions(ann: User, browser: Client) -> None:
    signed_in(browser)
    people.set_active(ann, False)
    people.set_active(ann, True)
    assert not is_inside(browser)


def test_of_parallel_changes_of_a_password_one_counts(ann: User) -> None:
    def change(password: str) -> str:
        with suppress(Conflict):
            people.replace_password(User(pk=ann.pk, username="ann", password=ann.password), password)
            return password
        return ""

    changed = [each for each in side_by_side([partial(change, f"a new long password {n}") for n in range(6)]) if each]
    assert len(changed) == 1
    assert User.objects.get().check_password(changed[0])


@pytest.mark.parametrize("secure", [True, False])
def test_over_https_cookies_are_for_https_only(ann: User, secure: bool) -> None:
    """The scheme is the one of the request, which a trusted proxy reports."""
    browser = new_browser()
    browser.get(SIGN_IN, secure=secure)
    browser.post(SIGN_IN, {"username": "ann", "password": PASSWORD}, secure=secure)
    assert {"sessionid", "csrftoken", "picasso-browser"} <= browser.cookies.keys()
    assert {bool(each["secure"]) for each in browser.cookies.values()} == {secure}
    hidden = (browser.cookies["sessionid"], browser.cookies["picasso-browser"])
    assert all(each["httponly"] and each["samesite"] == "Lax" for each in hidden)


def test_nobody_learns_which_names_exist(ann: User, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wrong attempt hashes one password and gets the same answer: also for names that have no password here."""
    User.objects.create_user("no-password")
    inactive = people.create("inactive", PASSWORD, Role.VIEWER, None)
    people.set_active(inactive, False)
    hashed = []
    original = Argon2PasswordHasher.encode

    def encode(self: Any, password: str, salt: str) -> str:
        hashed.append(1)
        return original(self, password, salt)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", encode)
    verify = Argon2PasswordHasher.verify

    def verified(self: Any, password: str, encoded: str) -> bool:
        hashed.append(1)
        return verify(self, password, encoded)

    monkeypatch.setattr(Argon2PasswordHasher, "verify", verified)
    answers = set()
    for name, password in (("ann", "wrong"), ("nobody", "wrong"), ("no-password", "wrong"), ("inactive", PASSWORD)):
        hashed.clear()
        answer = signed_in(new_browser(), password, name)
        shown = re.sub(r'value="[^"]*"', "", answer.content.decode())
        answers.add((answer.status_code, shown, len(hashed)))
    assert len(answers) == 1, answers


def test_a_long_next_leads_to_the_first_page(ann: User, browser: Client) -> None:
    assert signed_in(browser, next="/" + "a" * 5000)["Location"] == "/"


def test_a_name_is_one_however_it_is_typed(browser: Client) -> None:
    """Composed and decomposed letters look the same."""
    people.create("andr\u00e9", PASSWORD, Role.VIEWER, None)
    assert signed_in(browser, name="andre\u0301").status_code == 302
    with pytest.raises(InvalidField):
        people.create("andre\u0301", PASSWORD, Role.VIEWER, None)


@pytest.mark.parametrize("name", ["", "a\0b", "a b", "a\n", "x" * 151])
def test_a_name_that_nobody_can_have(name: str) -> None:
    with pytest.raises(InvalidField):
        people.create(name, PASSWORD, Role.VIEWER, None)


def test_of_people_with_the_same_name_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(name: str) -> bool:
        with suppress(InvalidField):
            return bool(people.create(name, PASSWORD, Role.VIEWER, None))
        return False

    assert sum(side_by_side([partial(create, name) for name in ("ann", "Ann", "ANN", "ann")])) == 1
