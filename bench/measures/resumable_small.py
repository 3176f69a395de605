"""Small files by the ways that can be resumed: the processor time of the web process for each of them.

With `--before` an earlier build is measured in the same rounds.
"""

import http.client
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from bench import contenders
from bench.contenders import UPLOAD, UPLOADS
from bench.load import HOST, LoadError, multipart_ends
from bench.place import Place
from bench.report import Bar, Row, show
from bench.rounds import Series, interleaved
from bench.stack import Program, Services, services

SIZE = 10_000
CONNECTIONS = 6

TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": str(SIZE), "Upload-Metadata": "filename bm90ZS5iaW4="}
CHUNK = {"Content-Type": "application/offset+octet-stream"}
NAMED = {"Content-Disposition": 'attachment; filename="note.bin"'}

Connection = http.client.HTTPConnection
Way = Callable[[Connection, bytes], None]


def by_form(connection: Connection, content: bytes) -> None:
    kind, head, tail = multipart_ends("note.bin", "application/octet-stream")
    exchange(connection, "POST", UPLOAD, {"Content-Type": kind}, head + content + tail)


def by_key(connection: Connection, content: bytes) -> None:
    exchange(connection, "PUT", f"{UPLOAD}note.bin", {"Idempotency-Key": uuid.uuid4().hex}, content)


def by_tus(connection: Connection, content: bytes) -> None:
    at = exchange(connection, "POST", UPLOADS, TUS)["location"]
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", **CHUNK}
    exchange(connection, "PATCH", urlsplit(at).path, headers, content, wanted=204)


def by_tus_at_once(connection: Connection, content: bytes) -> None:
    exchange(connection, "POST", UPLOADS, {**TUS, **CHUNK}, content)


def by_draft(connection: Connection, content: bytes) -> None:
    exchange(connection, "POST", UPLOADS, {"Upload-Complete": "?1", **NAMED}, content)


def by_page(connection: Connection, content: bytes) -> None:
    """As the page sends a small file."""
    headers = {"Upload-Complete": "?1", "Idempotency-Key": uuid.uuid4().hex, "Upload-Length": str(SIZE), **NAMED}
    exchange(connection, "POST", UPLOADS, headers, content)


WAYS: Mapping[str, tuple[Way, float | None]] = {
    "form": (by_form, None),
    "raw with Idempotency-Key": (by_key, 1.5),
    "tus POST + PATCH": (by_tus, 2.5),
    "tus creation-with-upload": (by_tus_at_once, 1.5),
    "draft POST": (by_draft, 1.5),
    "draft POST with Idempotency-Key": (by_page, 1.5),
}


def exchange(
    connection: Connection, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", *, wanted: int = 201
) -> Mapping[str, str]:
    """The headers of the answer, by names in lower case."""
    connection.request(method, path, body, dict(headers))
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != wanted:
        raise LoadError(f"{method} {path} answered {answer.status}: {content[:500]!r}")
    return {name.lower(): value for name, value in answer.getheaders()}


@dataclass(frozen=True)
class Build:
    name: str
    web: Program


def measure(place: Place) -> list[Row]:
    if not place.picasso:
        return [Row("small uploads that can be resumed", "-", why="picasso did not run")]
    number = place.pick(300, 100)
    with ExitStack() as stack:
        near = stack.enter_context(services(place))
        builds = [stack.enter_context(started(place, near, *each)) for each in commands(place)]
        runs = {
            f"{way}, {build.name}": partial(milliseconds, build.web, WAYS[way][0], number)
            for way in WAYS
            for build in builds
        }
        interleaved(1, runs)
        samples = interleaved(place.pick(5, 3), runs)
    return [row(way, {build.name: samples[f"{way}, {build.name}"] for build in builds}) for way in WAYS]


def commands(place: Place) -> Iterator[tuple[str, Path]]:
    yield "now", contenders.PICASSO
    if place.before:
        yield "before", place.before


class started:  # noqa: N801 - reads like a statement
    """A build with its own database and data."""

    def __init__(self, place: Place, near: Services, name: str, command: Path) -> None:
        env = contenders.picasso_env(place.new_folder(name), near.database(name), near.broker_url, PICASSO_RATES="off")
        contenders.migrate_picasso(env, command)
        self._build = Build(name, contenders.picasso(place, "web", env, f"{name}-web", command))

    def __enter__(self) -> Build:
        self._build.web.start()
        return self._build

    def __exit__(self, *_: object) -> None:
        self._build.web.stop()


def milliseconds(web: Program, way: Way, number: int) -> float:
    """Of the web process for each upload."""
    begin = web.cpu_seconds()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(partial(upload_some, web.port, way), [number // CONNECTIONS] * CONNECTIONS))
    return (web.cpu_seconds() - begin) * 1000 / (number // CONNECTIONS * CONNECTIONS)


def upload_some(port: int, way: Way, number: int) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        for _ in range(number):
            way(connection, secrets.token_bytes(SIZE))
    finally:
        connection.close()


def row(way: str, samples: Mapping[str, Series]) -> Row:
    limit = WAYS[way][1]
    return Row(
        f"{SIZE // 1000} KB, {CONNECTIONS} connections, processor time of the web process: {way}",
        show(samples, "ms", 2),
        samples["now"].median,
        Bar("<=", limit, " ms") if limit else None,
        samples=samples,
    )
