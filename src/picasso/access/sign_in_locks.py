"""Failed attempts to sign in are counted, and too many of them lock.

| what is counted, within 15 minutes | most | what is locked |
| --- | --- | --- |
| wrong passwords of one account from one address | 10 | this account for this address |
| failures from one address | 50 | all accounts for this address |
| wrong passwords of one account from everywhere | 100 | the account |
| wrong codes of one account: only who knows its password gets so far | 10 | its second step |
| wrong passkeys of who signs in without a password, from one address | 20 | passkeys for this address |
| wrong links of invitations from one address | 20 | all links for this address |
| failures in a browser that the account has signed in with before | 10 | the account for this browser |

In such a browser only the last row counts, so a stranger can't lock a person out. While something is locked, a right
password is refused as well, so nobody learns whether a guess was right. The counts are in the database: they hold for
all processes and machines.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models.functions import Now

from picasso.access import known_browsers
from picasso.errors import SignInLocked
from picasso.limits.subjects import subject_of_address
from picasso.models import SignInFailure

WINDOW = timedelta(minutes=15)
MAX_OF_ACCOUNT_AT_ADDRESS = 10
MAX_OF_ADDRESS = 50
MAX_OF_ACCOUNT = 100
MAX_OF_CODES = 10
MAX_OF_BROWSER = 10
MAX_OF_PASSKEYS = 20


@dataclass(frozen=True, slots=True)
class Client:
    """Where an attempt comes from."""

    address: str
    """The IP address, as trusted proxies report it."""
    browser: str = ""
    """The cookie of `picasso.access.known_browsers`; empty without one."""


def account_of(name: str) -> str:
    """What stands for the account of this name. It is a hash, because somebody may type a password as the name."""
    return hashed(User.normalize_username(name).lower())


def password_subjects(name: str, client: Client) -> dict[str, int]:
    """What a wrong password counts for, with the most that each may have."""
    account, address = account_of(name), address_of(client)
    return browser_subject(account, client) or {
        f"pair:{hashed(account + address)}": MAX_OF_ACCOUNT_AT_ADDRESS,
        f"address:{address}": MAX_OF_ADDRESS,
        f"account:{account}": MAX_OF_ACCOUNT,
    }


def code_subjects(name: str, client: Client) -> dict[str, int]:
    """As `password_subjects`, for a wrong code of the second factor."""
    account = account_of(name)
    return browser_subject(account, client) or {
        f"code:{account}": MAX_OF_CODES,
        f"address:{address_of(client)}": MAX_OF_ADDRESS,
    }


def passkey_subjects(client: Client) -> dict[str, int]:
    """As `password_subjects`, for a wrong passkey of somebody who names no account."""
    address = address_of(client)
    return {f"passkey:{address}": MAX_OF_PASSKEYS, f"address:{address}": MAX_OF_ADDRESS}


def link_subjects(client: Client, most: int) -> dict[str, int]:
    """As `password_subjects`, for a link that nobody was given."""
    address = address_of(client)
    return {f"link:{address}": most, f"address:{address}": MAX_OF_ADDRESS}


def browser_subject(account: str, client: Client) -> dict[str, int]:
    browser = known_browsers.browser_of(account, client.browser)
    return {f"browser:{hashed(account + browser)}": MAX_OF_BROWSER} if browser else {}


def forgiven_subjects(name: str, client: Client) -> list[str]:
    """What a person who has signed in is forgiven.

    Not the failures of the address, or one own account would unlock all guessing; nor those from everywhere, or whoever
    guesses would only have to wait for the person to sign in.
    """
    account = account_of(name)
    return [f"pair:{hashed(account + address_of(client))}", f"code:{account}", *browser_subject(account, client)]


def count(subjects: dict[str, int]) -> list[int]:
    """Count one failure; the ids of its rows. Raises `SignInLocked`.

    The check comes after that, so that parallel guesses don't pass the lock. While it is locked, nothing counts, or the
    lock would never end.
    """
    require_unlocked(subjects)
    counted = [row.pk for row in SignInFailure.objects.bulk_create(SignInFailure(subject=each) for each in subjects)]
    try:
        require_unlocked({subject: limit + 1 for subject, limit in subjects.items()})
    except SignInLocked:
        uncount(counted)
        raise
    return counted


def uncount(ids: list[int]) -> None:
    SignInFailure.objects.filter(pk__in=ids).delete()


def forgive(name: str, client: Client) -> None:
    SignInFailure.objects.filter(subject__in=forgiven_subjects(name, client)).delete()


def require_unlocked(subjects: dict[str, int]) -> None:
    """Raises `SignInLocked`."""
    for subject, limit in subjects.items():
        if SignInFailure.objects.filter(subject=subject, at__gt=Now() - WINDOW).count() >= limit:
            raise SignInLocked(int(WINDOW.total_seconds()))


def forget_old_failures() -> None:
    SignInFailure.objects.filter(at__lt=Now() - WINDOW).delete()


def address_of(client: Client) -> str:
    return hashed(subject_of_address(client.address))


def hashed(word: str) -> str:
    return hashlib.sha256(word.encode(errors="replace")).hexdigest()
