"""Imports: fetched from servers that behave well, badly and worse; each becomes one whole file, or none."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now

from picasso.access import keys
from picasso.access.principal import OPEN
from picasso.activity import Activity
from picasso.errors import PicassoError
from picasso.imports import pool, queries, states
from picasso.imports.claims import Claims, Places
from picasso.imports.create import NewImport, create
from picasso.imports.pool import ImportPool
from picasso.models import Event, File, Import, Project, Upload
from picasso.outbound_rules import parse_rules
from picasso.receive.quota import limits_of
from picasso.receive.terms import NO_WISHES
from picasso.storage.folder import Folder
from picasso.web.app import WebApp
from tests.flow.access import API, code, get, new_key, project, send, token, with_keys
from tests.remote import Asked, Remote, Reply, answer, remote
from tests.waiting import SECONDS

pytestmark = pytest.mark.django_db(transaction=True)

State = Import.State

CONTENT = b"".join(b"%d lines of text, all of them different\n" % n for n in range(60_000))
SHA256 = hashlib.sha256(CONTENT).hexdigest()

ETAG = {"ETag": '"one"'}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed attempt is followed by the next one at once."""
    monkeypatch.setattr(pool, "LONGEST_DELAY", 0.01)
    monkeypatch.setattr(pool, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(pool, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(pool, "CLEAN_SECONDS", 0.05)
    monkeypatch.setattr(pool, "EVENT_SECONDS", 0.05)


def conf(**changes: Any) -> Any:
    local = {"outbound_allowed": parse_rules("127.0.0.1"), "upload_idle_timeout": 60}
    return replace(settings.PICASSO, **{**local, **changes})


def begin(url: str, *, name: str = "", sha256: str = "", **more: Any) -> Import:
    return create(conf(), OPEN, NewImport(url, name, NO_WISHES, sha256, **more))


@contextmanager
def fetching(folder: Path, **changes: Any) -> Iterator[ImportPool]:
    found = conf(**changes)
    running = ImportPool(found, Folder(folder), limits_of(found), Activity())
    running.start()
    try:
        yield running
    finally:
        running.stop()


def shown() -> list[Any]:
    """Of what has not ended."""
    rows = Import.everywhere.filter(states.UNFINISHED)
    return list(
        rows.values_list("url", "state", "attempts", "failures", "error_code", "due_at", "lease_until", "bytes")
    )


def until(true: Callable[[], bool], seconds: float = 180.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, shown()
        time.sleep(0.02)


def ended(row: Import) -> bool:
    row.refresh_from_db()
    return row.state not in {State.WAITING, State.RUNNING}


def fetch(folder: Path, *rows: Import, **changes: Any) -> None:
    with fetching(folder, **changes):
        for row in rows:
            until(lambda row=row: ended(row))  # type: ignore[misc]


def stored(folder: Path, row: Import | None = None) -> bytes:
    """The bytes of the file of an import, or of the only file."""
    file = File.everywhere.get(imports=row) if row else File.everywhere.get()
    return Folder(folder).files.path(file.key).read_bytes()


def fetch_each(folder: Path, table: Mapping[str, Reply], **changes: Any) -> tuple[dict[str, Import], Remote]:
    """One import of each path, all at once, from one server."""
    with remote(lambda asked: table[asked.path](asked)) as server:
        rows = {path: begin(f"{server.url}{path}") for path in table}
        fetch(folder, *rows.values(), **changes)
    return rows, server


def starts(server: Remote) -> list[int]:
    """At which bytes the requests wanted the content to begin."""
    return [int(asked.headers.get("range", "bytes=0-")[6:-1]) for asked in server.asked]


def is_almost(start: int, size: int) -> bool:
    """What was on the way between two buffers when the connection broke may be lost."""
    return size - 2 * 2**18 < start <= size


def asked_of(server: Remote, path: str) -> list[Asked]:
    return [asked for asked in server.asked if asked.path == path]


def ranged(asked: Asked, content: bytes = CONTENT, total: int | str = len(CONTENT), **headers: str) -> bytes:
    """As a good server answers: a part if one is asked for, and the content is the same still."""
    fields = headers or ETAG
    start = asked.headers.get("range")
    if not start or asked.headers.get("if-range") not in fields.values():
        return answer(content, headers=fields)
    offset = int(start.removeprefix("bytes=").rstrip("-"))
    part_of = {**fields, "Content-Range": f"bytes {offset}-{len(content) - 1}/{total}"}
    return answer(content[offset:], "206 Partial Content", part_of)


def cut(data: bytes, at: int = 1_000_000) -> bytes:
    """The head and this much of the body."""
    head, _, body = data.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + body[:at]


def replies(*given: Callable[[Asked], bytes | None]) -> Callable[[Asked], bytes | None]:
    """The first request gets the first reply, and so on; the last one is for all that follow."""
    left = list(given)

    def reply(asked: Asked) -> bytes | None:
        return (left.pop(0) if len(left) > 1 else left[0])(asked)

    return reply


# What arrives


def test_a_url_becomes_a_file(tmp_path: Path) -> None:
    headers = {"Content-Disposition": "attachment; filename*=UTF-8''..%2F..%2Fr%C3%A9sum%C3%A9.txt", **ETAG}
    with remote(lambda _: answer(CONTENT, headers={**headers, "Content-Type": "text/html"})) as server:
        row = begin(f"{server.url}/a?secret=x", sha256=SHA256)
        fetch(tmp_path, row)
    file = File.everywhere.get()
    assert (row.state, row.file_id, row.bytes, row.size) == (State.IMPORTED, file.pk, len(CONTENT), len(CONTENT))
    assert (row.attempts, row.upload, row.error_code, row.name) == (1, None, "", "résumé.txt")
    assert row.url == f"{server.url}/a"
    assert (file.name, file.declared_type, file.media_type) == ("résumé.txt", "text/html", "text/plain")
    assert (file.sha256, file.pipeline, file.project_id) == (SHA256, "default", 1)
    assert stored(tmp_path) == CONTENT
    assert not Upload.everywhere.filter(finished_at=None).exists()
    told = Event.everywhere.filter(type__startswith="import.").exclude(type="import.progress").order_by("pk")
    assert [(each.type, each.file_id) for each in told] == [("import.started", None), ("import.completed", file.pk)]


NAMES = {
    "/b/a%20b.txt?x=1": ({}, "a b.txt"),
    "/..%2f..%2fetc%2fpasswd": ({}, "passwd"),
    "/": ({}, ""),
    "/%2e%2e": ({}, ""),
    "/1": ({"Content-Disposition": 'inline; filename="C:\\dir\\a.txt"'}, "a.txt"),
    "/2.txt": ({"Content-Disposition": 'attachment; filename="broken'}, "2.txt"),
    "/3.txt": ({"Content-Disposition": "attachment; filename=/"}, "3.txt"),
    "/" + "n" * 400 + ".txt": ({}, "n" * 251 + ".txt"),
}


def test_names(tmp_path: Path) -> None:
    table = {
        path: partial(lambda found, _: answer(b"text\n", headers=found), headers)
        for path, (headers, _) in NAMES.items()
    }
    rows, _ = fetch_each(tmp_path, table)
    names = {path: File.everywhere.get(imports=row).name for path, row in rows.items()}
    assert names == {path: name for path, (_, name) in NAMES.items()}


def test_a_wished_name(tmp_path: Path) -> None:
    with remote(lambda _: answer(b"text\n", headers={"Content-Disposition": "attachment; filename=a.txt"})) as server:
        fetch(tmp_path, begin(server.url, name="b\0.txt"))
    assert File.everywhere.get().name == Import.everywhere.get().name == "b\ufffd.txt"


def test_what_has_arrived_is_not_fetched_again(tmp_path: Path) -> None:
    with remote(replies(lambda asked: cut(ranged(asked)), lambda asked: cut(ranged(asked), 200_000), ranged)) as server:
        row = begin(server.url, sha256=SHA256)
        fetch(tmp_path, row)
    assert stored(tmp_path) == CONTENT
    assert (row.attempts, row.failures) == (3, 2)
    first, second, third = starts(server)
    assert (first, third) == (0, second + 200_000)
    assert is_almost(second, 1_000_000)
    assert [asked.headers.get("if-range") for asked in server.asked] == [None, '"one"', '"one"']


def test_what_can_not_be_continued_starts_over(tmp_path: Path) -> None:
    found = {"/none": {}, "/weak": {"ETag": 'W/"weak"'}, "/refused": {**ETAG, "Accept-Ranges": "none"}}
    whole = {path: answer(CONTENT, headers=headers) for path, headers in found.items()}
    table = {
        path: replies(partial(lambda all_, _: cut(all_), each), partial(lambda all_, _: all_, each))
        for path, each in whole.items()
    }
    rows, server = fetch_each(tmp_path, table)
    for path, row in rows.items():
        assert stored(tmp_path, row) == CONTENT
        assert [asked.headers.get("range") for asked in asked_of(server, path)] == [None, None]


OTHER = CONTENT[::-1]


def part(start: int, stop: int, total: int | str, etag: str = '"one"', body: bytes | None = None) -> bytes:
    fields = {"ETag": etag, "Content-Range": f"bytes {start}-{stop}/{total}"}
    return answer(CONTENT[start : stop + 1] if body is None else body, "206 Partial Content", fields)


SECOND: dict[str, bytes] = {
    "/changed": answer(OTHER, headers={"ETag": '"two"'}),
    "/if-range-ignored": part(1_000_000, len(OTHER) - 1, len(OTHER), '"two"', OTHER[1_000_000:]),
    "/whole-range": part(0, len(CONTENT) - 1, len(CONTENT)),
    "/range-behind": part(1_000_001, len(CONTENT) - 1, len(CONTENT)),
    "/other-length": part(1_000_000, len(CONTENT), len(CONTENT) + 1),
    "/no-range": answer(CONTENT[1_000_000:], "206 Partial Content", ETAG),
    "/parts": answer(b"--x", "206 Partial Content", {"Content-Type": "multipart/byteranges; boundary=x"}),
    "/416": answer(status="416 Range Not Satisfiable", headers={"Content-Range": "bytes */5"}),
    "/backwards": part(1_000_000, 999, len(CONTENT)),
}


def test_content_that_does_not_fit_starts_over(tmp_path: Path) -> None:
    last = answer(OTHER, headers={"ETag": '"two"'})
    table = {
        path: replies(lambda asked: cut(ranged(asked)), partial(lambda found, _: found, second), lambda _: last)
        for path, second in SECOND.items()
    }
    rows, server = fetch_each(tmp_path, table)
    for path, row in rows.items():
        assert stored(tmp_path, row) == OTHER, path
        assert len(asked_of(server, path)) == 3


def test_a_date_is_a_validator_too(tmp_path: Path) -> None:
    def dated(asked: Asked) -> bytes:
        return ranged(asked, CONTENT, "*", **{"Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT"})

    with remote(replies(lambda asked: cut(dated(asked)), dated)) as server:
        fetch(tmp_path, begin(server.url))
    assert stored(tmp_path) == CONTENT
    assert server.asked[1].headers["if-range"] == "Mon, 02 Nov 2026 10:00:00 GMT"
    assert len(server.asked) == 2


def chunked(data: bytes, *, whole: bool = True, **headers: str) -> bytes:
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    pieces = [data[n : n + 50_000] for n in range(0, len(data), 50_000)]
    body = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces) + (b"0\r\n\r\n" if whole else b"")
    return f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{fields}\r\n".encode() + body


def test_an_answer_without_a_length(tmp_path: Path) -> None:
    cut_off = chunked(CONTENT[:800_000], whole=False)
    with remote(replies(lambda _: cut_off, lambda _: chunked(CONTENT))) as server:
        row = begin(server.url)
        fetch(tmp_path, row)
    assert stored(tmp_path) == CONTENT
    assert (row.attempts, row.size) == (2, len(CONTENT))


def test_an_answer_without_a_length_is_continued(tmp_path: Path) -> None:
    first = chunked(CONTENT[:800_000], whole=False, ETag='"one"')
    with remote(replies(lambda _: first, ranged)) as server:
        fetch(tmp_path, begin(server.url, sha256=SHA256))
    assert stored(tmp_path) == CONTENT
    assert is_almost(starts(server)[1], 800_000)


def test_a_range_of_a_content_of_unknown_length_is_not_taken_for_its_end(tmp_path: Path) -> None:
    first = chunked(CONTENT[:800_000], whole=False, ETag='"one"')

    def piece(asked: Asked) -> bytes:
        start = int(asked.headers["range"].removeprefix("bytes=").rstrip("-"))
        return part(start, start + 999, "*")

    with remote(replies(lambda _: first, piece, lambda _: chunked(CONTENT))) as server:
        fetch(tmp_path, begin(server.url))
    assert stored(tmp_path) == CONTENT
    assert len(server.asked) == 3


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODED = {
    "/1": ("gzip", gzip.compress(CONTENT)),
    "/2": ("x-gzip", gzip.compress(CONTENT[:5]) + gzip.compress(CONTENT[5:])),
    "/3": ("deflate", zlib.compress(CONTENT)),
    "/4": ("deflate", raw_deflate(CONTENT)),
    "/5": ("identity", CONTENT),
}


def coded(coding: str, sent: bytes) -> Reply:
    return lambda _: answer(sent, headers={"Content-Encoding": coding, **ETAG})


def test_content_that_is_compressed_for_the_transfer(tmp_path: Path) -> None:
    rows, _ = fetch_each(tmp_path, {path: coded(*each) for path, each in CODED.items()})
    assert all(stored(tmp_path, row) == CONTENT for row in rows.values())


# How content can't be unpacked, and an answer without content: the error, and how often it is tried.
BAD = {
    "/cut": (coded("gzip", gzip.compress(CONTENT)[:-9]), "answer-incomplete", states.MAX_FAILURES + 1),  # much arrived
    "/none": (coded("gzip", CONTENT), "answer-not-valid", states.MAX_FAILURES),
    "/br": (coded("br", CONTENT), "encoding-not-supported", 1),
    "/twice": (coded("gzip, gzip", CONTENT), "encoding-not-supported", 1),
    "/bomb": (coded("gzip", gzip.compress(bytes(5_000_000))), "too-large", 1),
    "/short": (lambda _: answer(b"short", length=10), "answer-incomplete", states.MAX_FAILURES),
    "/404": (lambda _: answer(b"", "404 Not Found"), "remote-refused", 1),
    "/403": (lambda _: answer(b"", "403 Forbidden"), "remote-refused", 1),
    "/204": (lambda _: answer(b"", "204 No Content"), "remote-refused", 1),
    "/206": (lambda _: answer(b"", "206 Partial Content"), "answer-not-valid", states.MAX_FAILURES),
    "/503": (lambda _: answer(b"", "503 Service Unavailable"), "remote-busy", states.MAX_FAILURES),
    "/999": (lambda _: answer(b"", "999 Odd"), "remote-busy", states.MAX_FAILURES),
    "/inside": (
        lambda _: answer(b"", "302 Found", {"Location": "http://169.254.169.254/latest/"}),
        "address-not-allowed",
        1,
    ),
}


def test_bad_answers(tmp_path: Path) -> None:
    table: dict[str, Reply] = {path: reply for path, (reply, _, _) in BAD.items()}
    rows, server = fetch_each(tmp_path, table, max_upload_size=4_000_000)
    found = {path: (row.state, row.error_code, len(asked_of(server, path))) for path, row in rows.items()}
    assert found == {path: (State.FAILED, error, times) for path, (_, error, times) in BAD.items()}
    assert not File.everywhere.exists()


# What is refused, and what is tried again


def test_a_server_says_when_to_come_back(tmp_path: Path) -> None:
    later = answer(b"", "429 Too Many Requests", {"Retry-After": "600"})
    with remote(lambda _: later) as server, fetching(tmp_path):
        first, second = begin(server.url), begin(f"{server.url}/2")
        until(lambda: not ended(first) and first.attempts == 1 and first.state == State.WAITING)
        second.refresh_from_db()
        third = begin(f"{server.url}/3")
        time.sleep(0.2)
        third.refresh_from_db()
    assert first.error_code == "remote-busy"
    assert Import.everywhere.filter(pk=first.pk, due_at__gt=Now() + timedelta(seconds=500)).exists()
    assert third.attempts == 0  # nobody asks this host until then


def test_other_content_than_announced(tmp_path: Path) -> None:
    with remote(lambda _: answer(CONTENT)) as server:
        row = begin(server.url, sha256="0" * 64)
        fetch(tmp_path, row)
    assert (row.state, row.error_code) == (State.FAILED, "digest-mismatch")
    assert not File.everywhere.exists()


def endless(asked: Asked, head: bytes = b"HTTP/1.1 200 OK\r\n\r\n", piece: bytes = bytes(65536)) -> None:
    asked.send(head)
    while True:
        asked.send(piece)


REFUSED: dict[str, tuple[Reply, str]] = {
    "/endless": (lambda asked: endless(asked, piece=b"some text\n" * 6000), "too-large"),
    "/picture": (lambda asked: endless(asked, piece=b"\x89PNG\r\n\x1a\n" * 999), "type-not-allowed"),
    "/huge": (lambda _: cut(answer(b"", length=10**12), 0), "too-large"),
    "/large": (lambda _: cut(answer(b"", length=2_000_001), 0), "too-large"),
    "/empty": (lambda _: answer(b""), "invalid-field"),
}


def test_content_that_is_not_accepted(tmp_path: Path) -> None:
    project(policy={"allowed_types": ["text/*"], "max_size": 2_000_000})
    with remote(lambda asked: REFUSED[asked.path][0](asked)) as server, fetching(tmp_path, max_upload_size=3_000_000):
        rows = {path: begin(f"{server.url}{path}") for path in REFUSED}
        until(lambda: all(ended(row) and row.upload is None for row in rows.values()))
    found = {path: (row.state, row.error_code, row.attempts) for path, row in rows.items()}
    assert found == {path: (State.FAILED, error, 1) for path, (_, error) in REFUSED.items()}
    assert not File.everywhere.exists()
    assert not Upload.everywhere.filter(finished_at=None).exists()


def test_a_quota_is_asked_before_the_body_arrives(tmp_path: Path) -> None:
    project(quotas={"bytes": 1000})
    with remote(lambda _: cut(answer(b"", length=1001), 0)) as server:
        row = begin(server.url)
        fetch(tmp_path, row)
    assert (row.state, row.error_code, row.attempts) == (State.FAILED, "quota-exceeded", 1)


def test_a_trickle_and_a_server_that_hangs(tmp_path: Path) -> None:
    with remote(replies(lambda _: server.hang(), ranged)) as server:
        row = begin(server.url)
        fetch(tmp_path, row, upload_idle_timeout=1)
    assert row.state == State.IMPORTED
    assert row.attempts >= 2


# Who may, and how it ends early


def test_cancelled_while_it_runs(tmp_path: Path) -> None:
    def reply(asked: Asked) -> None:
        asked.send(cut(ranged(asked)))
        server.hang()

    with remote(reply) as server, fetching(tmp_path):
        row = begin(server.url)
        until(lambda: not ended(row) and row.bytes == 1_000_000)
        until(Event.everywhere.filter(type="import.progress").exists)
        queries.cancel(OPEN, row.pk)
        until(lambda: ended(row) and row.upload is None)
        with pytest.raises(PicassoError, match="cancelled"):
            queries.cancel(OPEN, row.pk)
    assert row.state == State.CANCELLED
    told = list(Event.everywhere.order_by("pk").values_list("type", flat=True))
    assert (told[0], told[-1]) == ("import.started", "import.cancelled")
    assert not Upload.everywhere.exists()
    assert not File.everywhere.exists()
    assert not list(Folder(tmp_path).uploads.walk())


def test_cancelled_at_the_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last byte, in the transaction of the commit: either a file or a cancelled import, never both."""
    finish, finished = states.finish, threading.Event()

    def late(row: Import, file: File) -> None:
        states.cancel(row)
        finished.set()
        finish(row, file)

    monkeypatch.setattr(states, "finish", late)
    with remote(ranged) as server, fetching(tmp_path):
        begin(server.url)
        assert finished.wait(SECONDS)
    assert not File.everywhere.exists()


def test_a_worker_that_stops_gives_its_imports_back(tmp_path: Path) -> None:
    def reply(asked: Asked) -> None:
        asked.send(cut(ranged(asked)))
        server.hang()

    with remote(replies(reply, ranged)) as server:
        row = begin(server.url, sha256=SHA256)
        with fetching(tmp_path):
            until(lambda: not ended(row) and row.bytes == 1_000_000)
        row.refresh_from_db()
        assert (row.state, row.failures) == (State.WAITING, 0)
        fetch(tmp_path, row)
    assert stored(tmp_path) == CONTENT
    assert starts(server) == [0, 1_000_000]


def test_what_a_dead_worker_has_left(tmp_path: Path) -> None:
    with remote(ranged) as server:
        rows = [begin(server.url) for _ in range(2)]
        for row in rows:
            assert states.start(row, "dead")
        Import.everywhere.update(lease_until=Now() - states.LEASE)
        Import.everywhere.filter(pk=rows[1].pk).update(failures=states.MAX_FAILURES)
        fetch(tmp_path, *rows)
    assert [row.state for row in rows] == [State.IMPORTED, State.FAILED]
    assert rows[1].error_code == "worker-died"


def test_a_key_that_is_revoked_imports_nothing_more(tmp_path: Path) -> None:
    row_of_key, _ = new_key()
    with remote(ranged) as server:
        row = begin(server.url)
        Import.everywhere.update(key=row_of_key.pk)
        keys.revoke(row_of_key)
        fetch(tmp_path, row)
    assert (row.state, row.error_code, server.asked) == (State.FAILED, "revoked-key", [])


def test_many_at_once(tmp_path: Path) -> None:
    with remote(lambda asked: answer(asked.path.encode() * 1000)) as server:
        rows = [begin(f"{server.url}/{n}.txt") for n in range(40)]
        fetch(tmp_path, *rows, imports=40)
    assert {row.state for row in rows} == {State.IMPORTED}
    assert sorted(file.name for file in File.everywhere.all()) == sorted(f"{n}.txt" for n in range(40))


def test_places_are_shared() -> None:
    names = ("one", "two", "three")
    projects = [Project.objects.create(name=name) for name in names]
    for each in projects:
        Import.everywhere.bulk_create(
            Import(project=each, url="http://a", host=f"{each.name}{n % 10}.test") for n in range(50)
        )
    claims, places = Claims("worker"), Places(32)
    for row in claims.claim(places, [], []):
        places.take(row)
    assert sorted(places.by_project.values()) == [8, 8, 8]
    Import.everywhere.exclude(project=projects[0]).update(state=State.CANCELLED)
    alone = Places(32)
    for row in claims.claim(alone, [], []):
        alone.take(row)
    assert alone.by_project == {projects[0].pk: 16}
    assert max(alone.by_host.values()) <= 8
    assert not claims.claim(Places(32), [f"one{n}.test" for n in range(10)], [])


def test_old_rows_are_removed(tmp_path: Path) -> None:
    rows = [begin("http://127.0.0.1/") for _ in range(2)]
    Import.everywhere.filter(pk=rows[0].pk).update(state=State.FAILED, finished_at=Now() - timedelta(days=31))
    assert states.remove_older(30) == 1


# The API


async def post(app: WebApp, credential: str, body: str) -> Any:
    return await send(app, "POST", f"{API}imports/", credential, body.encode(), content_type="application/json")


def test_the_api(tmp_path: Path) -> None:
    _, text = new_key()

    async def run(app: WebApp) -> None:
        made = await post(
            app,
            text,
            '{"url": "http://files.example.com/a.txt?key=1", "name": "b.txt",'
            ' "tags": ["b", "a"], "attributes": {"n": 1}}',
        )
        assert made.status == 201, made.body
        shown = json.loads(made.body)
        assert made.headers["location"].endswith(f"/imports/{shown['id']}/")
        expected = {"state": "waiting", "url": "http://files.example.com/a.txt", "bytes": 0, "size": None, "file": None}
        expected |= {"tags": ["a", "b"], "attributes": {"n": 1}}
        assert {name: shown[name] for name in expected} == expected
        path = f"{API}imports/{shown['id']}/"
        assert json.loads((await get(app, path, text)).body) == shown
        assert json.loads((await get(app, f"{API}imports/?state=waiting", text)).body)["results"] == [shown]
        assert code(await get(app, f"{API}imports/?state=odd", text)) == (400, "invalid-field")
        assert code(await get(app, f"{API}imports/?sate=waiting", text)) == (400, "invalid-field")
        assert (await send(app, "DELETE", path, text)).status == 204
        assert code(await send(app, "DELETE", path, text)) == (409, "conflict")
        assert json.loads((await get(app, path, text)).body)["state"] == "cancelled"

    with_keys(tmp_path, run)


REFUSALS = [
    ('{"url": "ftp://a/"}', (400, "url-not-valid")),
    ('{"url": "http://user@example.com/"}', (400, "url-not-valid")),
    ('{"url": "http://127.0.0.1/"}', (400, "address-not-allowed")),
    ('{"url": "http://0x7f.1/"}', (400, "address-not-allowed")),
    ('{"url": "http://example.com:22/"}', (400, "address-not-allowed")),
    ('{"url": "http://other.example/"}', (403, "forbidden")),
    ("{}", (400, "invalid-field")),
    ('{"url": 5, "url2": 1}', (400, "invalid-field")),
    ('{"url": "http://a.example.com/", "sha256": "x"}', (400, "invalid-field")),
    ('{"url": "http://a.example.com/", "tags": "a"}', (400, "invalid-field")),
    ('{"url": "http://a.example.com/", "pipeline": "none"}', (400, "invalid-field")),
    ('{"url": "http://a.example.com/", "expires_at": "yesterday"}', (400, "invalid-field")),
    ('{"url": "http://a.example.com/\\ud800"}', (400, "invalid-field")),
]


def test_what_the_api_refuses(tmp_path: Path) -> None:
    _, text = new_key()
    project(imports={"hosts": ["example.com", "*.example.com"]})

    async def run(app: WebApp) -> None:
        found = [(body, code(await post(app, text, body))) for body, _ in REFUSALS]
        assert found == REFUSALS

    with_keys(tmp_path, run)
    assert not Import.everywhere.exists()


def test_tokens_and_projects(tmp_path: Path) -> None:
    row, text = new_key()
    body = '{"url": "http://files.example.com/"}'

    async def run(app: WebApp) -> None:
        assert code(await post(app, token(row), body)) == (403, "forbidden")
        assert code(await post(app, token(row, imports=True, scopes=["files:read"]), body)) == (403, "forbidden")
        made = await post(app, token(row, imports=True, owner="ann"), body)
        assert (made.status, json.loads(made.body)["owner"]) == (201, "ann")
        path = f"{API}imports/{json.loads(made.body)['id']}/"
        assert code(await get(app, path, token(row, owner="bob"))) == (404, "not-found")
        assert (await get(app, path, token(row, owner="ann"))).status == 200

    with_keys(tmp_path, run)
    stored_row = Import.everywhere.get()
    assert (stored_row.key, stored_row.principal) == (row.pk, "owner:ann")
    project(imports={"allowed": False})

    async def refused(app: WebApp) -> None:
        assert code(await post(app, text, body)) == (403, "forbidden")

    with_keys(tmp_path, refused)


# The command line


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PICASSO", conf())
    with remote(lambda asked: answer(b"text\n") if asked.path == "/a.txt" else answer(b"", "404 Not Found")) as server:
        with fetching(tmp_path):
            call_command("import", f"{server.url}/a.txt", "--owner", "ann", "--wait", "--json")
            with pytest.raises(CommandError, match="Not all"):
                call_command("import", f"{server.url}/b.txt", "--wait")
        capsys_lines = capsys.readouterr().out.splitlines()
        waiting = begin(server.url)
    shown = json.loads(capsys_lines[0])[0]
    file = File.everywhere.get()
    assert (shown["state"], shown["file_id"], file.owner) == ("imported", str(file.pk), "ann")
    assert "failed" in capsys_lines[1]
    assert "remote-refused" in capsys_lines[1]
    call_command("import", "--cancel", str(waiting.pk))
    call_command("import", "--list")
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == [
        *("cancelled", "cancelled", "failed", "imported"),
    ]
    for wrong in (
        (),
        ("ftp://a/",),
        ("http://10.0.0.1/",),
        ("http://a/", "--project", "none"),
        ("--cancel", str(file.pk)),
    ):
        with pytest.raises(CommandError):
            call_command("import", *wrong)


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    connection.close()
