"""What the service says of its files, and how it hands them out: list, detail, deletion, download, pages, admin."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.live.admin import superuser, token
from tests.live.wire import END, FILES, FORM, UPLOAD, Answer, ask, check_problem, count, head, part, png, wire
from tests.stack import NO_TLS, Stack, until

pytestmark = pytest.mark.live

# List


def listed(stack: Stack, **parameters: int) -> dict[str, Any]:
    answer = stack.client.get(FILES, params=parameters)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture(scope="module")
def crowd(service: Stack) -> set[str]:
    """Enough for several pages, landed as close together as can be: their last bytes come all at once."""
    with ExitStack() as stack:
        connections = [stack.enter_context(wire(service)) for _ in range(120)]
        form = part() + END
        for connection in connections:
            connection.send(head(service, Content_Type=FORM, Content_Length=len(form)), form[:-1])
        for connection in connections:
            connection.send(form[-1:])
        return {connection.read().json()["id"] for connection in connections}


def test_ten_are_on_a_page(service: Stack, crowd: set[str]) -> None:
    page = listed(service)
    assert set(page) == {"count", "next", "previous", "results"}
    assert type(page["count"]) is int
    assert len(page["results"]) == 10
    assert (page["next"], page["previous"]) == (2, None)
    fields = set(service.upload(b"one more\n"))
    assert set(page["results"][0]) == fields


def test_a_hundred_at_most(service: Stack, crowd: set[str]) -> None:
    for wanted in (100, 101, 10**8):
        assert len(listed(service, page_size=wanted)["results"]) == 100
    assert len(listed(service, page_size=1)["results"]) == 1


def test_pages_hold_every_file_once_newest_first(service: Stack, crowd: set[str]) -> None:
    seen: list[dict[str, Any]] = []
    page: int | None = 1
    while page:
        body = listed(service, page=page, page_size=7)
        assert body["previous"] == (page - 1 or None)
        seen += body["results"]
        page = body["next"]
    ids = [file["id"] for file in seen]
    assert len(ids) == len(set(ids)) == body["count"]
    assert crowd <= set(ids)
    assert ids == sorted(ids, reverse=True)
    moments = [datetime.fromisoformat(file["uploaded_at"]) for file in seen]
    assert moments == sorted(moments, reverse=True)


def test_the_newest_is_first(service: Stack) -> None:
    for n in range(3):
        sent = service.upload(b"%d\n" % n)
        time.sleep(0.002)
        assert listed(service)["results"][0]["id"] == sent["id"]


def test_the_count_is_exact(service: Stack) -> None:
    before = count(service)
    sent = [service.upload(b"x\n") for _ in range(3)]
    assert count(service) == before + 3
    service.client.delete(f"{FILES}{sent[1]['id']}/")
    assert count(service) == before + 2


def test_links_to_the_neighbours(service: Stack, crowd: set[str]) -> None:
    answer = service.client.get(FILES, params={"page": 2, "page_size": 5})
    links = re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["link"])
    pages = {rel: httpx.URL(url) for url, rel in links}
    last = -(-answer.json()["count"] // 5)
    numbers = {rel: int(url.params["page"]) for rel, url in pages.items()}
    assert numbers == {"first": 1, "prev": 1, "next": 3, "last": last}
    assert all(str(url).startswith(f"{service.url}{FILES}?") for url in pages.values())
    assert all(url.params["page_size"] == "5" for url in pages.values())
    following = service.client.get(pages["next"])
    assert following.json()["previous"] == 2


def test_the_first_and_the_last_page_have_one_neighbour(service: Stack, crowd: set[str]) -> None:
    def rels(page: int) -> set[str]:
        answer = service.client.get(FILES, params={"page": page, "page_size": 50})
        return set(re.findall(r'rel="(\w+)"', answer.headers["link"]))

    assert rels(1) == {"first", "next", "last"}
    assert rels(-(-count(service) // 50)) == {"first", "prev", "last"}


def test_an_empty_service(limited: Stack) -> None:
    """Page 1 is there though nothing is on it. (Nothing lands here but what this deletes first.)"""
    for file in listed(limited, page_size=100)["results"]:
        limited.client.delete(f"{FILES}{file['id']}/")
    assert listed(limited) == {"count": 0, "next": None, "previous": None, "results": []}
    check_problem(limited.client.get(FILES, params={"page": 2}), 404)


# Detail


@pytest.fixture(scope="module")
def picture(service: Stack) -> dict[str, Any]:
    return service.settled(service.upload(png(1500, 1200), "Les Demoiselles.png", "image/png")["id"])


def test_detail_of_a_picture(service: Stack, picture: dict[str, Any]) -> None:
    assert picture["state"] == "processed"
    assert picture["processed"] is True
    assert picture["error"] is None
    assert picture["facts"]["file"]["declared_type_matches"] is True
    assert picture["facts"]["image"]["width"] == 1500
    assert [made["role"] for made in picture["derivatives"]] == ["thumbnail-1024", "thumbnail-256"]
    for made in picture["derivatives"]:
        assert set(made) == {"role", "url", "media_type", "size", "width", "height"}
        assert made["url"].startswith(f"{service.url}/files/{picture['id']}/derived/")
        answer = service.client.get(made["url"])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == made["media_type"] == "image/webp"
        assert answer.headers["content-disposition"].startswith("inline; ")
        assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
        assert "last-modified" not in answer.headers  # it may be made again
        assert len(answer.content) == made["size"]
        assert answer.content[8:12] == b"WEBP"
        assert max(made["width"], made["height"]) == int(made["role"].rpartition("-")[2])


def every_file(stack: Stack) -> Iterator[dict[str, Any]]:
    """All files of a service that other tests use too, page by page."""
    page: int | None = 1
    while page:
        body = listed(stack, page=page, page_size=100)
        yield from body["results"]
        page = body["next"]


def test_list_and_detail_agree(service: Stack, picture: dict[str, Any]) -> None:
    found = next(file for file in every_file(service) if file["id"] == picture["id"])
    assert found == {name: picture[name] for name in found}


def test_a_corrupt_picture_fails_with_a_reason(service: Stack) -> None:
    jpeg = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"nothing that a JPEG holds" * 9
    sent = service.upload(jpeg, "broken.jpg", "image/jpeg")
    assert sent["media_type"] == "image/jpeg"
    file = service.settled(sent["id"])
    assert (file["state"], file["processed"]) == ("failed", False)
    assert set(file["error"]) == {"code", "detail"}
    assert re.fullmatch(r"[a-z-]+", file["error"]["code"])
    assert file["error"]["detail"].endswith(".")
    assert str(service.data) not in file["error"]["detail"]
    assert file["derivatives"] == []
    assert service.client.get(file["file"]).content == jpeg


def test_a_type_that_nobody_claims_is_processed_at_once(service: Stack) -> None:
    sent = service.upload(b"\0\1\2\3" * 100, "blob", "application/x-mine")
    assert sent["media_type"] == "application/octet-stream"
    assert (sent["state"], sent["processed"]) == ("processed", True)
    assert set(service.file(sent["id"])["facts"]) == {"file"}


# Deletion


def test_delete_takes_rows_and_bytes(service: Stack) -> None:
    file = service.settled(service.upload(png(600, 500), "gone.png", "image/png")["id"])
    urls = [file["file"], *(made["url"] for made in file["derivatives"])]
    assert len(urls) == 3
    assert len(_bytes_of(service, file["id"])) == 3
    assert service.client.delete(f"{FILES}{file['id']}/").status_code == 204
    assert not _bytes_of(service, file["id"])
    assert not list((service.data / "media").glob(f"*/*/*/{file['id']}*"))
    for url in (*urls, f"{FILES}{file['id']}/"):
        check_problem(service.client.get(url), 404, "not-found")
    check_problem(service.client.delete(f"{FILES}{file['id']}/"), 404, "not-found")
    assert file["id"] not in {other["id"] for other in listed(service, page_size=100)["results"]}


def _bytes_of(stack: Stack, file_id: str) -> list[Path]:
    return [path for path in stack.stored_files() if f"/{file_id}" in str(path)]


def at_work(service: Stack) -> list[Path]:
    """Originals that a child has been given, and whatever was made of them so far."""
    return [path for path in (service.data / "scratch").rglob("*") if path.is_file() and path.name != "lock"]


def test_delete_while_it_is_processed(service: Stack) -> None:
    """At every moment of a job's life: what it derives comes too late and is not kept."""
    sent = []
    for n in range(12):
        sent.append(service.upload(png(700, 700), "busy.png", "image/png")["id"])
        if n % 2:
            until(lambda: service.file(sent[-1])["state"] != "pending", 20, lambda: "never begun")
        time.sleep(n / 100)
        assert service.client.delete(f"{FILES}{sent[-1]}/").status_code == 204
    last = service.upload(png(700, 700), "last.png", "image/png")["id"]
    assert service.settled(last)["state"] == "processed"
    until(lambda: not at_work(service), 20, lambda: f"still at work on {at_work(service)}")

    def left() -> list[Path]:
        return [path for file_id in sent for path in (service.data / "media").glob(f"*/*/*/{file_id}*")]

    until(lambda: not left(), 15, lambda: f"left: {left()}")
    for file_id in sent:
        check_problem(service.client.get(f"{FILES}{file_id}/"), 404)


