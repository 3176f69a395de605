"""Signing in: checks of passwords and codes, which can't be guessed without end (`picasso.access.sign_in_locks`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib.auth import authenticate
from django.contrib.auth.models import User

from picasso.access import audit, passkeys, second_factor, sign_in_locks
from picasso.access.audit import Outcome
from picasso.access.sign_in_locks import Client
from picasso.errors import SignInRefused
from picasso.models import Passkey

MAX_PASSWORD = 1024
"""Longer ones would cost time to hash."""

MAX_CODE = 40

WRONG_NAME = "The name or the password is wrong."
WRONG_OWN = "The password is wrong."
WRONG_CODE = "The code is wrong, or it was used already. Wait for the next one."
WRONG_APP_CODE = "The code is wrong. Enter the one that the app shows now."


def check_password(name: str, password: str, client: Client) -> User:
    """The person with this name and password.

    Raises `SignInLocked`, `SignInRefused`. An unknown name takes as long as a wrong password.
    """
    name = User.normalize_username(name)
    with attempt(named(name), sign_in_locks.password_subjects(name, client)):
        user = authenticate(username=name, password=password) if len(password) <= MAX_PASSWORD else None
        if not isinstance(user, User):
            raise SignInRefused(WRONG_NAME)
    return user


def check_own_password(user: User, password: str, client: Client) -> User:
    """The person as the database has them now. Raises `SignInLocked`, `SignInRefused`."""
    try:
        return check_password(user.get_username(), password, client)
    except SignInRefused:
        raise SignInRefused(WRONG_OWN) from None


def check_code(user: User, code: str, client: Client) -> None:
    """A code of the second factor. Raises `SignInLocked`, `SignInRefused`."""
    name = user.get_username()
    with attempt(named(name), sign_in_locks.code_subjects(name, client)):
        if len(code) > MAX_CODE or not second_factor.verify(user, code):
            raise SignInRefused(WRONG_CODE)


def check_passkey(user: User, text: str, client: Client) -> Passkey:
    """One of this person, as the second factor. Raises `SignInLocked`, `SignInRefused`."""
    name = user.get_username()
    with attempt(named(name), sign_in_locks.code_subjects(name, client)):
        return passkeys.verify(passkeys.parse(text), user)


def check_passkey_alone(text: str, client: Client) -> Passkey:
    """Without a name and a password. Raises `SignInLocked`, `SignInRefused`."""
    answer: passkeys.Answer | None = None
    with attempt(lambda: passkeys.owner(answer) if answer else None, sign_in_locks.passkey_subjects(client)):
        answer = passkeys.parse(text)
        return passkeys.verify(answer, None)


def confirm_second_factor(user: User, code: str, client: Client) -> list[str]:
    """The recovery codes. Raises `SignInLocked`, `SignInRefused`."""
    name = user.get_username()
    with attempt(named(name), sign_in_locks.code_subjects(name, client)):
        codes = second_factor.confirm(user, code) if len(code) <= MAX_CODE else None
        if codes is None:
            raise SignInRefused(WRONG_APP_CODE)
    return codes


@contextmanager
def attempt(find: Callable[[], User | None], subjects: dict[str, int]) -> Iterator[None]:
    """Around the check of a password or a code. It counts as a failure until the check has ended well.

    ``find`` tells whose account a failure is about. A page that was open for too long is no failure.
    Raises `SignInLocked`.
    """
    counted = sign_in_locks.count(subjects)
    try:
        yield
    except passkeys.AnsweredLate:
        sign_in_locks.uncount(counted)
        raise
    except SignInRefused:
        record_failure(find())
        raise
    sign_in_locks.uncount(counted)


def named(name: str) -> Callable[[], User | None]:
    return User.objects.filter(username=name).first


def record_failure(user: User | None) -> None:
    """Of a name that nobody has, nothing is written down: it may be a password."""
    name, user_id = (user.get_username(), user.pk) if user else ("", "")
    audit.record("session.sign-in", "user", user_id, outcome=Outcome.DENIED, name=name)
