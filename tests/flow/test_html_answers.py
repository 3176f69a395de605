"""Pages instead of JSON, where a browser shows the answer in its window."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from picasso.html_answers import is_page_load
from picasso.languages import russian
from picasso.web.app import WebApp
from tests.flow.asgi import Exchange, ask, with_app
from tests.flow.rows import new_file

pytestmark = pytest.mark.django_db(transaction=True)

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
UPLOAD = "/api/v1.0/upload/"
FORM = "multipart/form-data; boundary=x"


def form(content: bytes, name: str = "note.txt") -> bytes:
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"'
    return f"--x\r\n{head}\r\n\r\n".encode() + content + b"\r\n--x--\r\n"


def is_page(answer: Exchange) -> bool:
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    return answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"accept": "*/*"}, False),
        ({"accept": "application/json, text/html"}, False),
        ({"accept": FIREFOX}, True),
        ({"accept": FIREFOX, "sec-fetch-mode": "navigate"}, True),
        ({"accept": FIREFOX, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}, True),
        ({"accept": FIREFOX, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}, False),
        ({"accept": FIREFOX, "sec-fetch-mode": "cors"}, False),
        ({"accept": "image/avif,*/*", "sec-fetch-mode": "no-cors"}, False),
    ],
)
def test_a_page_load_is_told_by_its_headers(headers: dict[str, str], expected: bool) -> None:
    assert is_page_load(headers) == expected


# By handlers of this service, and by Django.
@pytest.mark.parametrize(
    "path", ["/files/01912e00-0000-7000-8000-000000000000/a.txt", "/nowhere", "/api/v1.0/nowhere/"]
)
def test_an_error_is_a_page_for_a_browser_and_json_for_programs(tmp_path: Path, path: str) -> None:
    page = with_app(tmp_path, lambda app: ask(app, "GET", path, accept=FIREFOX))
    assert (page.status, is_page(page)) == (404, True)
    assert b"not-found" in page.body
    assert "Accept" in page.headers["vary"]
    program = with_app(tmp_path, lambda app: ask(app, "GET", path, accept="*/*"))
    assert (program.status, program.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/nowhere", "/files/nothing"])
def test_the_page_speaks_russian_and_knows_its_prefix(tmp_path: Path, path: str) -> None:
    async def get(app: WebApp) -> Exchange:
        return await ask(app, "GET", path, accept=FIREFOX, accept_language="ru", x_forwarded_prefix="/below")

    page = with_app(tmp_path, get, trusted_proxies=("127.0.0.1",))
    text = page.body.decode()
    assert page.headers["content-language"] == "ru"
    assert 'lang="ru"' in text
    assert russian.TITLES["Not Found"] in text
    assert 'href="/below/"' in text
    assert 'href="/below/static/picasso/console/styles/base.css' in text


@pytest.mark.parametrize(
    ("query", "kept"), [("q=%22%3E%3Cscript", b"%3Fq%3D%2522%253E%253Cscript"), ("token=secret", b""), ("", b"")]
)
def test_whoever_is_not_signed_in_can_do_so_and_comes_back(tmp_path: Path, query: str, kept: bytes) -> None:
    path = f"/api/v1.0/files/?{query}"
    page = with_app(tmp_path, lambda app: ask(app, "GET", path, accept=FIREFOX), access="keys")
    assert (page.status, is_page(page)) == (401, True)
    assert b'href="/sign-in/?next=%2Fapi%2Fv1.0%2Ffiles%2F' + kept + b'"' in page.body
    assert page.headers["www-authenticate"].startswith("Bearer")


def test_a_form_without_script_ends_on_a_page(tmp_path: Path) -> None:
    body = form(b"hello", "<b>a.txt")
    page = with_app(tmp_path, lambda app: ask(app, "POST", UPLOAD, body, content_type=FORM, accept=FIREFOX))
    assert (page.status, is_page(page)) == (201, True)
    assert b"&lt;b&gt;a.txt" in page.body
    assert page.headers["location"].startswith("http://localhost/api/v1.0/files/")
    assert page.headers["content-language"] == "en"
    refused = with_app(tmp_path, lambda app: ask(app, "POST", UPLOAD, form(b""), content_type=FORM, accept=FIREFOX))
    assert (refused.status, is_page(refused)) == (400, True)
    assert b"The file is empty" in refused.body


def test_a_form_that_is_too_large_ends_on_a_page(tmp_path: Path) -> None:
    body = form(b"x" * 2**20)
    page = with_app(
        tmp_path,
        lambda app: ask(app, "POST", UPLOAD, body, content_type=FORM, accept=FIREFOX),
        max_upload_size=1000,
    )
    assert (page.status, is_page(page)) == (413, True)
    assert b"too-large" in page.body


def test_the_icon_that_browsers_ask_for_is_there(tmp_path: Path) -> None:
    icon = with_app(tmp_path, lambda app: ask(app, "GET", "/favicon.ico"))
    assert (icon.status, icon.headers["location"]) == (302, "/static/picasso/favicon.svg")


SCRIPT = "/static/picasso/console/main.js"


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [("gzip, br", True), ("br;q=1, gzip;q=0.5", True), ("gzip;q=0", False), ("identity", False), ("", False)],
)
def test_static_files_are_compressed_for_who_takes_it(tmp_path: Path, accepted: str, compressed: bool) -> None:
    async def look(app: WebApp) -> None:
        answer = await ask(app, "GET", SCRIPT, accept_encoding=accepted)
        assert answer.headers.get("content-encoding", "") == ("gzip" if compressed else "")
        assert answer.headers["vary"] == "Accept-Encoding"
        assert int(answer.headers["content-length"]) == len(answer.body)
        body = gzip.decompress(answer.body) if compressed else answer.body
        assert b"startShell" in body
        tag, date = answer.headers["etag"], answer.headers["last-modified"]
        again = await ask(app, "GET", SCRIPT, accept_encoding=accepted, if_none_match=tag)
        assert (again.status, again.body) == (304, b"")
        again = await ask(app, "GET", SCRIPT, accept_encoding=accepted, if_modified_since=date)
        assert (again.status, again.body) == (304, b"")
        changed = await ask(app, "GET", SCRIPT, accept_encoding=accepted, if_none_match='W/"another"')
        assert (changed.status, changed.body) == (200, answer.body)
        picture = await ask(app, "GET", "/static/admin/img/LICENSE", accept_encoding=accepted)
        assert "content-encoding" not in picture.headers

    with_app(tmp_path, look)


# The budget of the console


def test_the_first_view_is_small(tmp_path: Path) -> None:
    """HTML, styles and scripts that `/` loads before it is shown, with gzip. Pictures come later."""
    for _ in range(10):
        new_file(name="Holiday in Brittany 2026-07-14.jpg", media_type="image/jpeg")

    async def look(app: WebApp) -> dict[str, int]:
        page = await ask(app, "GET", "/", accept=FIREFOX)
        text = page.body.decode()
        links = re.findall(r'<link rel="(?:stylesheet|modulepreload)" href="([^"]+)"', text)
        links += re.findall(r'<script type="module" src="([^"]+)"', text)
        found = {"/": page, **{link: await ask(app, "GET", link) for link in set(links)}}
        assert {each.status for each in found.values()} == {200}
        return {link: len(gzip.compress(each.body, 6)) for link, each in found.items()}

    sizes = with_app(tmp_path, look)
    assert len(sizes) > 20
    assert sum(sizes.values()) <= 80_000, sizes