# Download

CONTENT = bytes(range(32, 127)) * 20_000  # more than one chunk, and text


@pytest.fixture(scope="module")
def text(service: Stack) -> dict[str, Any]:
    return service.upload(CONTENT, "lines.txt", "text/plain")


SIZE = len(CONTENT)


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=1000-300000", 1000, 300_001),
        ("bytes=-5", SIZE - 5, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        (f"bytes={SIZE - 7}-", SIZE - 7, SIZE),
        (f"bytes={SIZE - 1}-{SIZE * 9}", SIZE - 1, SIZE),
        ("bytes=0-", 0, SIZE),
        (f"bytes=0-{SIZE - 1}", 0, SIZE),
        (f"bytes=5-{10**17}", 5, SIZE),
    ],
)
def test_a_range(service: Stack, text: dict[str, Any], wanted: str, start: int, stop: int) -> None:
    answer = service.client.get(text["file"], headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.content == CONTENT[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(stop - start)
    assert answer.headers["etag"] == f'"{text["sha256"]}"'


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0", f"bytes={10**17}-"])
def test_a_range_past_the_end(service: Stack, text: dict[str, Any], wanted: str) -> None:
    answer = service.client.get(text["file"], headers={"Range": wanted})
    check_problem(answer, 416, "range-not-satisfiable")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=0-1,9-5",
        "bytes=9-5",
        "bytes=-",
        "bytes=a-b",
        "lines=1-2",
        "bytes 0-1",
        "bytes=0-1x",
        "bytes=0-" + "9" * 5000,
    ],
)
def test_what_is_no_single_range_gets_all(service: Stack, text: dict[str, Any], wanted: str) -> None:
    answer = service.client.get(text["file"], headers={"Range": wanted})
    assert answer.status_code in ({200, 206} if "99999" in wanted else {200})
    assert answer.content == CONTENT


