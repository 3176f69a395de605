"""Invitations: a link by which a person sets their own password, once, before it expires.

Only a hash of the secret in the link is stored. A person has at most one: a new one ends the one before. It also ends
when the person gets a password in another way, is deactivated, or gets a role, so a link never lets anybody do more
than on the day on which it was made.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from picasso.access import audit, people, sign_in_locks
from picasso.access.actor import Actor
from picasso.access.sign_in_locks import Client
from picasso.errors import SignInRefused
from picasso.models import Invitation
from picasso.timestamps import rfc3339

LIFETIME = timedelta(days=3)
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=30)

SECRET_BYTES = 32

MAX_SECRET = 100
"""Characters that are looked at."""

MAX_OF_ADDRESS = 20
"""So many wrong links within 15 minutes end the attempts of an address; see `picasso.access.sign_in_locks`."""

NOT_VALID = "This link is not valid any more: it was used, has expired, or was replaced. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation. Its secret is known now only."""

    secret: str
    expires_at: datetime


def create(user: User, lifetime: timedelta = LIFETIME) -> Invited:
    """It replaces the one of before. The person's password stays until the link is used.

    Whoever checks first whether the person may be invited does both in one transaction, after `people.locked`.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with transaction.atomic():
        people.locked(user)
        Invitation.objects.filter(user=user).delete()
        row = Invitation.objects.create(user=user, secret_hash=hashed(secret), expires_at=Now() + lifetime)
        row.refresh_from_db()
        audit.record_person("person.invite", user, until=rfc3339(row.expires_at))
    return Invited(secret, row.expires_at)


def withdraw(user: User) -> bool:
    """End the invitation of a person; False if there was none."""
    with transaction.atomic():
        people.locked(user)
        withdrawn = Invitation.objects.filter(user=user).delete()[0] > 0
        if withdrawn:
            audit.record_person("person.withdraw-invitation", user)
    return withdrawn


def until(user: User) -> datetime | None:
    """Until when the link of the last invitation is valid, which may have passed; None without one."""
    row = Invitation.objects.filter(user=user).first()
    return row.expires_at if row else None


def invited(secret: str, client: Client) -> User:
    """The person whom this link is for. A wrong one counts. Raises `SignInLocked`, `SignInRefused`."""
    counted = sign_in_locks.count(sign_in_locks.link_subjects(client, MAX_OF_ADDRESS))
    row = valid(secret)
    if row is None:
        raise SignInRefused(NOT_VALID)
    sign_in_locks.uncount(counted)
    return row.user


def accept(secret: str, password: str, client: Client) -> User:
    """Set the password of the person whom the link is for. Of two at the same moment one gets `SignInRefused`.

    Raises that, `SignInLocked`, and `InvalidField` for a weak password, after which the link is still valid.
    """
    user = invited(secret, client)
    people.require_strong(password, user)
    with transaction.atomic():
        # As everybody who ends a link: the person first, then the link.
        people.locked(user)
        # Whoever deletes the row has it.
        if not Invitation.objects.filter(secret_hash=hashed(secret), expires_at__gt=Now()).delete()[0]:
            raise SignInRefused(NOT_VALID)
        people.set_password(user, password, Actor("session", f"user:{user.pk}", address=client.address))
    return user


def valid(secret: str) -> Invitation | None:
    rows = Invitation.objects.filter(secret_hash=hashed(secret[:MAX_SECRET]), expires_at__gt=Now())
    return rows.filter(user__is_active=True).select_related("user").first()


def hashed(secret: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
