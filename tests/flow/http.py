"""Django's test client, whose requests have the principal that the router gives to real ones."""

from __future__ import annotations

from django.test import Client

from picasso.access.principal import ENVIRON, OPEN, Principal


def client(principal: Principal = OPEN) -> Client:
    return Client(**{ENVIRON: principal})  # type: ignore[arg-type] # any key of a WSGI environ