def test_several_ranges(service: Stack, text: dict[str, Any]) -> None:
    answer = service.client.get(text["file"], headers={"Range": f"bytes=5-9,0-1,{SIZE - 3}-"})
    assert answer.status_code == 206
    assert "content-range" not in answer.headers
    message = message_from_bytes(f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode() + answer.content)
    parts = [part for part in message.walk() if not part.is_multipart()]
    assert [part.get_payload(decode=True) for part in parts] == [CONTENT[5:10], CONTENT[:2], CONTENT[-3:]]
    assert parts[0]["Content-Range"] == f"bytes 5-9/{SIZE}"
    assert answer.headers["content-length"] == str(len(answer.content))
    joined = service.client.get(text["file"], headers={"Range": "bytes=0-99,50-299"})
    assert (joined.status_code, joined.content) == (206, CONTENT[:300])


def test_a_download_may_be_asked_for_as_an_attachment(service: Stack, text: dict[str, Any]) -> None:
    for query, kind in (("download", "attachment"), ("download=1", "attachment"), ("download=false", "inline")):
        answer = service.client.head(f"{text['file']}?{query}")
        assert answer.headers["content-disposition"] == f'{kind}; filename="lines.txt"'
    check_problem(service.client.get(f"{text['file']}?download=maybe"), 400, "bad-request")


