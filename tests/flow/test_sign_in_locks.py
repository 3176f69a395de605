"""Passwords and codes can't be guessed without end, and a stranger locks nobody out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from picasso.access import people, sign_in, sign_in_locks
from picasso.access.sign_in_locks import (
    MAX_OF_ACCOUNT,
    MAX_OF_ACCOUNT_AT_ADDRESS,
    MAX_OF_ADDRESS,
    MAX_OF_BROWSER,
    MAX_OF_CODES,
)
from picasso.access.sign_in_locks import Client as From
from picasso.errors import SignInLocked, SignInRefused
from picasso.models import SignInFailure
from tests.flow.people import (
    ACCOUNT,
    CODE,
    NEW_PASSWORD,
    PASSWORD,
    Role,
    new_browser,
    signed_in,
)
from tests.flow.rows import side_by_side

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("of_people")]


HOME, ELSEWHERE = From("192.0.2.1"), From("198.51.100.7")


def fail(client: From, times: int = 1, name: str = "ann") -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            sign_in.check_password(name, "wrong", client)


def failures_from_everywhere(times: int) -> None:
    """As of somebody with many addresses."""
    account = f"account:{sign_in_locks.account_of('ann')}"
    SignInFailure.objects.bulk_create(SignInFailure(subject=account) for _ in range(times))


def test_too_many_failures_lock_the_account_for_their_address(ann: User, browser: Client) -> None:
    fail(From("127.0.0.1"), MAX_OF_ACCOUNT_AT_ADDRESS)
    with pytest.raises(SignInLocked):
        sign_in.check_password("Ann", PASSWORD, From("127.0.0.1"))
    locked = signed_in(browser)
    assert (locked.status_code, locked["Retry-After"]) == (429, "900")
    SignInFailure.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert signed_in(browser).status_code == 302
    sign_in_locks.forget_old_failures()
    assert not SignInFailure.objects.exists()


def test_a_stranger_locks_nobody_out(ann: User, browser: Client) -> None:
    fail(ELSEWHERE, MAX_OF_ACCOUNT_AT_ADDRESS)
    assert sign_in.check_password("ann", PASSWORD, HOME) == ann


def test_a_stranger_with_many_addresses_locks_no_browser_that_a_person_uses(ann: User, browser: Client) -> None:
    signed_in(browser)
    browser.post("/sign-out/")
    failures_from_everywhere(MAX_OF_ACCOUNT)
    with pytest.raises(SignInLocked):
        sign_in.check_password("ann", PASSWORD, ELSEWHERE)
    assert signed_in(new_browser()).status_code == 429
    assert signed_in(browser).status_code == 302
    assert signed_in(new_browser()).status_code == 429, "a sign-in forgives no guesses of others"


def test_a_lock_of_the_address_leaves_out_the_browsers_that_a_person_uses(ann: User, browser: Client) -> None:
    signed_in(browser)
    for n in range(MAX_OF_ADDRESS):
        fail(From("127.0.0.1"), name=f"name{n}")
    assert signed_in(new_browser()).status_code == 429
    assert signed_in(browser).status_code == 302


def test_a_known_browser_has_a_lock_of_its_own(ann: User, browser: Client) -> None:
    signed_in(browser)
    answers = [signed_in(browser, "wrong").status_code for _ in range(MAX_OF_BROWSER + 1)]
    assert answers == [403] * MAX_OF_BROWSER + [429]


@pytest.mark.parametrize("cookie", ["made-up", "", "gAAAAA==", "\u20ac", "x" * 3000])
def test_a_made_up_browser_is_an_unknown_one(ann: User, cookie: str) -> None:
    failures_from_everywhere(MAX_OF_ACCOUNT)
    with pytest.raises(SignInLocked):
        sign_in.check_password("ann", PASSWORD, From("192.0.2.1", cookie))


def test_a_browser_is_known_for_one_account(ann: User, browser: Client) -> None:
    people.create("bob", PASSWORD, Role.VIEWER, None)
    signed_in(browser, name="bob")
    failures_from_everywhere(MAX_OF_ACCOUNT)
    assert signed_in(browser).status_code == 429


def test_too_many_failures_lock_the_address(ann: User) -> None:
    for n in range(MAX_OF_ADDRESS):
        fail(From(f"2001:db8::{n:x}"), name=f"name{n}")
    with pytest.raises(SignInLocked):
        sign_in.check_password("ann", PASSWORD, From("2001:db8::ffff"))
    assert sign_in.check_password("ann", PASSWORD, From("2001:db8:0:1::1")) == ann


def test_a_present_password_can_not_be_guessed_without_end(ann: User, browser: Client) -> None:
    signed_in(browser)
    for guess in ({"do": "password", "old": "a guess", "new": NEW_PASSWORD}, {"do": "enrol", "password": "a guess"}):
        answers = [browser.post(ACCOUNT, guess).status_code for _ in range(MAX_OF_BROWSER + 1)]
        assert answers == [403] * MAX_OF_BROWSER + [429]
        SignInFailure.objects.all().delete()


def test_codes_can_not_be_guessed_without_end(ann: User, browser: Client, with_second_factor: list[str]) -> None:
    """Nor from many addresses: whoever has the password could have them."""
    signed_in(browser)
    guesses = ((f"10.0.{n}.1", f"{n:06}") for n in range(MAX_OF_CODES + 1))
    answers = [browser.post(CODE, {"code": code}, REMOTE_ADDR=address).status_code for address, code in guesses]
    assert answers == [403] * MAX_OF_CODES + [429]


def test_codes_of_the_set_up_can_not_be_guessed_without_end(ann: User, browser: Client) -> None:
    signed_in(browser)
    browser.post(ACCOUNT, {"do": "enrol", "password": PASSWORD})
    answers = [browser.post(ACCOUNT, {"do": "confirm", "code": f"{n}"}) for n in range(MAX_OF_BROWSER + 1)]
    assert [answer.status_code for answer in answers] == [403] * MAX_OF_BROWSER + [429]
    assert b"<svg" in answers[-1].content


def test_parallel_guesses_do_not_pass_the_lock(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []

    def refuse(**_: str) -> None:
        checked.append(1)

    monkeypatch.setattr(sign_in, "authenticate", refuse)
    refused = side_by_side([guess] * 32)
    assert set(refused) <= {SignInRefused, SignInLocked}
    assert len(checked) == refused.count(SignInRefused) <= MAX_OF_ACCOUNT_AT_ADDRESS
    account = SignInFailure.objects.filter(subject__startswith="account:")
    assert account.count() == len(checked), "only what was checked counts"


def guess() -> type[Exception] | None:
    try:
        sign_in.check_password("ann", "wrong", HOME)
    except (SignInRefused, SignInLocked) as fault:
        return type(fault)
    return None


def test_who_signs_in_rightly_does_not_lock_the_address(ann: User) -> None:
    for _ in range(MAX_OF_ACCOUNT_AT_ADDRESS + 1):
        assert sign_in.check_password("ann", PASSWORD, HOME) == ann
    assert not SignInFailure.objects.exists()
