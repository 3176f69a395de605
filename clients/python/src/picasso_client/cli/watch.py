"""`watch`: follow events."""

from __future__ import annotations

from typing import Any

import click

from picasso_client.cli.context import PATIENT, Settings, of_service
from picasso_client.cli.output import say, show, show_json
from picasso_client.models import Event


@click.command()
@click.option("--type", metavar="TYPES", help="Such as file.processed, or file.* ; several with commas.")
@click.option("--file", metavar="ID", help="Only of this file.")
@click.option("--owner", help="Only of this end user's files.")
@click.option("-t", "--tag", help="Only of files with this tag.")
@click.option("--after", type=click.IntRange(0), metavar="N", help="Begin behind this event; 0 for all that are kept.")
@click.option("-n", "--limit", type=click.IntRange(1), help="End after so many events.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
@of_service
def watch(settings: Settings, /, *, after: int | None, limit: int | None, as_json: bool, **filters: Any) -> None:
    """Print what happens, until Ctrl-C. Nothing is missed while the connection is away."""
    given: Any = {name: value for name, value in filters.items() if value is not None}
    last = after
    try:
        with settings.client(PATIENT) as client:
            for number, event in enumerate(client.events(after, **given), 1):
                show_json(event.raw) if as_json else show(line(event))
                last = event.seq
                if number == limit:
                    return
    finally:
        if last is not None and number_of_more(limit):
            say(f"Go on with --after {last}.")


def number_of_more(limit: int | None) -> bool:
    """Whether whoever watched wanted more."""
    return limit is None


def line(event: Event) -> str:
    time = event.at.astimezone().strftime("%H:%M:%S") if event.at else "--:--:--"
    about = event.data.get("id") or event.data.get("import") or event.data.get("webhook") or ""
    more = " ".join(str(event.data[name]) for name in ("name", "progress", "error") if event.data.get(name))
    return f"{event.seq:>8}  {time}  {event.type:16}  {about}  {more}".rstrip()


COMMANDS = {"watch": watch}