def test_if_range(service: Stack, text: dict[str, Any]) -> None:
    whole = service.client.get(text["file"])
    date = whole.headers["last-modified"]
    before = format_datetime(parsedate_to_datetime(date) - timedelta(seconds=9), usegmt=True)
    etag = whole.headers["etag"]
    for condition, status in [
        *((etag, 206), (date, 206)),
        *(('"other"', 200), (f"W/{etag}", 200), (before, 200), ("nonsense", 200)),
    ]:
        answer = service.client.get(text["file"], headers={"Range": "bytes=2-4", "If-Range": condition})
        assert answer.status_code == status, condition
        assert answer.content == (CONTENT[2:5] if status == 206 else CONTENT)


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("If-None-Match", "{etag}", 304),
        ("If-None-Match", "W/{etag}", 304),
        ("If-None-Match", '"a", {etag}, "b"', 304),
        ("If-None-Match", "*", 304),
        ("If-None-Match", '"other"', 200),
        ("If-Modified-Since", "{date}", 304),
        ("If-Modified-Since", "{later}", 304),
        ("If-Modified-Since", "{before}", 200),
        ("If-Modified-Since", "yesterday", 200),
        ("If-Modified-Since", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 200),
        ("If-Modified-Since", "Mon, 99 Jan 2026 99:99:99 +999999999999999", 200),
        ("If-Match", "{etag}", 200),
        ("If-Match", "*", 200),
        ("If-Match", '"a", {etag}', 200),
        ("If-Match", "W/{etag}", 412),
        ("If-Match", '"other"', 412),
        ("If-Unmodified-Since", "{date}", 200),
        ("If-Unmodified-Since", "{before}", 412),
    ],
)
def test_conditions(service: Stack, text: dict[str, Any], header: str, value: str, status: int) -> None:
    whole = service.client.head(text["file"])
    date = parsedate_to_datetime(whole.headers["last-modified"])
    hour = timedelta(hours=1)
    filled = value.format(
        etag=whole.headers["etag"],
        date=whole.headers["last-modified"],
        later=format_datetime(date + hour, usegmt=True),
        before=format_datetime(date - hour, usegmt=True),
    )
    for method in ("GET", "HEAD"):
        answer = service.client.request(method, text["file"], headers={header: filled})
        assert answer.status_code == status
        if status == 304:
            assert answer.content == b""
            assert answer.headers["etag"] == whole.headers["etag"]
            # RFC 9110 §8.6: the length that a 200 would have had, or none.
            assert answer.headers.get("content-length") in {None, str(SIZE)}
        elif status == 412 and method == "GET":
            check_problem(answer, 412, "precondition-failed")


def test_an_etag_wins_over_a_date(service: Stack, text: dict[str, Any]) -> None:
    date = service.client.head(text["file"]).headers["last-modified"]
    answer = service.client.get(text["file"], headers={"If-None-Match": '"other"', "If-Modified-Since": date})
    assert answer.status_code == 200


def test_conditions_come_before_ranges(service: Stack, text: dict[str, Any]) -> None:
    range_ = {"Range": f"bytes={SIZE}-"}
    assert service.client.get(text["file"], headers={"If-Match": '"other"', **range_}).status_code == 412
    assert service.client.get(text["file"], headers={"If-None-Match": "*", **range_}).status_code == 304


def test_head_is_get_without_the_body(service: Stack, text: dict[str, Any], picture: dict[str, Any]) -> None:
    urls = [
        text["file"],
        picture["derivatives"][0]["url"],
        f"{service.url}{FILES}{text['id']}/",
        f"{service.url}/healthz",
    ]
    for url in urls:
        path = url.removeprefix(service.url)
        got, told = ask(service, "GET", path), ask(service, "HEAD", path)
        assert told.status == got.status == 200
        # What is left of the rate is less after each request.
        changing = {"date": "", "ratelimit": ""}
        assert told.headers.keys() == got.headers.keys()
        assert {**told.headers, **changing} == {**got.headers, **changing}
        assert told.headers["content-length"] == str(len(got.body))


def test_a_range_means_nothing_to_head(service: Stack, text: dict[str, Any]) -> None:
    for wanted in ("bytes=0-9", f"bytes={SIZE}-"):
        answer = service.client.head(text["file"], headers={"Range": wanted})
        assert answer.status_code == 200
        assert answer.headers["content-length"] == str(SIZE)


