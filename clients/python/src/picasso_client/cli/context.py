"""What all commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

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


def of_service(function: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command that asks a service its settings; their options count before the command and behind it."""
    for option in (PROJECT, URL):
        function = option(function)
    return click.pass_obj(function)


def set_url(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    ctx.obj.url = value or ctx.obj.url


def set_project(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    ctx.obj.project = value or ctx.obj.project


URL = click.option(
    "--url",
    "address",
    metavar="URL",
    expose_value=False,
    callback=set_url,
    help="The address of the service. Default: PICASSO_URL, that of `login`, or the port PICASSO_PORT here.",
)
PROJECT = click.option(
    "--project",
    metavar="NAME",
    expose_value=False,
    callback=set_project,
    help="The project to act in, for keys that may act in several.",
)


def waiting(fault: str, seconds: int) -> None:
    say(f"{fault.rstrip('.')}; trying again for about {seconds} s. Ctrl-C stops.")


def fail_if(failed: int) -> None:
    """Exit with 1 if something failed; the rest was done."""
    if failed:
        raise click.exceptions.Exit(1)
