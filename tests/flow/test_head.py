"""HEAD is GET without the body (RFC 9110 §9.3.2): the same status and headers at every address of the service.

The body itself is left out by the HTTP server, for all applications: see `tests.live`. Addresses of uploads are an
exception: there HEAD is an operation of its own (tus 1.0.0, "HEAD"; Resumable Uploads, "Offset Retrieval").
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from picasso import addresses
from tests.flow.asgi import Exchange, ask
from tests.flow.test_matrix import ROWS, Credentials, Headers, Row, Service, make_objects, with_service

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = ("/", "/sign-in/", "/account/", "/admin/", "/admin/login/", "/nothing/", "/static/nothing.css")

GETS = [row for method, row in ROWS if method == "GET" and "{upload}" not in row.pattern]

CHANGING = {"ratelimit", "retry-after", "set-cookie", "date"}


def differences(what: str, got: Exchange, told: Exchange) -> list[str]:
    """What HEAD tells otherwise than GET."""
    shown, heard = ({**each.headers, **dict.fromkeys(CHANGING & each.headers.keys(), "")} for each in (got, told))
    names = sorted(name for name in shown.keys() | heard.keys() if shown.get(name) != heard.get(name))
    wrong = [f"{what}: {name} is {shown.get(name)!r}, with HEAD {heard.get(name)!r}" for name in names]
    if got.status != told.status:
        wrong.append(f"{what}: {got.status}, with HEAD {told.status}")
    if got.headers.get("content-length", str(len(got.body))) != str(len(got.body)):
        wrong.append(f"{what}: the Content-Length is wrong")
    return wrong


async def of_one(service: Service, path: str, headers: Headers) -> list[str]:
    wrong: list[str] = []
    for _ in range(5):  # times in an answer may get another digit from one request to the next
        got = await ask(service.app, "GET", path, b"", **headers)
        told = await ask(service.app, "HEAD", path, b"", **headers)
        wrong = differences(f"{path} {sorted(headers)}", got, told)
        if not wrong:
            break
    return wrong


def test_head_is_get_everywhere(tmp_path: Path) -> None:
    async def all_of_them(service: Service, credentials: Credentials) -> list[str]:
        objects = await service.in_thread(lambda: make_objects(service.storage))
        wrong: list[str] = []
        for path in (*(objects.address(row.pattern) for row in GETS), *PAGES):
            for headers in (
                {},
                credentials.everything,
                credentials.owner,
                {**credentials.everything, "range": "bytes=0-0"},
            ):
                if "range" in headers and path.startswith("/files/"):
                    continue  # GET answers with the range
                wrong += await of_one(service, path, headers)
        return wrong

    wrong = with_service(tmp_path, all_of_them)
    assert not wrong, "\n".join(wrong)


def test_conditions_of_downloads_hold_for_head(tmp_path: Path) -> None:
    async def each(service: Service, credentials: Credentials) -> list[Any]:
        objects = await service.in_thread(lambda: make_objects(service.storage))
        path = objects.address(next(row.pattern for row in GETS if "{name}" in row.pattern))
        tag = (await ask(service.app, "HEAD", path, b"", **credentials.everything)).headers["etag"]
        wrong = []
        for name, value in (("if-none-match", tag), ("if-match", '"other"'), ("if-none-match", '"other"')):
            wrong += await of_one(service, path, {**credentials.everything, name: value})
        ranged = await ask(service.app, "HEAD", path, b"", **{**credentials.everything, "range": "bytes=0-0"})
        return [*wrong, *([] if ranged.status == 200 else ["a range means nothing to HEAD"])]

    assert not with_service(tmp_path, each)


def test_rows_are_complete() -> None:
    """Otherwise the test above would check little."""
    assert len(GETS) > 20
    assert all(isinstance(row, Row) for row in GETS)


def test_head_of_the_stream_of_events_ends(tmp_path: Path) -> None:
    """GET goes on for as long as the client stays."""

    async def head(service: Service, credentials: Credentials) -> list[Exchange]:
        stream = {"accept": "text/event-stream"}
        paths = (f"{addresses.EVENTS}", f"{addresses.EVENTS}?after=x")
        return [await ask(service.app, "HEAD", path, b"", **stream, **credentials.everything) for path in paths]

    good, bad = with_service(tmp_path, head)
    assert (good.status, good.body, bad.status) == (200, b"", 400)
    assert good.headers["content-type"].startswith("text/event-stream")