def test_a_connection_goes_on_after_a_download(service: Stack, text: dict[str, Any]) -> None:
    path = text["file"].removeprefix(service.url)
    with wire(service) as connection:
        for method in ("HEAD", "GET", "HEAD", "GET"):
            connection.send(head(service, method, path))
            answer = connection.read(head=method == "HEAD")
            assert answer.status == 200
            assert answer.body == (CONTENT if method == "GET" else b"")
        connection.send(head(service, "GET", path, If_None_Match="*"))
        assert connection.read().status == 304
        connection.send(head(service, "GET", path))
        assert connection.read().body == CONTENT


def test_a_client_that_leaves_in_mid_download_harms_nobody(service: Stack, text: dict[str, Any]) -> None:
    path = text["file"].removeprefix(service.url)
    for _ in range(10):
        with wire(service) as connection:
            connection.send(head(service, "GET", path))
            connection.sock.recv(1000)
            connection.reset()
    assert service.client.get(text["file"]).content == CONTENT


@pytest.mark.parametrize(
    ("name", "content", "media_type", "kind"),
    [
        ("dot.png", png(), "image/png", "inline"),
        ("plain.txt", b"just text\n", "text/plain", "inline"),
        ("page.html", b"<!DOCTYPE html><html><script>alert(1)</script></html>", "text/html", "attachment"),
        (
            "drawing.svg",
            b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
            "image/svg+xml",
            "attachment",
        ),
        ("paper.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf", "attachment"),
        ("blob", b"\0\1\2\3" * 9, "application/octet-stream", "attachment"),
    ],
)
def test_safe_headers(service: Stack, name: str, content: bytes, media_type: str, kind: str) -> None:
    sent = service.upload(content, name, "image/png")
    assert sent["media_type"] == media_type
    answer = service.client.get(sent["file"])
    assert answer.content == content
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == f'{kind}; filename="{name}"'
    policy = answer.headers["content-security-policy"].split("; ")
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert answer.headers["accept-ranges"] == "bytes"
    # No browser is ever told that it has HTML before it.
    shown = {"text/html": "application/octet-stream", "text/plain": "text/plain; charset=utf-8"}
    assert answer.headers["content-type"] == shown.get(media_type, media_type)


def test_without_a_name_there_is_the_page_of_the_file_and_not_its_bytes(service: Stack, text: dict[str, Any]) -> None:
    for path in (f"/files/{text['id']}", f"/files/{text['id']}/"):
        answer = service.client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert text["name"] not in answer.text


def test_a_wrong_name_is_not_found(service: Stack, text: dict[str, Any]) -> None:
    base = f"/files/{text['id']}"
    for path in (
        *(
            f"{base}/other.txt",
            f"{base}/ines.txt",
            f"{base}/%25",
            f"{base}/_ines.txt",
            f"{base}/LINES.TXT",
        ),
        *(f"{base}/x/lines.txt", f"{base}//lines.txt", f"{base}/lines.txt/", f"{base}/lines.txt%00"),
        *(f"{base}/{text['id']}%2Flines.txt", f"{base}/..%2f{text['id']}%2flines.txt", f"{base}/%2e%2e", f"{base}/.."),
        *(f"{base}/%2e%2e/%2e%2e/picasso.sqlite3", f"{base}/..%5clines.txt", "/files/../picasso.sqlite3"),
        *(f"{base}/derived/image/lines.txt", f"{base}/derived/image/..%2f..%2flines.txt", f"{base}/derived"),
        *(
            f"/files/{uuid4()}/lines.txt",
            f"/files/{text['id'].upper()}/lines.txt",
            f"/files/{text['id'][:-1]}/lines.txt",
        ),
        *("/files/%2e%2e%2fsecret.key", "/files//etc/passwd", f"/media/text/plain/{text['id']}/lines.txt"),
        *(f"/files/{text['id'].replace('-', '')}0000/lines.txt",),
    ):
        check_problem(ask(service, "GET", path), 404, "not-found")
    assert ask(service, "GET", f"{base}/l%69nes.txt?download=1").body == CONTENT


