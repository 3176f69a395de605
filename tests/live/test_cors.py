"""Pages of other sites: what browsers are told about them, and what Chromium then lets them do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from picasso.web.cors import RESPONSE_HEADERS
from tests import browser
from tests.devtools import Window
from tests.live.conftest import APP, Shared
from tests.live.wire import END, FILES, FORM, PNG, UPLOAD, Answer, ask, check_problem, head, part, post, wire
from tests.stack import Stack

pytestmark = pytest.mark.live

STRANGER = "https://evil.example"
UPLOADS = "/api/v1.0/uploads/"
RETRY = "/api/v1.0/jobs/retry/"


@pytest.fixture(scope="module")
def open_to_all(shared_web: Shared) -> Stack:
    return shared_web(PICASSO_CORS_ORIGINS="*")


@pytest.fixture(scope="module")
def closed(shared_web: Shared) -> Stack:
    return shared_web()


def preflight(stack: Stack, path: str, origin: str, method: str = "POST", headers: str = "content-type") -> Answer:
    asked = {"Access_Control_Request_Method": method, "Access_Control_Request_Headers": headers}
    return ask(stack, "OPTIONS", path, Origin=origin, **asked)


def told(answer: Answer) -> Mapping[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def names(listed: str) -> set[str]:
    return {name.strip().lower() for name in listed.split(",")}


# Preflights


@pytest.mark.parametrize(
    "path", [UPLOAD, f"{UPLOAD}a.txt", UPLOADS, f"{UPLOADS}{uuid4()}", FILES, f"/files/{uuid4()}/a"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_a_preflight_is_answered_wherever_it_goes(listed: Stack, path: str, method: str) -> None:
    answer = preflight(listed, path, APP, method)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == APP
    assert method in answer.headers["access-control-allow-methods"].split(", ")
    assert int(answer.headers["access-control-max-age"]) > 0
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers


# What real clients ask for: Chromium sends the names sorted, in lower case, without spaces.
CLIENTS = {
    "tus-js-client": "content-type,tus-resumable,upload-length,upload-metadata",
    "tus-js-client, a chunk": "content-type,tus-resumable,upload-offset",
    "tus-js-client, the rest": "tus-resumable,upload-checksum,upload-concat,upload-defer-length,x-request-id",
    "tus-js-client, by POST": "content-type,tus-resumable,upload-offset,x-http-method-override",
    "tus-js-client, draft": "content-type,upload-complete,upload-draft-interop-version,upload-length,upload-offset",
    "Uppy's XHR": "x-requested-with",
    "digests": "content-digest,content-disposition,content-type,idempotency-key,repr-digest",
    "a token": "authorization,content-type",
    "a player": "range,if-range,if-none-match",
    "long polling": "accept,prefer",
}


@pytest.mark.parametrize("client", CLIENTS)
def test_what_clients_send_is_allowed(listed: Stack, client: str) -> None:
    allowed = names(preflight(listed, UPLOADS, APP, headers=CLIENTS[client]).headers["access-control-allow-headers"])
    assert names(CLIENTS[client]) <= allowed


@pytest.mark.parametrize("headers", ["x-forwarded-for", "x-evil,content-type", "picasso-owner", "cookie", "*"])
def test_nothing_is_allowed_because_it_was_asked_for(listed: Stack, headers: str) -> None:
    allowed = names(preflight(listed, UPLOADS, APP, headers=headers).headers["access-control-allow-headers"])
    assert not names(headers) <= allowed
    assert "*" not in allowed


OTHERS = [
    STRANGER,
    "null",
    "http://app.example.com",
    f"{APP}.evil.example",
    f"{APP}:444",
    f"{APP}/",
    "https://APP.example.com",
]


@pytest.mark.parametrize("origin", OTHERS)
def test_a_preflight_of_others_gets_nothing(listed: Stack, origin: str) -> None:
    answer = preflight(listed, UPLOAD, origin)
    assert answer.headers["allow"] == "OPTIONS, POST, PUT", "the door's answer"
    assert not told(answer)
    assert answer.headers["vary"] == "Origin"


def test_an_options_that_is_no_preflight_reaches_the_door(listed: Stack) -> None:
    for origin in ({}, {"Origin": APP}):
        answer = ask(listed, "OPTIONS", UPLOAD, **origin)
        assert answer.headers["allow"] == "OPTIONS, POST, PUT"
    assert answer.headers["access-control-allow-origin"] == APP
    assert "access-control-allow-methods" not in answer.headers


def test_a_preflight_ends_where_the_api_ends(listed: Stack) -> None:
    for path in ("/", "/admin/login/", "/healthz"):
        assert not told(preflight(listed, path, APP))
        assert not told(ask(listed, "GET", path, Origin=APP))


# Answers


def check_shared(answer: Answer, origin: str = APP) -> None:
    assert answer.headers["access-control-allow-origin"] == origin
    assert names(answer.headers["access-control-expose-headers"]) == names(",".join(RESPONSE_HEADERS))
    assert "access-control-allow-credentials" not in answer.headers


def test_an_answer_to_an_allowed_page(listed: Stack) -> None:
    created = post(listed, part() + END, Origin=APP)
    assert created.status == 201
    check_shared(created)
    for path in (
        FILES,
        f"{FILES}{created.json()['id']}/",
        "/api/v1.0/",
        created.json()["file"].removeprefix(listed.url),
    ):
        answer = ask(listed, "GET", path, Origin=APP)
        assert answer.status == 200
        check_shared(answer)
        assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("origin", [*OTHERS, ""])
def test_an_answer_to_others_says_only_that_it_depends(listed: Stack, origin: str) -> None:
    for path, status in ((FILES, 200), (f"/files/{uuid4()}/a", 404)):
        answer = ask(listed, "GET", path, **{"Origin": origin} if origin else {})
        assert answer.status == status
        assert not told(answer)
        assert answer.headers["vary"].endswith("Origin")


def test_errors_and_early_refusals_are_readable_too(listed: Stack) -> None:
    refusals = {
        (415, "unsupported-media-type"): post(listed, b"{}", "application/json", Origin=APP),
        (400, "invalid-upload"): post(listed, b"nonsense", Origin=APP),
        (404, "not-found"): ask(listed, "GET", f"{FILES}{uuid4()}/", Origin=APP),
        (405, "method-not-allowed"): ask(listed, "DELETE", f"/files/{uuid4()}/a", Origin=APP),
    }
    with wire(listed) as connection:
        connection.send(head(listed, Content_Type=FORM, Content_Length=2**40, Origin=APP))
        refusals[413, "too-large"] = connection.read()
    for (status, code), answer in refusals.items():
        check_problem(answer, status, code)
        check_shared(answer)


def test_without_origins_nothing_is_said(closed: Stack) -> None:
    assert not told(preflight(closed, UPLOAD, APP))
    for path in (FILES, f"/files/{uuid4()}/a"):
        answer = ask(closed, "GET", path, Origin=APP)
        assert not told(answer)
        assert "Origin" not in answer.headers.get("vary", "")


def test_open_to_all(open_to_all: Stack) -> None:
    file = open_to_all.upload(PNG, "dot.png", "image/png")
    path = file["file"].removeprefix(open_to_all.url)
    for origin in ({"Origin": STRANGER}, {"Origin": "null"}, {}):
        for answer in (ask(open_to_all, "GET", FILES, **origin), ask(open_to_all, "GET", path, **origin)):
            check_shared(answer, "*")
            assert "Origin" not in answer.headers.get("vary", "")
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert preflight(open_to_all, UPLOADS, STRANGER).headers["access-control-allow-origin"] == "*"


def test_stored_files_may_be_shown_by_allowed_pages(listed: Stack) -> None:
    """As Chromium asks for the picture of an `<img>`, and as `fetch` does."""
    path = listed.upload(PNG, "dot.png", "image/png")["file"].removeprefix(listed.url)
    shown = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"}
    fetched = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty"}
    policies = {
        "cross-origin": [{**shown, "Referer": f"{APP}/"}, {**fetched, "Origin": APP, "Referer": f"{APP}/"}],
        "same-site": [
            *({**shown, "Referer": f"{STRANGER}/"}, {**shown, "Referer": f"{STRANGER}/{APP}/"}, shown),
            *({**fetched, "Origin": STRANGER, "Referer": f"{APP}/"}, {**shown, "Referer": "https://["}, {}),
        ],
    }
    for policy, requests in policies.items():
        for headers in requests:
            answer = ask(listed, "GET", path, **headers)
            assert answer.status == 200
            assert answer.headers["cross-origin-resource-policy"] == policy, headers
    again = ask(listed, "GET", path, If_None_Match=answer.headers["etag"], Origin=APP)
    assert again.status == 304
    check_shared(again)


def test_pages_of_allowed_origins_may_operate(listed: Stack, open_to_all: Stack, closed: Stack) -> None:
    def retry(stack: Stack, **headers: str) -> int:
        return stack.client.post(RETRY, json={"state": "failed"}, headers=headers).status_code

    crossing = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert retry(listed, Origin=APP, **crossing) == 200
    assert retry(open_to_all, Origin=STRANGER, **crossing) == 403, "every page there is may not operate the service"
    for origin in OTHERS:
        assert retry(listed, Origin=origin, **crossing) == 403
        assert retry(listed, Origin=origin) == 403
    assert retry(listed, **crossing) == 403
    assert retry(closed, Origin=APP, **crossing) == 403
    assert retry(listed) == 200


# A browser

SCRIPTS = """
const url = %r;
const tus = { 'Tus-Resumable': '1.0.0', 'Upload-Length': '5', 'Upload-Metadata': 'filename YQ==' };
const form = new FormData();
form.append('file', new Blob(['hello']), 'a.txt');
const created = await fetch(url + '/api/v1.0/upload/', { method: 'POST', body: form });
const file = await created.json();
const bytes = await fetch(file.file, { headers: { Range: 'bytes=1-3' } });
const offered = await fetch(url + '/api/v1.0/uploads/', { method: 'POST', headers: tus });
const chunk = { ...tus, 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' };
const patched = await fetch(url + '/api/v1.0/uploads/x', { method: 'PATCH', body: 'hello', headers: chunk });
const gone = await fetch(created.headers.get('Location'), { method: 'DELETE' });
return {
    location: created.headers.get('Location'), bytes: await bytes.text(), range: bytes.headers.get('Content-Range'),
    statuses: [created, bytes, gone].map(({ status }) => status), reached: offered.status > 0 && patched.status > 0,
};
"""


def run(chromium: Window, port: int, questions: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return browser.verdicts(chromium, questions, port=port)


def test_a_page_of_an_allowed_origin_in_chromium(chromium: Window, listed: Stack, page_port: int) -> None:
    """127.0.0.1 is another site than the page's localhost."""
    picture = listed.upload(PNG, "dot.png", "image/png")["file"]
    ran, shown = run(chromium, page_port, [("script", SCRIPTS % listed.url), ("image", picture)])
    assert ran.pop("location").startswith(f"{listed.url}{FILES}")
    assert ran == {"bytes": "ell", "range": "bytes 1-3/5", "statuses": [201, 206, 204], "reached": True}
    assert shown == {"width": 1, "height": 1}


def test_a_page_of_another_origin_in_chromium(chromium: Window, listed: Stack) -> None:
    picture = listed.upload(PNG, "dot.png", "image/png")["file"]
    ran, shown = run(chromium, 0, [("script", SCRIPTS % listed.url), ("image", picture)])
    assert "Failed to fetch" in ran["error"]
    assert "error" in shown
