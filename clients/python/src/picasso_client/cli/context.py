"""What all commands share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import click

from picasso_client.cli.output import say
from picasso_client.client import Client

PATIENT = 8
"""Failures in a row that uploads and downloads survive: about two minutes."""


@dataclass
class Settings:
    program: str
    """The name of the command, for messages."""
    others: Mapping[str, str]
    url: str | None = None
    project: str | None = None

    def client(self, retries: int = 3, key: str | None = None) -> Client:
        """Raises `click.UsageError` if the address or the key is none."""
        try:
            return Client(self.url, key, project=self.project, retries=retries, waiting=waiting)
        except ValueError as fault:
            raise click.UsageError(str(fault)) from fault


def waiting(fault: str, seconds: int) -> None:
    say(f"{fault.rstrip('.')}; trying again for about {seconds} s. Ctrl-C stops.")


def fail_if(failed: int) -> None:
    """Exit with 1 if something failed; the rest was done."""
    if failed:
        raise click.exceptions.Exit(1)