def test_bytes_that_vanished_are_not_found(service: Stack) -> None:
    sent = service.upload(b"\0\1vanishing")
    for path in _bytes_of(service, sent["id"]):
        path.unlink()
    check_problem(service.client.get(sent["file"]), 404)
    assert service.client.delete(f"{FILES}{sent['id']}/").status_code == 204


# Pages


@pytest.mark.parametrize("path", ["/", "/api/v1.0/"])
def test_the_front_page_is_for_browsers(service: Stack, path: str) -> None:
    sent = service.upload(b"<b>not bold</b>\n", '<img src=x onerror="alert(1)">.txt')
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    answer = service.client.get(path, headers={"Accept": browser})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert re.search(r'<form[^>]* action="/api/v1.0/upload/" method="post" enctype="multipart/form-data"', answer.text)
    assert re.search(r'<input[^>]* type="file" name="file"', answer.text)
    assert sent["id"] in answer.text
    assert "&lt;img src=x" in answer.text
    assert "<img src=x" not in answer.text
    for asset in re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text):
        assert service.client.get(asset).status_code == 200


@pytest.mark.parametrize("accept", ["application/json", "*/*", None])
@pytest.mark.parametrize("path", ["/", "/api/v1.0/"])
def test_the_directory_is_for_programs(service: Stack, path: str, accept: str | None) -> None:
    with wire(service) as connection:
        connection.send(head(service, "GET", path, **({"Accept": accept} if accept else {})))
        answer = connection.read()
    assert answer.headers["content-type"] == "application/json"
    assert "accept" in answer.headers["vary"].lower()
    body = answer.json()
    assert body["upload"] == f"{service.url}{UPLOAD}"
    assert body["files"] == f"{service.url}{FILES}"
    for name in ("files", "api", "docs", "schema"):
        assert service.client.get(body[name]).status_code == 200


def test_front_page_beyond_the_end(service: Stack) -> None:
    answer = service.client.get("/?page=99999", headers={"Accept": "text/html"})
    assert (answer.status_code, "not-found" in answer.text) == (404, True)


# Health


def test_health(service: Stack) -> None:
    service.wait_for("/readyz")  # on a busy machine a worker may be late to say that it lives
    alive, ready = service.client.get("/healthz"), service.client.get("/readyz")
    assert (alive.status_code, alive.json()["status"]) == (200, "ok")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    assert {"database", "storage", "worker"} <= set(ready.json()["checks"])
    assert ("broker" in ready.json()["checks"]) == (
        "clustered" in str(service.log) or len(service.processes("web")) > 1
    )


def test_not_ready_without_a_worker(limited: Stack) -> None:
    answer = limited.client.get("/readyz")
    assert answer.headers["retry-after"]
    body = check_problem(answer, 503, "not-ready")
    assert "worker" in body["detail"]
    assert body["checks"]["database"] == body["checks"]["storage"] == "ok"
    assert body["checks"]["worker"] != "ok"
    assert limited.client.get("/healthz").status_code == 200


# Admin


@pytest.fixture(scope="module")
def admin(service: Stack) -> Iterator[httpx.Client]:
    """A browser in which an operator is logged in."""
    superuser(service)
    with httpx.Client(base_url=service.url, follow_redirects=True, timeout=60, verify=NO_TLS) as browser:
        page = browser.get("/admin/")
        assert page.url.path == "/admin/login/"
        form = {"username": "dora", "password": "maar-1937", "next": "/admin/", "csrfmiddlewaretoken": token(page)}
        page = browser.post("/admin/login/", data=form, headers={"Referer": str(page.url)})
        assert page.status_code == 200
        assert "dora" in page.text
        yield browser


def test_admin_lists_uploads_that_go_on(service: Stack, admin: httpx.Client) -> None:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "12345"}
    begun = service.client.post("/api/v1.0/uploads/", headers=headers).headers["location"].rpartition("/")[2]
    page = admin.get("/admin/picasso/upload/")
    assert page.status_code == 200
    assert begun in page.text
    assert "12345" in page.text
    assert admin.get(f"/admin/picasso/upload/{begun}/change/").status_code == 200


