"""`login`, `logout` and `whoami`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from picasso_client.cli.context import Settings, of_service
from picasso_client.cli.output import say, show, show_json
from picasso_client.client import Client
from picasso_client.config import Login, check_key, check_url, default_url, forget, save
from picasso_client.errors import PicassoError


@click.command()
@click.argument("url", required=False)
@click.option("--token-stdin", is_flag=True, help="Read the key from the standard input.")
@of_service
def login(settings: Settings, /, *, url: str | None, token_stdin: bool) -> None:
    """Store the address of a service, and a key or token for it.

    The key is checked first. Press Enter if the service needs none.
    """
    try:
        address = check_url(url or settings.url or ask_url(token_stdin))
        key = check_key(read_key(token_stdin))
    except ValueError as fault:
        raise click.UsageError(str(fault)) from fault
    settings.url = address
    with settings.client(1, key or "") as client:
        found = accepted(client)
    path = save(Login(address, key, settings.project))
    say(f"{address}: {describe(found)}. The login is stored in {path}.")


def accepted(client: Client) -> Any:
    """Who asks. The key is the one that was given just now, so no other one is blamed."""
    try:
        return client.request("GET", "me/")
    except PicassoError as fault:
        if fault.status == 401:
            raise click.ClickException(f"{fault} Nothing is stored.") from fault
        raise


def ask_url(token_stdin: bool) -> str:
    if token_stdin:
        raise click.UsageError("Name the address of the service.")
    return str(click.prompt("Address of the service", default=default_url(), err=True))


def read_key(token_stdin: bool) -> str | None:
    """Never as an argument: other users of a machine see those."""
    if token_stdin:
        text = sys.stdin.readline()
    elif sys.stdin.isatty():
        text = click.prompt("Key or token", default="", hide_input=True, show_default=False, err=True)
    else:
        raise click.UsageError("There is no terminal to ask for the key: use --token-stdin.")
    return text.strip() or None


def describe(me: Mapping[str, Any]) -> str:
    if me["kind"] == "open":
        return f"Access is open, in the project {me['project']}"
    key = (me.get("key") or {}).get("name")
    who = f'Signed in with the key "{key}"' if key else f"Signed in as {me.get('person') or me['kind']}"
    return f"{who} to the project {me['project']}"


@click.command()
def logout() -> None:
    """Remove the stored address and key. The key itself stays valid."""
    say("The login is removed." if forget() else "There was no login.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@of_service
def whoami(settings: Settings, /, *, as_json: bool) -> None:
    """Show the service, who asks it, and what they may do."""
    with settings.client() as client:
        found = client.request("GET", "me/")
        if as_json:
            show_json({"url": client.url, **found})
            return
        show(f"{client.url}: {describe(found)}")
    show("Scopes: " + " ".join(found["scopes"]))


COMMANDS = {"login": login, "logout": logout, "whoami": whoami}
