"""``picasso jobs``: list, show, retry and cancel jobs, directly in the database."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from picasso.access.principal import SERVICE, Principal
from picasso.jobs import bulk_actions, commands, queries, states
from picasso.jobs.bulk_actions import FilterError, Outcome
from picasso.management.command import OwnCommand
from picasso.models import Job
from picasso.printable import printable
from picasso.queue_names import QUEUES
from picasso.serializers import JobSerializer

COLUMNS = (
    "{name:28}  {error:20} {attempt:>7} {ran:>9}  {state:9} {processor:12} {queue:6} {pipeline:12}"
    " {id:36}  {file:36}  {detail}"
)
HEADER = {
    name: name.upper()
    for name in ("name", "error", "attempt", "ran", "state", "processor", "queue", "pipeline", "id", "file")
}
LONGEST_NAME = 28


class Command(OwnCommand):
    help = "List, show, retry and cancel jobs."

    def add_arguments(self, parser: CommandParser) -> None:
        subparsers = parser.add_subparsers(dest="do", required=True, metavar="list | show | retry | cancel")
        listing = subparsers.add_parser("list", help="list jobs, the newest first")
        listing.add_argument("--limit", type=int, default=50, help="the most jobs to list (default: %(default)s)")
        subparsers.add_parser("show", help="show one job with its log").add_argument("id", type=uuid.UUID)
        for name, what in (("retry", "run jobs once more"), ("cancel", "end jobs that have not ended")):
            acting = subparsers.add_parser(name, help=f"{what}: by id, or all that match the options")
            acting.add_argument("id", type=uuid.UUID, nargs="*")
        for name, command in subparsers.choices.items():
            command.add_argument("--json", action="store_true", help="print JSON")
            if name != "show":
                add_filters(command)

    def handle(self, *args: Any, **options: Any) -> None:
        where = {name: options[name] for name in bulk_actions.FIELDS if options.get(name)}
        try:
            getattr(self, options["do"])(where, options)
        except FilterError as fault:
            raise CommandError(str(fault)) from fault

    def list(self, where: dict[str, object], options: dict[str, Any]) -> None:
        found = serialize(queries.newest(bulk_actions.select(SERVICE, where), max(0, options["limit"])))
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        if not found:
            self.stdout.write("No jobs match.")
            return
        names = names_of_files([job["id"] for job in found])
        self.stdout.write(COLUMNS.format(**HEADER, detail="PROGRESS OR DETAIL"))
        for job in found:
            self.stdout.write(line(job, names.get(job["id"], "")))

    def show(self, _: dict[str, object], options: dict[str, Any]) -> None:
        found = serialize(queries.shown(Job.everywhere.filter(pk=options["id"])))
        if not found:
            raise CommandError(f"There is no job {options['id']}.")
        self.stdout.write(json.dumps(found[0]) if options["json"] else details(found[0]))

    def retry(self, where: dict[str, object], options: dict[str, Any]) -> None:
        refused = refusals(options["id"], states.ENDED, "retried")
        done = each_or_all(options["id"], where, commands.retry_all, bulk_actions.retry_where)
        self._report(done, "will run once more", refused, options)

    def cancel(self, where: dict[str, object], options: dict[str, Any]) -> None:
        refused = refusals(options["id"], states.ACTIVE, "cancelled")
        done = each_or_all(options["id"], where, commands.cancel_all, bulk_actions.cancel_where)
        self._report(done, "cancelled", refused, options)

    def _report(self, count: int, what: str, refused: Sequence[str], options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps({"count": count}) if options["json"] else f"{count} {plural(count)} {what}.")
        for sentence in refused:
            self.stderr.write(sentence)
        if options["id"] and not count:
            raise CommandError("Nothing was changed.")


def add_filters(command: Any) -> None:
    command.add_argument("--state", choices=Job.State.values)
    command.add_argument("--processor")
    command.add_argument("--queue", choices=QUEUES)
    command.add_argument("--pipeline")
    command.add_argument("--error", metavar="CODE", help="the error code, such as corrupt or time-limit")
    command.add_argument("--file", metavar="ID", help="the id of the file")


def each_or_all(
    ids: Collection[uuid.UUID],
    where: dict[str, object],
    each: Callable[[Collection[uuid.UUID]], int],
    every: Callable[[Principal, dict[str, object]], Outcome],
) -> int:
    if bool(ids) == bool(where):
        raise CommandError("Give either ids, or filters such as --state or --processor.")
    return each(ids) if ids else every(SERVICE, where).count


def refusals(ids: Collection[uuid.UUID], allowed: Collection[Job.State], done: str) -> list[str]:
    """For each of these jobs that does not exist or is in no allowed state: a sentence that says so."""
    found = dict(Job.everywhere.filter(pk__in=ids).values_list("pk", "state"))
    unknown = [f"There is no job {each}." for each in ids if each not in found]
    refused = [pk for pk in ids if pk in found and found[pk] not in allowed]
    return unknown + [f"The job {pk} is {found[pk]} and cannot be {done}." for pk in refused]


def serialize(jobs: Iterable[Job]) -> list[dict[str, Any]]:
    """In the form that the API returns."""
    return [dict(JobSerializer(job).data) for job in jobs]


def names_of_files(jobs: Collection[str]) -> dict[str, str]:
    """By the ids of their jobs."""
    found = Job.everywhere.filter(pk__in=jobs).values_list("pk", "file__name")
    return {str(pk): name for pk, name in found}


def line(job: dict[str, Any], name: str) -> str:
    """``name`` is that of its file."""
    error = job["error"] or {"code": "", "detail": ""}
    shown = {
        "name": short(name),
        "error": error["code"],
        "ran": "" if job["ran"] is None else f"{job['ran']:.2f} s",
        "detail": error["detail"] or ("" if job["progress"] is None else f"{job['progress']:.0%}"),
    }
    return COLUMNS.format(**{**job, **shown}).rstrip()


def short(name: str) -> str:
    """For a terminal: nothing in it moves the cursor, and the extension is kept."""
    text = printable(name)
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 9]}…{text[-8:]}"


def details(job: dict[str, Any]) -> str:
    error = job["error"] and f"{job['error']['code']}: {job['error']['detail']}"
    fields = {**job, "error": error, "log": None}
    rows = [f"{name:13} {value}" for name, value in fields.items() if value is not None]
    return "\n".join([*rows, *(f"  | {text}" for text in job["log"].splitlines())])


def plural(count: int) -> str:
    return "job" if count == 1 else "jobs"
