"""The rows of sessions: finding those of one person.

Django's table has no column for the person. It has a row for each sign-in of the last twelve hours, so reading them all
takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models.functions import Now

PENDING = "picasso.pending"
"""The key in the session of a person whose password was right, and whose second factor is still to come."""


def end(user: User, keep: str = "") -> None:
    """End the sessions of the person, also those whose second factor is still to come, but not the one to keep."""
    Session.objects.filter(session_key__in=[*keys_of(user)]).exclude(session_key=keep).delete()


def keys_of(user: User) -> Iterator[str]:
    for row in Session.objects.filter(expire_date__gt=Now()).iterator():
        data = row.get_decoded()
        if str(user.pk) in {data.get(SESSION_KEY), str(data.get(PENDING, {}).get("user"))}:
            yield row.session_key
