"""`ls`, `rm`, `restore` and `tag`."""

from __future__ import annotations

import itertools
import re
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Unpack, cast

import click

from picasso_client.cli.context import Settings, fail_if, of_service
from picasso_client.cli.output import failure_text, file_line, say, show, show_json
from picasso_client.client import Client
from picasso_client.errors import PicassoError
from picasso_client.models import File, Outcome
from picasso_client.requests import BatchOptions, Filters

LISTED = 100

# Where the option has another name than the parameter.
OPTIONS = {
    "uploaded_after": "--after",
    "uploaded_before": "--before",
    "media_type": "--type",
    "size_min": "--min-size",
    "size_max": "--max-size",
    "ordering": "--sort",
}
ERRORS_AT_ONCE = 8

IDS = click.argument("ids", metavar="ID...", nargs=-1, required=True, type=click.UUID)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")


@click.command("ls")
@click.option("--state", type=click.Choice(["pending", "processing", "processed", "failed"]))
@click.option("--type", "media_type", metavar="TYPE", help="Such as image/png or image/*.")
@click.option("--name", help="The name contains this.")
@click.option("-t", "--tag", help="The file has this tag.")
@click.option("--owner", help="The end user whose files they are.")
@click.option("--pipeline")
@click.option("--error", metavar="CODE", help="Files that failed with this code.")
@click.option("--sha256", metavar="HEX")
@click.option("--min-size", "size_min", type=int, metavar="BYTES")
@click.option("--max-size", "size_max", type=int, metavar="BYTES")
@click.option(
    "--after", "uploaded_after", metavar="TIME", help="Uploaded at this time or later: 2026-11-30, or RFC 3339."
)
@click.option("--before", "uploaded_before", metavar="TIME")
@click.option("--sort", "ordering", metavar="ORDER", help="uploaded_at, size or name; -size for the largest first.")
@click.option("-n", "--limit", type=click.IntRange(1), default=LISTED, show_default=True)
@click.option("--all", "all_files", is_flag=True, help="All files, however many they are.")
@click.option("--wide", is_flag=True, help="Say in a sentence why files have failed, not only by a code.")
@AS_JSON
@of_service
def ls(settings: Settings, /, *, limit: int, all_files: bool, wide: bool, as_json: bool, **filters: Any) -> None:
    """List files, the newest first; those that failed with the code of their error."""
    given = cast("Filters", {name: value for name, value in filters.items() if value is not None})
    with settings.client() as client, named_as_options():
        found = client.files(**given)
        for file in with_errors(client, found if all_files else itertools.islice(found, limit)):
            show_json(listed(file)) if as_json else show(file_line(file, wide=wide))
        if not all_files and next(found, None):
            say(f"There are more than {limit}: see --limit and --all.")


@contextmanager
def named_as_options() -> Iterator[None]:
    """What the service says of a parameter is about the option."""
    try:
        yield
    except PicassoError as error:
        if error.status != 400 or not error.errors:
            raise
        text = error.detail
        for parameter, option in OPTIONS.items():
            text = re.sub(rf"\b{parameter}\b", option, text)
        raise click.UsageError(text) from error


def with_errors(client: Client, files: Iterator[File]) -> Iterator[File]:
    """Lists do not say why a file failed, so those that did are read one by one, a few at once."""
    with ThreadPoolExecutor(ERRORS_AT_ONCE) as pool:
        while some := list(itertools.islice(files, LISTED)):
            yield from pool.map(partial(with_error, client), some)


def with_error(client: Client, file: File) -> File:
    """The file as it was listed, if its reason can't be read: that must not end the list."""
    if file.state != "failed":
        return file
    try:
        return client.file(file.id)
    except PicassoError:
        return file


def listed(file: File) -> Mapping[str, Any]:
    """As lists have it, and with the error of a file that failed."""
    left_out = {"facts", "derivatives", "webhook_url", "webhook_disabled_at"}
    if not file.error:
        left_out |= {"error"}
    return {name: value for name, value in file.raw.items() if name not in left_out}


@click.command()
@IDS
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--permanently", is_flag=True, help="Past the trash, and from it.")
@AS_JSON
@of_service
def rm(settings: Settings, /, *, ids: Sequence[uuid.UUID], yes: bool, permanently: bool, as_json: bool) -> None:
    """Delete files. Where the project has a trash they go there."""
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("Nobody can be asked here: add --yes.")
        which = f"the file {ids[0]}" if len(ids) == 1 else f"{len(ids)} files"
        if not click.confirm(f"Delete {which}{' for good' if permanently else ''}?", err=True):
            say("Nothing was deleted.")
            raise click.exceptions.Exit(1)
    with settings.client() as client:
        change(client, "delete", ids, "deleted", as_json, permanently=permanently)


@click.command()
@IDS
@AS_JSON
@of_service
def restore(settings: Settings, /, *, ids: Sequence[uuid.UUID], as_json: bool) -> None:
    """Take files out of the trash."""
    with settings.client() as client:
        change(client, "restore", ids, "restored", as_json)


@click.command()
@IDS
@click.option("-a", "--add", metavar="TAG", multiple=True)
@click.option("-r", "--remove", metavar="TAG", multiple=True)
@AS_JSON
@of_service
def tag(
    settings: Settings, /, *, ids: Sequence[uuid.UUID], add: Sequence[str], remove: Sequence[str], as_json: bool
) -> None:
    """Add tags to files, and remove tags from them."""
    if not add and not remove:
        raise click.UsageError("Name a tag to --add or to --remove.")
    outcomes: list[Outcome] = []
    try:
        with settings.client() as client:
            for action, tags in (("tag", add), ("untag", remove)):
                if tags:
                    outcomes += client.change_files(action, texts(ids), tags=list(tags))
    except PicassoError as error:
        tell(each_once([*outcomes, *error.outcomes]), "changed", as_json)
        raise
    fail_if(tell(each_once(outcomes), "changed", as_json))


def each_once(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Of two outcomes for one file that which failed."""
    failed = {outcome.id: outcome for outcome in outcomes if outcome.failure}
    return [*{**{outcome.id: outcome for outcome in outcomes}, **failed}.values()]


def change(
    client: Client, action: str, ids: Sequence[uuid.UUID], done: str, as_json: bool, **options: Unpack[BatchOptions]
) -> None:
    """Also if it fails in the middle: what is done by then is told."""
    try:
        outcomes = client.change_files(action, texts(ids), **options)
    except PicassoError as error:
        tell(error.outcomes, done, as_json)
        raise
    fail_if(tell(outcomes, done, as_json))


def texts(ids: Sequence[uuid.UUID]) -> list[str]:
    """Each once."""
    return list(dict.fromkeys(map(str, ids)))


def tell(outcomes: Sequence[Outcome], done: str, as_json: bool) -> int:
    """How many have failed."""
    for outcome in outcomes:
        failure = outcome.failure
        if as_json:
            error = {"code": failure.code, "detail": failure.detail} if failure else None
            show_json({"id": outcome.id, done: failure is None, "error": error})
        elif failure:
            say(f"{outcome.id}: {failure_text(failure)}")
        else:
            show(f"{outcome.id}  {done}")
    return sum(1 for outcome in outcomes if outcome.failure)


COMMANDS = {"ls": ls, "rm": rm, "restore": restore, "tag": tag}