def test_admin_is_closed_to_strangers(service: Stack) -> None:
    for path in ("/admin/", "/admin/picasso/file/", "/admin/picasso/job/"):
        answer = service.client.get(path)
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("/admin/login/")
    page = service.client.get("/admin/login/")
    assert page.status_code == 200
    assert "csrfmiddlewaretoken" in page.text
    refused = service.client.post("/admin/login/", data={"username": "dora", "password": "maar-1937"})
    assert refused.status_code == 403


def test_admin_lists_files_and_jobs(service: Stack, admin: httpx.Client) -> None:
    file = service.settled(service.upload(png(), "in-admin.png", "image/png")["id"])
    page = admin.get("/admin/picasso/file/")
    assert page.status_code == 200
    assert file["id"] in page.text
    assert "in-admin.png" in page.text
    assert file["id"] in admin.get("/admin/picasso/job/").text
    assert admin.get("/admin/picasso/worker/").status_code == 200
    assert "thumbnail-256" in admin.get(f"/admin/picasso/file/{file['id']}/change/").text
    assert (
        file["id"] in admin.get("/admin/picasso/file/", params={"q": file["sha256"], "state__exact": "processed"}).text
    )
    assert admin.get("/admin/picasso/file/add/").status_code == 403
    assert admin.get("/admin/picasso/file/", params={"q": "no id"}).status_code == 200


@pytest.mark.parametrize("way", ["one", "action"])
def test_deletion_in_the_admin_takes_the_bytes(service: Stack, admin: httpx.Client, way: str) -> None:
    file = service.settled(service.upload(png(300, 300), "from-admin.png", "image/png")["id"])
    assert _bytes_of(service, file["id"])
    if way == "one":
        path, choice = f"/admin/picasso/file/{file['id']}/delete/", {}
    else:
        path, choice = "/admin/picasso/file/", {"action": "delete_selected", "_selected_action": file["id"]}
    page = (
        admin.post(path, data={**choice, "csrfmiddlewaretoken": token(admin.get(path))}) if choice else admin.get(path)
    )
    done = admin.post(path, data={**choice, "post": "yes", "csrfmiddlewaretoken": token(page)})
    assert done.status_code == 200
    assert not _bytes_of(service, file["id"])
    check_problem(service.client.get(f"{FILES}{file['id']}/"), 404)


# With settings of their own


def test_a_public_url_is_in_every_address(accelerated: Stack) -> None:
    sent = accelerated.upload(b"x\n", "año 1.txt")
    assert sent["file"] == f"https://files.example.com/files/{sent['id']}/a%C3%B1o%201.txt"
    assert listed(accelerated)["results"][0]["file"] == sent["file"]
    link = accelerated.client.get(FILES).headers["link"]
    assert '<https://files.example.com/api/v1.0/files/?page=1>; rel="first"' in link
    answer: Answer = ask(accelerated, "GET", sent["file"].removeprefix("https://files.example.com"))
    assert answer.status == 200
    assert answer.body == b""
    lies = f"/stored/text/plain/{sent['id'][-2:]}/{sent['id']}-a%C3%B1o%201.txt"
    assert answer.headers["x-accel-redirect"] == lies
    assert answer.headers["x-content-type-options"] == "nosniff"
    check_problem(ask(accelerated, "GET", f"/files/{uuid4()}/x"), 404, "not-found")


# Addresses


def test_the_slash_at_the_end_of_an_address_of_the_api_may_be_missing(service: Stack) -> None:
    client, file_id = service.client, service.upload(b"no slash\n")["id"]
    assert client.get("/api/v1.0").json() == client.get("/api/v1.0/").json()
    assert listed(service)["results"][0]["id"] == client.get(FILES.rstrip("/")).json()["results"][0]["id"]
    address = f"{FILES}{file_id}"
    assert client.get(address).json()["id"] == file_id
    service.settled(file_id)
    assert [job["file"] for job in client.get(f"{address}/jobs").json()["results"]] == [file_id]
    assert client.post("/api/v1.0/jobs/retry", json={"file": file_id}).json() == {"count": 0, "more": False}
    check_problem(client.post(address, content=b"x" * 2**21), 405)
    assert client.delete(address).status_code == 204
    check_problem(client.get(address), 404)
    check_problem(client.get("/admin"), 404)
