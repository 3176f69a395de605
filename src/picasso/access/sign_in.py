"""Signing in with a password: what fails is counted, and too many failures lock the account and the address.

While it is locked, a right password is refused as well, so nobody learns whether a guess was right. The counts are in
the database: they hold for all processes and machines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db.models.functions import Now

from picasso.access import audit
from picasso.access.audit import Outcome
from picasso.errors import SignInLocked, SignInRefused
from picasso.limits.subjects import subject_of_address
from picasso.models import SignInFailure

WINDOW = timedelta(minutes=15)
MAX_OF_ACCOUNT = 10
MAX_OF_ADDRESS = 50

MAX_PASSWORD = 1024
"""Longer ones would cost time to hash."""


def check_password(name: str, password: str, address: str) -> User:
    """The person with this name and password.

    Raises `SignInLocked`, `SignInRefused`. An unknown name takes as long as a wrong password.
    """
    with attempt(name, address):
        user = authenticate(username=name, password=password) if len(password) <= MAX_PASSWORD else None
        if not isinstance(user, User):
            raise SignInRefused
    return user


@contextmanager
def attempt(name: str, address: str) -> Iterator[None]:
    """Around the check of a password or a code. It counts as a failure until the check has ended well.

    It counts before the check, so that parallel guesses don't pass the lock. Raises `SignInLocked`. While it is locked,
    nothing counts, or the lock would never end.
    """
    subjects = subjects_of(name, address)
    require_unlocked(subjects)
    counted = [row.pk for row in SignInFailure.objects.bulk_create(SignInFailure(subject=each) for each in subjects)]
    mine = SignInFailure.objects.filter(pk__in=counted)
    try:
        require_unlocked({subject: limit + 1 for subject, limit in subjects.items()})
    except SignInLocked:
        mine.delete()
        raise
    try:
        yield
    except SignInRefused:
        record_failure(User.objects.filter(username=name).first())
        raise
    mine.delete()


def record_failure(user: User | None) -> None:
    """Of a name that nobody has, nothing is written down: it may be a password."""
    name, user_id = (user.get_username(), user.pk) if user else ("", "")
    audit.record("session.sign-in", "user", user_id, outcome=Outcome.DENIED, name=name)


def succeed(name: str, address: str) -> None:
    """Forget the failures of the account; those of the address stay, or one own account would unlock all guessing."""
    account = next(iter(subjects_of(name, address)))
    SignInFailure.objects.filter(subject=account).delete()


def require_unlocked(subjects: dict[str, int]) -> None:
    """Raises `SignInLocked`."""
    for subject, limit in subjects.items():
        if SignInFailure.objects.filter(subject=subject, at__gt=Now() - WINDOW).count() >= limit:
            raise SignInLocked(int(WINDOW.total_seconds()))


def forget_old_failures() -> None:
    SignInFailure.objects.filter(at__lt=Now() - WINDOW).delete()


def subjects_of(name: str, address: str) -> dict[str, int]:
    """What failures of this attempt count for, with the most that each may have. The account comes first."""
    return {
        hashed("account", name.lower()): MAX_OF_ACCOUNT,
        hashed("address", subject_of_address(address)): MAX_OF_ADDRESS,
    }


def hashed(kind: str, word: str) -> str:
    """A password that somebody typed into the field for the name is not kept as text."""
    return f"{kind}:{hashlib.sha256(word.encode(errors='replace')).hexdigest()}"
