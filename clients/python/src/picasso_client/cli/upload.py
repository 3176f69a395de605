"""`upload`: files, whole folders and the standard input."""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import click

from picasso_client.cli.api import pair
from picasso_client.cli.context import PATIENT, Settings, fail_if, of_service
from picasso_client.cli.journal import Journal, journal_of, key_of
from picasso_client.cli.output import error_json, failure_text, reason, say, show_json
from picasso_client.cli.parallel import in_threads
from picasso_client.cli.progress import Bars, Report, bars
from picasso_client.client import Client
from picasso_client.errors import PicassoError
from picasso_client.models import File, unread_file
from picasso_client.upload_options import ResumeOptions, UploadOptions, encode
from picasso_client.uploads import about_stored

STDIN = Path("-")
MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"])
LOST = frozenset({404, 410})
"""Statuses of an upload that is not there any more."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file to upload."""

    path: Path
    shown: str
    """Its path from the folder that was named."""


@dataclass(frozen=True, slots=True)
class Result:
    item: Item
    file: File | None = None
    error: Exception | None = None
    waited: bool = False

    @property
    def failed(self) -> bool:
        return self.file is None or self.processing_failed

    @property
    def processing_failed(self) -> bool:
        """Counts only for who waits: otherwise it is nothing that this command knows in time."""
        return self.waited and self.file is not None and self.file.state == "failed"


@dataclass(slots=True)
class Uploading:
    """One run of the command."""

    client: Client
    options: UploadOptions
    journal: Journal
    bars: Bars
    keep_paths: bool
    wait: bool
    skipped: list[Result] = field(default_factory=list)
    """Folders that can't be read."""

    def work(self, item: Item) -> Result:
        try:
            with self.bars.bar(item.shown, size_of(item.path)) as report:
                file = self.uploaded(item, report)
            return Result(item, self.settled(file) if self.wait else file, waited=self.wait)
        except (PicassoError, OSError) as error:
            return Result(item, error=error)

    def settled(self, file: File) -> File:
        if file.settled:
            return file
        try:
            return self.client.wait(file.id)
        except PicassoError as error:
            raise about_stored(file, "but can't be waited for", error) from error

    def uploaded(self, item: Item, report: Report) -> File:
        if item.path == STDIN or not item.path.is_file():
            return self.client.upload(content_of(item.path), **self.options_of(item, report))
        journal, key = self.journal, key_of(item.path)
        file = self.finished(item, key, report)
        if file is None:
            options = self.options_of(item, report)
            options["started"] = partial(journal.put, key, "upload")
            options["idempotency_key"] = self.idempotency_key(key)
            file = self.sent(item, key, options)
        journal.put(key, "file", file.id)
        return file

    def idempotency_key(self, key: str) -> str:
        """Written down before the request: an upload whose answer nobody read is not stored twice."""
        if not (found := self.journal.get(key, "idempotency_key")):
            found = str(uuid.uuid4())
            self.journal.put(key, "idempotency_key", found)
        return found

    def sent(self, item: Item, key: str, options: UploadOptions) -> File:
        try:
            return self.client.upload(item.path, **options)
        except PicassoError as error:
            if 400 <= error.status < 500 and error.code != "idempotency-key-in-use":
                self.journal.put(key, "idempotency_key", "")  # the next run is a new attempt
            raise

    def finished(self, item: Item, key: str, report: Report) -> File | None:
        """What an earlier run has uploaded, or begun; None if that is gone."""
        try:
            if file_id := self.journal.get(key, "file"):
                return self.known(file_id, item)
            if url := self.journal.get(key, "upload"):
                return self.client.resume(url, item.path, **self.resume_options_of(item, report))
        except PicassoError as error:
            if error.status not in LOST and error.code != "content-changed":
                raise
            self.journal.put(key, "idempotency_key", "")  # it would name what is gone
        return None

    def known(self, file_id: str, item: Item) -> File:
        """A file of an earlier run; the key may write without reading."""
        try:
            return self.client.file(file_id)
        except PicassoError as error:
            if error.status != 403:
                raise
            return unread_file(file_id, item.path.name, size_of(item.path) or 0)

    def resume_options_of(self, item: Item, report: Report) -> ResumeOptions:
        options = self.options_of(item, report)
        return {"progress": report, "tags": options.get("tags", ()), "attributes": options.get("attributes", {})}

    def options_of(self, item: Item, report: Report) -> UploadOptions:
        options: UploadOptions = {**self.options, "progress": report}
        if self.keep_paths:
            options["attributes"] = {**options.get("attributes", {}), "path": encode(item.shown).decode()}
        if item.path == STDIN:
            options.setdefault("name", "stdin")
        return options


def size_of(path: Path) -> int | None:
    """Bytes; None if only the end tells, or there is no such file."""
    try:
        return path.stat().st_size if path != STDIN and path.is_file() else None
    except OSError:
        return None


