"""The names of actors, as people know them."""

from __future__ import annotations

from django.contrib.auth import get_user_model

from picasso.access.actor import Actor
from picasso.models import Key


def name_of(actor: Actor) -> str:
    """Of a person or a key its name, of the command line the user of the system; empty where nobody is known."""
    kind, _, identity = actor.identity.partition(":")
    if kind == "user" and identity.isdigit():
        found = get_user_model().objects.filter(pk=identity).first()
        return found.get_username() if found else ""
    if kind == "key":
        return Key.objects.filter(pk=identity).values_list("name", flat=True).first() or identity
    return identity if kind == "system" else ""
