"""`api`: everything that has no command of its own, such as jobs and webhooks."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from picasso_client.cli.context import Settings, of_service


@click.command()
@click.argument("path")
@click.option("-X", "--method", help="Default: GET, or POST with --data.")
@click.option("-d", "--data", metavar="JSON", help="The body; @FILE for that of a file, @- for the standard input.")
@click.option("-q", "--query", metavar="NAME=VALUE", multiple=True)
@of_service
def api(settings: Settings, /, *, path: str, method: str | None, data: str | None, query: Sequence[str]) -> None:
    """Send any request of the API, and print the answer as JSON.

    \b
    api jobs/ -q state=failed          list failed jobs
    api jobs/ID/retry/ -X POST         run one again
    api webhooks/ -d '{"url": "https://example.com/hook"}'
    """
    body = None if data is None else read(data)
    params = dict(pair(each) for each in query)
    path = path.removeprefix("/api/v1.0/").removeprefix("/")
    with settings.client() as client:
        answer = client.request((method or ("GET" if data is None else "POST")).upper(), path, params=params, body=body)
    if answer is not None:
        click.echo(json.dumps(answer, indent=2))


def read(data: str) -> Any:
    text = data
    if data.startswith("@"):
        text = sys.stdin.read() if data == "@-" else Path(data[1:]).read_text("utf-8")
    try:
        return json.loads(text)
    except ValueError as fault:
        raise click.UsageError(f"--data is not JSON: {fault}") from fault


def pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{text!r} is not NAME=VALUE.")
    return name, value


COMMANDS = {"api": api}