def content_of(path: Path) -> Any:
    return sys.stdin.buffer if path == STDIN else path


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", help="The name to store, for one file or the standard input.")
@click.option("--pipeline", metavar="NAME", help="The pipeline that processes the files.")
@click.option("-t", "--tag", "tags", metavar="TAG", multiple=True, help="Of all the files; may be repeated.")
@click.option(
    "-a", "--attribute", "attributes", metavar="NAME=VALUE", multiple=True, help="The same; VALUE may be JSON."
)
@click.option("--visibility", type=click.Choice(["private", "public"]))
@click.option("--webhook-url", metavar="URL", help="Gets the events of the files.")
@click.option("--expires-at", type=MOMENT, metavar="TIME", help="When the files are deleted: 2026-12-24, or RFC 3339.")
@click.option("--keep-paths", is_flag=True, help="Store the path within the folder as the attribute `path`.")
@click.option("-w", "--wait", is_flag=True, help="Wait until the files are processed.")
@click.option(
    "-p",
    "--parallel",
    metavar="N",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="How many files at once.",
)
@click.option("--restart", is_flag=True, help="Do not go on where the same command was interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
@of_service
def upload(
    settings: Settings,
    /,
    *,
    paths: Sequence[Path],
    wait: bool,
    parallel: int,
    as_json: bool,
    keep_paths: bool,
    restart: bool,
    **said: Any,
) -> None:
    """Upload files and folders; - is the standard input.

    After Ctrl-C, or if something failed, the same command goes on: it repeats nothing that has arrived.
    """
    options = read_options(said)
    if "name" in options and (len(paths) > 1 or paths[0].is_dir()):
        raise click.UsageError("--name is for one file.")
    if paths.count(STDIN) > 1:
        raise click.UsageError("The standard input can be read once.")
    with settings.client(PATIENT) as client, bars() as shown:
        journal = journal_of(
            client.url,
            settings.project,
            paths,
            {**options, "expires_at": str(said["expires_at"]), "keep_paths": keep_paths},
        )
        begin(journal, restart)
        run = Uploading(client, options, journal, shown, keep_paths, wait)
        failed = 0
        for result in in_threads(run.work, items(paths, run), parallel, interrupted(settings, paths)):
            tell(result, shown, as_json)
            failed += result.failed
        for result in run.skipped:
            tell(result, shown, as_json)
            failed += 1
        if not failed:
            journal.remove()
    fail_if(failed)


def begin(journal: Journal, restart: bool) -> None:
    if restart:
        journal.remove()
        journal.entries.clear()
    elif journal.has_begun:
        say(f"This goes on with an earlier run, in which {journal.done} files were uploaded (--restart begins anew).")


def interrupted(settings: Settings, paths: Sequence[Path]) -> str:
    if list(paths) == [STDIN]:
        return "Interrupted. What came from the standard input can't be continued."
    return "Interrupted. The same command goes on from here."


def read_options(said: Mapping[str, Any]) -> UploadOptions:
    given: Any = {name: value for name, value in said.items() if value}
    if "tags" in given:
        given["tags"] = list(given["tags"])
    if "attributes" in given:
        given["attributes"] = dict(attribute(each) for each in given["attributes"])
    found: UploadOptions = given
    return found


def attribute(text: str) -> tuple[str, Any]:
    """Whose value is JSON, or else a text."""
    name, value = pair(text)
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def items(paths: Sequence[Path], run: Uploading) -> Iterator[Item]:
    """All files. Folders are read as they are reached."""
    for path in paths:
        if path != STDIN and path.is_dir():
            yield from files_in(path, run)
        else:
            yield Item(path, path.name if path != STDIN else "the standard input")


def files_in(folder: Path, run: Uploading) -> Iterator[Item]:
    """Regular files, in the order of their names. Symbolic links are left out: they may lead anywhere."""

    def skip(fault: OSError) -> None:
        run.skipped.append(Result(Item(Path(str(fault.filename)), ""), error=fault))

    for place, folders, names in os.walk(folder, onerror=skip):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.is_symlink() or not path.is_file():
                run.bars.message(f"{path} is left out: it is not a regular file.")
            else:
                yield Item(path, path.relative_to(folder).as_posix())


def tell(result: Result, shown: Bars, as_json: bool) -> None:
    path, file = str(result.item.path), result.file
    if as_json:
        told = {"id": file.id, "file": file.raw} if file else {"error": error_json(result.error)}
        show_json({"path": path, **told})
    elif file and not result.failed:
        shown.result(f"{file.id}  {file.name if result.item.path == STDIN else path}")
    if result.failed:
        about = f"{file.id} {failure_text(file.error)}" if file else reason(result.error)
        shown.message(f"{path}: {about}")


COMMANDS = {"upload": upload}
