"""Everything that is one request, or the same request for several pages."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from time import monotonic
from typing import Any, TypedDict, TypeVar
from urllib.parse import quote

from picasso_client.actions import Answer, Call, Item, Pause, Steps
from picasso_client.errors import PicassoError
from picasso_client.models import (
    File,
    Import,
    Outcome,
    changed_file,
    parse_file,
    parse_import,
    parse_known,
    parse_outcome,
)
from picasso_client.retries import answered
from picasso_client.service import Service
from picasso_client.upload_options import time_text

T = TypeVar("T")

LONGEST_WAIT = 60.0
"""Seconds that the service waits at most."""
UNAPPLIED_PAUSE = 1.0

AT_ONCE = 500
"""Files of one action; the service takes up to 1,000 at once."""

MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}
JSON = {"Content-Type": "application/json"}

NO_CONTENT = 204

FOREVER = float("inf")


class Filters(TypedDict, total=False):
    """Of files: docs/lists.md says what they mean."""

    state: str
    processed: bool
    media_type: str
    uploaded_after: datetime | date | str
    uploaded_before: datetime | date | str
    size_min: int
    size_max: int
    sha256: str
    name: str
    owner: str
    tag: str
    attributes: Mapping[str, Any]
    pipeline: str
    error: str
    ordering: str


class Changes(TypedDict, total=False):
    """Of a file. ``attributes`` are merged: None removes one."""

    name: str
    visibility: str
    expires_at: datetime | None
    tags: Sequence[str]
    attributes: Mapping[str, Any]


class ImportOptions(TypedDict, total=False):
    name: str
    sha256: str
    pipeline: str
    visibility: str
    webhook_url: str
    expires_at: datetime
    tags: Sequence[str]
    attributes: Mapping[str, Any]


def request(service: Service, method: str, path: str, params: Mapping[str, Any], body: object) -> Steps[Any]:
    """Any request of the API; what its JSON says, or None without a body."""
    content = b"" if body is None else dump(body)
    answer = yield from answered(service, Call(method, path, params, JSON if content else {}, content))
    return parse(answer) if answer.body else None


def parse(answer: Answer) -> Any:
    try:
        return answer.json()
    except (RecursionError, ValueError):
        raise PicassoError(answer.status, "unexpected-answer", "The answer is not JSON.") from None


def dump(body: object) -> bytes:
    return json.dumps(body, default=encode_value).encode()


def encode_value(value: object) -> object:
    """Of what JSON has not: times in RFC 3339, and any mapping or sequence."""
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} can't be sent.")


def parse_as(parser: Callable[[Any], T], value: Any) -> T:
    """Raises `PicassoError` if another program has answered, with JSON of its own."""
    try:
        return parser(value)
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise PicassoError(200, "unexpected-answer", "The answer is not of Picasso: it lacks fields.") from fault


def file_of(service: Service, call: Call) -> Steps[File]:
    return parse_as(parse_file, parse((yield from answered(service, call))))


def file_path(file_id: str) -> str:
    return f"files/{quote(file_id, safe='')}/"


def file(service: Service, file_id: str) -> Steps[File]:
    return file_of(service, Call("GET", file_path(file_id)))


def waited(service: Service, file_id: str, seconds: float) -> Steps[File]:
    """The file when it is settled, or after so many seconds."""
    end = monotonic() + seconds
    while True:
        wait = max(0, min(LONGEST_WAIT, end - monotonic()))
        asked = monotonic()
        call = Call("GET", file_path(file_id), headers={"Prefer": f"wait={round(wait)}"}, wait=wait)
        found = yield from file_of(service, call)
        if found.settled or monotonic() >= end:
            return found
        if monotonic() - asked < UNAPPLIED_PAUSE:  # too many wait there
            yield Pause(min(UNAPPLIED_PAUSE, max(0, end - monotonic())))


def settled(service: Service, file_id: str, seconds: float) -> Steps[File]:
    """The file when it is settled. Raises `PicassoError` with the code ``timeout``."""
    found = yield from waited(service, file_id, seconds)
    if not found.settled:
        raise PicassoError(0, "timeout", f"After {seconds:g} seconds the file is {found.state}.")
    return found


def files(service: Service, filters: Filters) -> Steps[None]:
    """Gives each file of all pages."""
    params = dict(filter_params(filters))
    cursor: str | None = ""
    while cursor is not None:
        call = Call("GET", "files/", {"count": "fast", "page_size": 100, **params, "cursor": cursor})
        page = parse((yield from answered(service, call)))
        found, cursor = parse_as(parse_page, page)
        for each in found:
            yield Item(each)


def parse_page(raw: Mapping[str, Any]) -> tuple[list[File], str | None]:
    """The files, and the cursor of the next page."""
    return [parse_file(each) for each in raw["results"]], raw["next"]


def filter_params(filters: Filters) -> Mapping[str, str]:
    found: dict[str, Any] = dict(filters)
    attributes = found.pop("attributes", {})
    found |= {f"attributes.{name}": value for name, value in attributes.items()}
    return {name: param(value) for name, value in found.items() if value is not None}


def param(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (datetime, date)):
        return str(encode_value(value))
    return json.dumps(value)


def update(service: Service, file_id: str, changes: Changes) -> Steps[File]:
    return updated(service, parse_known({"id": file_id}), changes)


def updated(service: Service, file: File, changes: Changes) -> Steps[File]:
    """The file after the changes; as far as it is known, if the key may not read it."""
    headers, content = {**MERGE_PATCH, "Prefer": "return=representation"}, dump(changes)
    answer = yield from answered(service, Call("PATCH", file_path(file.id), headers=headers, content=content))
    if answer.status == NO_CONTENT:
        return changed_file(file, json.loads(content))
    return parse_as(parse_file, parse(answer))


def delete(service: Service, file_id: str, *, permanently: bool) -> Steps[None]:
    params = {"permanently": "true"} if permanently else {}
    yield from answered(service, Call("DELETE", file_path(file_id), params))


def restore(service: Service, file_id: str) -> Steps[File]:
    return file_of(service, Call("POST", f"{file_path(file_id)}restore/"))


class BatchOptions(TypedDict, total=False):
    tags: Sequence[str]
    """For ``tag`` and ``untag``."""
    visibility: str
    permanently: bool


def change_files(service: Service, action: str, ids: Sequence[str], options: BatchOptions) -> Steps[list[Outcome]]:
    """One action on files, `AT_ONCE` in a request. An error has the outcomes of the requests before."""
    outcomes: list[Outcome] = []
    for at in range(0, len(ids), AT_ONCE):
        content = dump({"action": action, "ids": ids[at : at + AT_ONCE], **options})
        try:
            answer = yield from answered(service, Call("POST", "files/batch/", headers=JSON, content=content))
            outcomes += parse_as(parse_outcomes, parse(answer))
        except PicassoError as error:
            error.outcomes = outcomes
            raise
    return outcomes


def parse_outcomes(raw: Mapping[str, Any]) -> list[Outcome]:
    return [parse_outcome(each) for each in raw["results"]]


def import_url(service: Service, url: str, options: ImportOptions) -> Steps[Import]:
    headers = {**JSON, "Idempotency-Key": str(uuid.uuid4())}
    call = Call("POST", "imports/", headers=headers, content=dump({"url": url, **options}))
    return import_of(service, call)


def get_import(service: Service, import_id: str) -> Steps[Import]:
    return import_of(service, Call("GET", f"imports/{quote(import_id, safe='')}/"))


def import_of(service: Service, call: Call) -> Steps[Import]:
    return parse_as(parse_import, parse((yield from answered(service, call))))


def cancel_import(service: Service, import_id: str) -> Steps[None]:
    yield from answered(service, Call("DELETE", f"imports/{quote(import_id, safe='')}/"))


def import_ended(service: Service, import_id: str, seconds: float) -> Steps[Import]:
    """The import when it has ended. Raises `PicassoError` with the code ``timeout``."""
    end = monotonic() + seconds
    while not (found := (yield from get_import(service, import_id))).ended:
        if monotonic() >= end:
            raise PicassoError(0, "timeout", f"After {seconds:g} seconds the import is {found.state}.")
        yield Pause(UNAPPLIED_PAUSE)
    return found
