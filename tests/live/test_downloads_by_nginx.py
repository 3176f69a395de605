"""Downloads are the same with nginx sending the bytes (X-Accel-Redirect) and without: status, headers and body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import pytest

from picasso import conf
from picasso.doctor import downloads, entrance, uploads
from picasso.doctor.finding import Finding, Installation, Level
from picasso.doctor.one_check import findings_of
from tests.live.conftest import Shared
from tests.live.shipped import shipped_nginx
from tests.live.test_doctor import be_patient
from tests.stack import NO_TLS, running

pytestmark = pytest.mark.live

CONTENT = bytes(range(32, 127)) * 3000
SIZE = len(CONTENT)

RANGES = [
    *("bytes=0-0", "bytes=5-", "bytes=-5", "bytes=0-", f"bytes=-{SIZE * 2}", f"bytes={SIZE}-", "bytes=-0"),
    *("bytes=0-1,5-6", "bytes=0-9,5-19", f"bytes=0-1,{SIZE}-", "bytes=0-1,", "bytes=0-1, bytes=3-4"),
    *("bytes=9-5", "bytes=-", "bytes=a-b", "lines=1-2", "Bytes=0-1", "bytes= 0-1", "bytes=0 - 1"),
    *(f"bytes=0-{'9' * 30}", "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 200, 2))),
]

# Conditions, without and with a range; in braces the entity tag and dates.
CONDITIONS: list[dict[str, str]] = [
    {"If-Match": "{etag}"},
    {"If-Match": '"other"'},
    {"If-Match": "*"},
    {"If-None-Match": "{etag}"},
    {"If-None-Match": "W/{etag}"},
    {"If-None-Match": '"other"'},
    {"If-None-Match": "*"},
    {"If-Modified-Since": "{date}"},
    {"If-Modified-Since": "{before}"},
    {"If-Unmodified-Since": "{date}"},
    {"If-Unmodified-Since": "{before}"},
    {"If-Match": "{etag}", "If-Unmodified-Since": "{before}"},
    {"If-None-Match": '"other"', "If-Modified-Since": "{date}"},
    {"If-Match": "{etag}", "If-None-Match": "{etag}"},
]
IF_RANGES = ["{etag}", "W/{etag}", '"other"', "{date}", "{before}", "{later}", "nonsense"]

REQUESTS: list[dict[str, str]] = [
    {},
    {"Accept-Encoding": "gzip"},
    *({"Range": wanted} for wanted in RANGES),
    *CONDITIONS,
    *({**condition, "Range": "bytes=2-4"} for condition in CONDITIONS),
    *(
        {"If-Range": value, "Range": wanted}
        for value in IF_RANGES
        for wanted in ("bytes=2-4", "bytes=2-4,9-", "bytes=9-2")
    ),
]

# What says something about the connection, the server or the moment.
OTHERS_OWN = {"date", "server", "connection", "keep-alive", "ratelimit"}


@dataclass(frozen=True, slots=True)
class Doors:
    """Two ways to the same files."""

    direct: str
    by_nginx: str
    path: str
    known: httpx.Headers
    """Of the answer to a HEAD."""
    behind_nginx: str
    """The service that leaves the bytes to nginx."""


@pytest.fixture(scope="module")
def doors(shared_web: Shared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    env = {"PICASSO_TRUSTED_PROXIES": "127.0.0.1"}
    plain = shared_web(**env)
    with (
        running(plain.data, "web", "/healthz", PICASSO_ACCEL_REDIRECT="/stored", **env) as accel,
        shipped_nginx(tmp_path_factory.mktemp("nginx"), accel.url, plain.data) as front,
    ):
        sent = plain.upload(CONTENT, "línes 1.txt", "text/plain")
        yield Doors(plain.url, front.url, urlsplit(sent["file"]).path, httpx.head(sent["file"]).headers, accel.url)


def filled(doors: Doors, headers: dict[str, str]) -> dict[str, str]:
    known = doors.known
    date, hour = parsedate_to_datetime(known["last-modified"]), timedelta(hours=1)
    values = {"etag": known["etag"], "date": known["last-modified"]}
    values |= {name: format_datetime(date + delta, usegmt=True) for name, delta in (("later", hour), ("before", -hour))}
    return {name: value.format(**values) for name, value in headers.items()}


def comparable(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Without the boundary of a multipart body, which is another each time."""
    found = re.search("boundary=(.*)", answer.headers.get("content-type", ""))
    boundary = found[1] if found else "no boundary"
    headers = [(name, value.replace(boundary, "B")) for name, value in answer.headers.multi_items()]
    shown = sorted(header for header in headers if header[0] not in OTHERS_OWN)
    return answer.status_code, shown, answer.content.replace(boundary.encode(), b"B")


def differences(doors: Doors, client: httpx.Client, method: str, query: str, headers: dict[str, str]) -> list[str]:
    asked = filled(doors, headers)
    answers = [
        client.request(method, door + doors.path + query, headers=asked) for door in (doors.direct, doors.by_nginx)
    ]
    (status, shown, body), (their_status, theirs, their_body) = map(comparable, answers)
    wrong = [] if status == their_status else [f"{status}, by nginx {their_status}"]
    wrong += [str(header) for header in sorted({*shown} ^ {*theirs})] or ([] if shown == theirs else ["twice"])
    wrong += [] if body == their_body else ["the body"]
    return [f"{method} {asked}: {what}" for what in wrong]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_both_ways_are_the_same(doors: Doors, method: str) -> None:
    with httpx.Client(timeout=60, verify=NO_TLS) as client:
        wrong = [text for headers in REQUESTS for text in differences(doors, client, method, "", headers)]
        wrong += differences(doors, client, method, "?download", {})
    assert not wrong, "\n".join(wrong)


def test_a_download_is_resumed_where_it_ended(doors: Doors) -> None:
    """By If-Range, as browsers do; the answers have the same entity tag whoever sends them."""
    for url in (doors.direct + doors.path, doors.by_nginx + doors.path):
        first = httpx.get(url, headers={"Range": "bytes=0-99999"}, timeout=60, verify=NO_TLS)
        rest = {"Range": "bytes=100000-", "If-Range": first.headers["etag"]}
        resumed = httpx.get(url, headers=rest, timeout=60, verify=NO_TLS)
        assert (first.status_code, resumed.status_code) == (206, 206)
        assert first.content + resumed.content == CONTENT


def test_the_doctor_sees_whether_somebody_sends_the_bytes(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch, set())
    wrong = {url: faults_at(url) for url in (doors.by_nginx, doors.behind_nginx)}
    assert wrong[doors.by_nginx] == []
    [finding] = wrong[doors.behind_nginx]
    assert "X-Accel-Redirect" in finding.what


def faults_at(url: str) -> list[Finding]:
    checks = (entrance.check, uploads.check, downloads.check)
    found = [finding for check in checks for finding in findings_of(check, Installation(conf.load({}), url))]
    return [finding for finding in found if finding.level != Level.OK and finding.name != "ready"]
