"""`import`: let the service fetch files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from picasso_client.cli.context import Settings, fail_if, of_service
from picasso_client.cli.output import error_json, failure_text, say, show, show_json
from picasso_client.client import Client
from picasso_client.errors import PicassoError
from picasso_client.models import Failure, Import

SILENCE = 5.0
"""Seconds of waiting, after which the reason is told."""


@click.command("import")
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option("--name", help="Of the file, if there is one URL.")
@click.option("--sha256", metavar="HEX", help="What the content must be.")
@click.option("--pipeline", metavar="NAME")
@click.option("--visibility", type=click.Choice(["private", "public"]))
@click.option("-t", "--tag", "tags", metavar="TAG", multiple=True)
@click.option("-w", "--wait", is_flag=True, help="Until all have ended.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
@of_service
def import_(settings: Settings, /, *, urls: Sequence[str], wait: bool, as_json: bool, **options: Any) -> None:
    """Let the service fetch files from URLs, in the background."""
    if len(urls) > 1 and (options["name"] or options["sha256"]):
        raise click.UsageError("--name and --sha256 are for one URL.")
    given: Any = {name: list(value) if name == "tags" else value for name, value in options.items() if value}
    failed = 0
    with settings.client() as client:
        begun = [begin(client, url, given, as_json) for url in urls]
        failed += begun.count(None)
        for each in filter(None, begun):
            ended = end(client, each, as_json) if wait else each
            if ended:
                show_json(ended.raw) if as_json else show(line(ended))
            failed += ended is None or ended.state in {"failed", "cancelled"}
    fail_if(failed)


def begin(client: Client, url: str, options: Any, as_json: bool) -> Import | None:
    try:
        return client.import_url(url, **options)
    except PicassoError as error:
        fail(url, error, as_json)
        return None


def end(client: Client, begun: Import, as_json: bool) -> Import | None:
    try:
        return ended(client, begun)
    except PicassoError as error:
        fail(begun.url, error, as_json, id=begun.id)
        return None


def ended(client: Client, begun: Import) -> Import:
    """The import when it has ended. It may be tried for hours, so each new reason is told."""
    known: Failure | None = None
    while True:
        try:
            return client.wait_import(begun.id, SILENCE)
        except PicassoError as error:
            if error.code != "timeout":
                raise
        reason = client.get_import(begun.id).error
        if reason and reason != known:
            say(f"{begun.url}: {failure_text(reason)} The service tries again; Ctrl-C does not end that.")
        known = reason


def fail(url: str, error: PicassoError, as_json: bool, **more: str) -> None:
    if as_json:
        show_json({"url": url, **more, "error": error_json(error)})
    say(f"{url}: {error}")


def line(found: Import) -> str:
    about = failure_text(found.error) if found.error else f"file {found.file_id}" if found.file_id else ""
    return f"{found.id}  {found.state:9}  {found.url}  {about}".rstrip()


COMMANDS = {"import": import_}
