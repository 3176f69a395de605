"""The second factor: signing in with it, setting it up, removing it."""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyotp
import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.test import Client

from picasso.access import people, second_factor
from picasso.api.people.steps import SIGNED_IN_AT
from picasso.errors import Conflict
from picasso.models import SecondFactor, SignInFailure
from tests.flow.people import (
    ACCOUNT,
    CODE,
    FILES,
    NEW_PASSWORD,
    PASSWORD,
    SIGN_IN,
    ask_as,
    code_of,
    is_inside,
    new_browser,
    set_up_second_factor,
    signed_in,
)
from tests.flow.rows import side_by_side

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("of_people")]


def test_a_second_factor_is_asked_for(
    ann: User, browser: Client, with_second_factor: list[str], tmp_path: Path
) -> None:
    answer = signed_in(browser, next="/account/")
    assert answer["Location"] == "/sign-in/code/?next=%2Faccount%2F"
    (half,) = ask_as(browser, tmp_path, ("GET", FILES))
    assert half.status == 401, "the password alone is not enough"
    assert browser.post(CODE, {"code": "000000"}).status_code == 403
    assert browser.post(CODE, {"code": used_code_of(ann)}).status_code == 403, "it was used before"
    entered = browser.post(CODE, {"code": code_of(ann, 1), "next": "/account/"})
    assert entered["Location"] == "/account/"
    (whole,) = ask_as(browser, tmp_path, ("GET", FILES))
    assert whole.status == 200


def used_code_of(user: User) -> str:
    """The last one that was used. The app may show the next one by now."""
    row = SecondFactor.objects.get(user=user)
    secret = second_factor.cipher.decrypt(row.secret)
    assert secret
    return pyotp.TOTP(secret).generate_otp(row.last_step)


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


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_parallel_uses_of_a_code_are_one(ann: User, with_second_factor: list[str], kind: str) -> None:
    code = code_of(ann, 1) if kind == "app" else with_second_factor[0]
    assert sum(side_by_side([lambda: second_factor.verify(ann, code)] * 6)) == 1


def test_the_secret_is_not_readable_in_the_database(ann: User, with_second_factor: list[str]) -> None:
    row = SecondFactor.objects.get(user=ann)
    stored = json.dumps([row.secret, row.recovery_codes])
    secret = second_factor.cipher.decrypt(row.secret)
    assert secret
    assert secret not in stored
    assert not any(code in stored for code in with_second_factor)


def test_the_account_page_sets_up_and_removes_a_second_factor(ann: User, browser: Client) -> None:
    assert browser.get(ACCOUNT)["Location"].startswith(SIGN_IN)
    signed_in(browser)
    page = browser.post(ACCOUNT, {"do": "enrol", "password": PASSWORD}).content.decode()
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
        assert browser.post(ACCOUNT, {"do": action, "password": PASSWORD, "code": "1"}).status_code == 409
    assert browser.post(ACCOUNT, {"do": "remove", "password": PASSWORD, "code": "1"}).status_code == 403
    assert browser.post(ACCOUNT, {"do": "remove", "password": PASSWORD, "code": code_of(ann, 1)}).status_code == 200
    assert not SecondFactor.objects.exists()


def test_an_open_session_alone_sets_up_and_removes_nothing(ann: User, browser: Client) -> None:
    signed_in(browser)
    for password, status in (("", 400), ("wrong", 403)):
        assert browser.post(ACCOUNT, {"do": "enrol", "password": password}).status_code == status
    assert not SecondFactor.objects.exists()
    set_up_second_factor(ann)
    for password, status in (("", 400), ("wrong", 403)):
        sent = {"do": "remove", "password": password, "code": code_of(ann, 1)}
        assert browser.post(ACCOUNT, sent).status_code == status
    assert second_factor.of(ann)


def test_a_session_that_did_not_begin_to_set_up_can_not_end_it(ann: User, browser: Client) -> None:
    """The answer to a wrong code shows the secret again."""
    other = new_browser()
    signed_in(browser)
    signed_in(other)
    browser.post(ACCOUNT, {"do": "enrol", "password": PASSWORD})
    stolen = other.post(ACCOUNT, {"do": "confirm", "code": "1"})
    assert stolen.status_code == 409
    assert b"<svg" not in stolen.content
    assert browser.post(ACCOUNT, {"do": "confirm", "code": code_of(ann)}).status_code == 200
    assert is_inside(browser)
    assert not is_inside(other), "a new second factor ends the other sessions"


def test_parallel_confirmations_are_one(ann: User) -> None:
    second_factor.enrol(ann)
    code = code_of(ann)
    shown = [codes for codes in side_by_side([lambda: second_factor.confirm(ann, code)] * 8) if codes]
    assert len(shown) == 1
    assert second_factor.verify(ann, shown[0][0]), "the codes that were shown are those that count"


def test_a_confirmed_one_is_never_replaced(ann: User) -> None:
    """Also not by somebody who began before it was confirmed."""
    second_factor.enrol(ann)
    code = code_of(ann)

    def enrol() -> None:
        with suppress(Conflict):
            second_factor.enrol(ann)

    def confirm() -> None:
        second_factor.confirm(ann, code)

    side_by_side([confirm, *[enrol] * 5])
    if second_factor.of(ann) is None:
        second_factor.enrol(ann)
        second_factor.confirm(ann, code_of(ann))
    confirmed = SecondFactor.objects.get()
    side_by_side([enrol] * 4)
    again = SecondFactor.objects.get()
    assert (again.secret, again.confirmed_at) == (confirmed.secret, confirmed.confirmed_at)


def test_a_new_password_ends_a_sign_in_that_waits_for_its_code(
    ann: User, browser: Client, with_second_factor: list[str]
) -> None:
    signed_in(browser)
    people.set_password(User.objects.get(), NEW_PASSWORD)
    assert browser.post(CODE, {"code": code_of(ann, 1)})["Location"].startswith(SIGN_IN)
    assert not is_inside(browser)


def test_the_session_of_the_first_step_is_another_one(
    ann: User, browser: Client, with_second_factor: list[str]
) -> None:
    """Nobody can fix the session of somebody else: its key changes with each step."""
    browser.cookies["sessionid"] = "a" * 32
    signed_in(browser)
    first = browser.cookies["sessionid"].value
    browser.post(CODE, {"code": code_of(ann, 1)})
    assert len({"a" * 32, first, browser.cookies["sessionid"].value}) == 3
    browser.cookies["sessionid"] = first
    assert not is_inside(browser)


def test_who_has_no_password_here_must_have_signed_in_lately(
    ann: User, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People of an identity provider."""
    signed_in(browser)
    User.objects.update(password=make_password(None))
    browser.force_login(User.objects.get())
    assert browser.post(ACCOUNT, {"do": "enrol"}).status_code == 403
    assert b"change_old" not in browser.get(ACCOUNT).content
    session = browser.session
    session[SIGNED_IN_AT] = int(time.time()) - 60
    session.save()
    assert browser.post(ACCOUNT, {"do": "enrol"}).status_code == 200
    assert browser.post(ACCOUNT, {"do": "confirm", "code": code_of(ann)}).status_code == 200
    assert browser.post(ACCOUNT, {"do": "remove", "code": code_of(ann, 1)}).status_code == 200
    assert not SecondFactor.objects.exists()
