"""Invitations: a link by which a person sets their own password, once, before it expires."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.test import Client

from picasso import models
from picasso.access import invitations, people, sign_in_locks
from picasso.access.principal import Principal
from picasso.access.sign_in_locks import Client as SignInClient
from picasso.errors import SignInRefused
from picasso.models import AuditEntry, ExternalIdentity, Invitation
from picasso.redaction import redact
from tests.flow.http import client
from tests.flow.people import (
    EVERYTHING,
    NEW_PASSWORD,
    PASSWORD,
    PEOPLE,
    SIGN_IN,
    admin_of,
    fast_hashes,
    is_inside,
    new_browser,
    post,
    set_up_second_factor,
    signed_in,
)
from tests.flow.rows import side_by_side

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/sign-in/invitation/"
FORM = {"new": PASSWORD, "again": PASSWORD}
GONE = b"This link is not valid any more"


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    fast_hashes(monkeypatch)


@pytest.fixture
def shop() -> models.Project:
    return models.Project.objects.create(name="shop")


def made(principal: Principal, **more: Any) -> Any:
    answer = post(principal, "", **{"name": "ann", "role": "viewer", "invite": True, **more})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store"), answer.content
    return answer.json()


def secret_of(url: str) -> str:
    parts = urlsplit(url)
    assert (parts.path, parts.query[:7]) == (PAGE, "secret=")
    return parts.query[7:]


def invited(principal: Principal, **more: Any) -> tuple[User, str]:
    found = made(principal, **more)
    return User.objects.get(pk=found["id"]), secret_of(found["invitation"]["url"])


def accept(browser: Client, secret: str, **form: str) -> Any:
    return browser.post(PAGE, {**FORM, "secret": secret, **form})


def test_a_person_sets_a_password_by_the_link_and_is_inside(shop: models.Project) -> None:
    found = made(admin_of(shop))
    assert "password" not in found
    assert (found["has_password"], found["invited_until"]) == (False, found["invitation"]["expires_at"])
    secret, browser = secret_of(found["invitation"]["url"]), new_browser()
    for _ in range(2):  # programs that look at mail open it, too
        assert b"ann" in browser.get(PAGE, {"secret": secret}).content
    answer = accept(browser, secret)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_inside(browser)
    other = new_browser()
    signed_in(other)
    assert is_inside(other)
    shown = client(admin_of(shop)).get(f"{PEOPLE}{found['id']}/").json()
    assert (shown["has_password"], shown["invited_until"]) == (True, None)
    actions = list(AuditEntry.objects.filter(details__name="ann").order_by("id").values_list("action", "actor"))
    assert ("person.invite", "user:0") in actions
    assert ("person.password", f"user:{found['id']}") in actions


def test_only_a_hash_is_stored_and_no_log_shows_the_secret(shop: models.Project) -> None:
    _, secret = invited(admin_of(shop))
    row = Invitation.objects.get()
    assert secret not in str(vars(row))
    assert len(secret) >= 43
    assert secret not in redact(f"GET {PAGE}?secret={secret}")
    assert not AuditEntry.objects.filter(details__icontains=secret).exists()


@pytest.mark.parametrize(
    "again", ["used", "expired", "replaced", "withdrawn", "deactivated", "password", "role", "made up"]
)
def test_a_link_that_is_not_valid_sets_nothing(shop: models.Project, again: str) -> None:
    user, secret = invited(admin_of(shop))
    path = f"{user.pk}/invitation/"
    match again:
        case "used":
            assert accept(new_browser(), secret).status_code == 302
        case "expired":
            Invitation.objects.update(expires_at=Now() - timedelta(seconds=1))
        case "replaced":
            assert post(admin_of(shop), path).status_code == 200
        case "withdrawn":
            assert client(admin_of(shop)).delete(f"{PEOPLE}{path}").status_code == 204
            assert client(admin_of(shop)).delete(f"{PEOPLE}{path}").status_code == 204
        case "deactivated":
            people.set_active(user, False)
            people.set_active(user, True)
        case "password":
            people.set_password(user, "an ordinary password 9")
        case "role":
            people.give_role(user, "admin", None)
        case "made up":
            secret = "A" * 43
    before = User.objects.get(pk=user.pk).password
    browser = new_browser()
    for answer in (
        browser.get(PAGE, {"secret": secret}),
        accept(browser, secret, new=NEW_PASSWORD, again=NEW_PASSWORD),
    ):
        assert answer.status_code == 403
        assert GONE in answer.content
        assert b"<input" not in answer.content.split(b"<main")[1]
    assert User.objects.get(pk=user.pk).password == before
    assert not is_inside(browser)


def test_a_weak_password_or_two_that_differ_leave_the_link_valid(shop: models.Project) -> None:
    _, secret = invited(admin_of(shop))
    browser = new_browser()
    for form in ({"new": "short", "again": "short"}, {"again": NEW_PASSWORD}, {"new": "", "again": ""}):
        answer = accept(browser, secret, **form)
        assert answer.status_code == 400
        assert b'class="error"' in answer.content
    assert (
        "Пароли не совпадают"
        in new_browser(HTTP_ACCEPT_LANGUAGE="ru").post(PAGE, {**FORM, "secret": secret, "again": "x"}).content.decode()
    )
    assert accept(browser, secret).status_code == 302


def test_of_two_at_once_one_sets_the_password(shop: models.Project) -> None:
    user, secret = invited(admin_of(shop))

    def one(password: str) -> str:
        try:
            invitations.accept(secret, password, SignInClient("10.0.0.1"))
        except SignInRefused:
            return ""
        return password

    found = [each for each in side_by_side([lambda: one(PASSWORD), lambda: one(NEW_PASSWORD)]) if each]
    assert len(found) == 1
    assert User.objects.get(pk=user.pk).check_password(found[0])


def test_guesses_are_counted_by_address_and_lock_also_a_right_link(shop: models.Project) -> None:
    _, secret = invited(admin_of(shop))
    guesser, other = new_browser(REMOTE_ADDR="10.0.0.1"), new_browser(REMOTE_ADDR="10.0.0.2")
    for n in range(invitations.MAX_OF_ADDRESS):
        ask = guesser.get(PAGE, {"secret": f"guess-{n}"}) if n % 2 else accept(guesser, f"guess-{n}")
        assert ask.status_code == 403
    for answer in (accept(guesser, secret), guesser.get(PAGE, {"secret": secret})):
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) > 0
    assert other.get(PAGE, {"secret": secret}).status_code == 200
    # A right link that is opened again and again counts for nothing.
    for _ in range(invitations.MAX_OF_ADDRESS + 1):
        assert other.get(PAGE, {"secret": secret}).status_code == 200
    assert accept(other, secret).status_code == 302
    assert sign_in_locks.MAX_OF_ADDRESS > invitations.MAX_OF_ADDRESS


def test_odd_links(shop: models.Project) -> None:
    invited(admin_of(shop))
    browser = new_browser()
    for odd in ("", "\0", "x" * 5000, "\ud800", "' OR 1=1 --"):
        assert browser.get(PAGE, {"secret": odd.encode(errors="replace").decode()}).status_code == 403
    assert browser.get(PAGE).status_code == 403
    assert new_browser(enforce_csrf_checks=True).post(PAGE, FORM).status_code == 403


def test_who_has_a_second_factor_is_asked_for_it_after_a_new_password(shop: models.Project) -> None:
    user = people.create("ann", NEW_PASSWORD, "viewer", shop)
    set_up_second_factor(user)
    answer = post(EVERYTHING, f"{user.pk}/invitation/").json()
    browser = new_browser()
    assert accept(browser, secret_of(answer["invitation"]["url"]))["Location"] == "/sign-in/code/"
    assert not is_inside(browser)


def test_the_password_of_before_is_valid_until_the_link_is_used(shop: models.Project) -> None:
    user = people.create("ann", NEW_PASSWORD, "viewer", shop)
    inside = new_browser()
    signed_in(inside, NEW_PASSWORD)
    secret = secret_of(post(EVERYTHING, f"{user.pk}/invitation/").json()["invitation"]["url"])
    assert is_inside(inside)
    accept(new_browser(), secret)
    assert not is_inside(inside)
    assert signed_in(new_browser(), NEW_PASSWORD).status_code == 403


def test_nobody_gets_into_an_account_that_may_do_more_or_belongs_elsewhere(shop: models.Project) -> None:
    other = models.Project.objects.create(name="other")
    mine, _ = invited(admin_of(shop), name="mine")
    with_password = people.create("with-password", PASSWORD, "viewer", shop)
    elsewhere, _ = invited(admin_of(shop), name="elsewhere")
    people.give_role(elsewhere, "viewer", other)
    powerful, _ = invited(EVERYTHING, name="powerful", role="admin", everywhere=True)
    external = people.create("external", None, "viewer", shop)
    ExternalIdentity.objects.create(user=external, issuer="a", subject="b")
    stranger, _ = invited(admin_of(other), name="stranger")
    statuses = {
        mine: (200, 200),
        with_password: (403, 200),
        elsewhere: (403, 200),
        powerful: (403, 200),
        external: (409, 409),
        stranger: (404, 200),
    }
    for user, (of_project, of_service) in statuses.items():
        path = f"{user.pk}/invitation/"
        assert post(admin_of(shop), path).status_code == of_project, user
        assert post(EVERYTHING, path).status_code == of_service, user
    assert post(admin_of(shop), "", name="root", role="viewer", everywhere=True, invite=True).status_code == 403
    operator = replace(admin_of(shop), scopes=people.SCOPES["operator"])
    assert post(operator, "", name="x", role="viewer", invite=True).status_code == 403
    me = replace(EVERYTHING, identity=f"user:{mine.pk}")
    assert post(me, f"{mine.pk}/invitation/").status_code == 409
    people.set_active(mine, False)
    assert post(EVERYTHING, f"{mine.pk}/invitation/").status_code == 409


def test_what_is_asked_for_is_checked(shop: models.Project) -> None:
    for body in ({"password": PASSWORD}, {"expires_in": 1}, {"expires_in": 10**9}, {"name": "a b"}):
        answer = post(admin_of(shop), "", **{"name": "ann", "role": "viewer", "invite": True, **body})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-field"), body
    assert not User.objects.exists()
    user, _ = invited(admin_of(shop), expires_in=600)
    left = Invitation.objects.get(user=user)
    assert timedelta(seconds=590) < left.expires_at - left.created_at < timedelta(seconds=610)


def test_the_command_prints_a_link_for_a_new_person_and_for_one_who_is_there(shop: models.Project) -> None:
    def run(*arguments: str) -> str:
        output = io.StringIO()
        call_command("people", "invite", *arguments, stdout=output, stderr=io.StringIO())
        return output.getvalue().strip()

    first = secret_of(run("ann", "--role", "viewer", "--project", "shop"))
    second = secret_of(run("ann", "--days", "30"))
    assert accept(new_browser(), first).status_code == 403
    assert accept(new_browser(), second).status_code == 302
    for wrong in (("bob",), ("ann", "--role", "admin"), ("ann", "--days", "0"), ("ann", "--days", "31")):
        with pytest.raises(CommandError):
            run(*wrong)
    with pytest.raises(CommandError, match="For a new link, leave out --role"):
        run("ann", "--role", "viewer", "--project", "shop")
    people.set_active(User.objects.get(), False)
    with pytest.raises(CommandError, match="inactive"):
        run("ann")


def test_the_command_tells_of_links_and_ends_them(shop: models.Project) -> None:
    def run(*arguments: str) -> str:
        output = io.StringIO()
        call_command("people", *arguments, stdout=output, stderr=io.StringIO())
        return output.getvalue().strip()

    link = secret_of(run("invite", "ann", "--role", "viewer", "--project", "shop"))
    (told,) = json.loads(run("list", "--json"))
    assert (told["has_password"], told["invited_until"][:4].isdigit()) == (False, True)
    assert f"invited until {told['invited_until'][:16]}Z" in run("list")
    assert run("withdraw", "ann") == "ann has no invitation any more."
    assert run("withdraw", "ann") == "ann had no invitation."
    assert accept(new_browser(), link).status_code == 403
    assert json.loads(run("list", "--json"))[0]["invited_until"] is None
    with pytest.raises(CommandError):
        run("withdraw", "bob")


def test_nobody_signs_in_with_a_name_that_has_no_password_yet(shop: models.Project) -> None:
    invited(admin_of(shop))
    for password in ("", "!", "None"):
        assert new_browser().post(SIGN_IN, {"username": "ann", "password": password}).status_code in {400, 403}
