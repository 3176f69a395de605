"""Pages of other sites, and names that lead to this service but are not its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.live.conftest import APP, Shared, web_only
from tests.live.wire import END, FILES, FORM, PNG, UPLOAD, Answer, ask, check_problem, count, head, part, post, wire
from tests.stack import Stack

pytestmark = pytest.mark.live

STRANGER = "https://evil.example"
UPLOADS = "/api/v1.0/uploads/"
RETRY = "/api/v1.0/jobs/retry/"
PAUSE = "/api/v1.0/queues/quick/pause/"
LOGIN = "/admin/login/"


@pytest.fixture(scope="module")
def closed(shared_web: Shared) -> Stack:
    return shared_web()


@pytest.fixture(scope="module")
def open_to_all(shared_web: Shared) -> Stack:
    return shared_web(PICASSO_CORS_ORIGINS="*")


@pytest.fixture(scope="module")
def public(new_data: Callable[[], Path]) -> Iterator[Stack]:
    """Behind a proxy that passes on its own name for the service, and not that of its clients."""
    env = {"PICASSO_PUBLIC_URL": "https://files.example.com", "PICASSO_TRUSTED_PROXIES": "127.0.0.1"}
    with web_only(new_data(), **env) as stack:
        yield stack


# Requests that change something, one for each handler and protocol.
CHANGES = {
    "a form": ("POST", UPLOAD, {"Content_Type": FORM}),
    "a raw body": ("POST", f"{UPLOAD}a.txt", {"Content_Type": "text/plain"}),
    "a raw body by PUT": ("PUT", f"{UPLOAD}a.txt", {}),
    "tus": ("POST", UPLOADS, {"Tus_Resumable": "1.0.0", "Upload_Length": "5"}),
    "tus, a chunk": ("PATCH", f"{UPLOADS}{uuid4()}", {"Tus_Resumable": "1.0.0", "Upload_Offset": "0"}),
    "tus, the end": ("DELETE", f"{UPLOADS}{uuid4()}", {"Tus_Resumable": "1.0.0"}),
    "the draft": ("POST", UPLOADS, {"Upload_Complete": "?0", "Upload_Draft_Interop_Version": "8"}),
    "a deletion": ("DELETE", f"{FILES}{uuid4()}/", {}),
    "a bulk action": ("POST", RETRY, {"Content_Type": "application/json"}),
    "a cancellation": ("POST", "/api/v1.0/jobs/cancel/", {"Content_Type": "application/json"}),
    "one job's": ("POST", f"/api/v1.0/jobs/{uuid4()}/cancel/", {}),
    "a pause": ("POST", PAUSE, {}),
    "its end": ("POST", "/api/v1.0/queues/quick/resume/", {}),
    "a sign-in": ("POST", LOGIN, {"Content_Type": "application/x-www-form-urlencoded"}),
    "a download that is none": ("DELETE", f"/files/{uuid4()}/a", {}),
    "health": ("POST", "/healthz", {}),
    "the front page": ("POST", "/", {}),
    "a static file": ("POST", "/static/picasso/delivery.js", {}),
    "nothing": ("DELETE", "/no/such/path", {}),
}

# What browsers say of pages elsewhere. Another port of the same machine is of the same site, and no more trusted.
FOREIGN = {
    "another site": {"Origin": STRANGER, "Sec_Fetch_Site": "cross-site"},
    "without a secure connection": {"Origin": "http://evil.example"},
    "a frame without an origin": {"Origin": "null"},
    "without Origin": {"Sec_Fetch_Site": "cross-site"},
    "the same site": {"Sec_Fetch_Site": "same-site"},
    "another port": {"Origin": "http://127.0.0.1:1", "Sec_Fetch_Site": "same-site"},
    "another name of this machine": {"Origin": "http://localhost:{port}"},
    "two origins": {"Origin": f"http://127.0.0.1:{{port}}, {STRANGER}"},
    "a longer name": {"Origin": "http://127.0.0.1:{port}.evil.example"},
    "a word of the future": {"Sec_Fetch_Site": "some-site"},
}


def sent(stack: Stack, change: str, more: dict[str, str]) -> Answer:
    method, path, headers = CHANGES[change]
    told = {name: value.format(port=stack.port) for name, value in more.items()}
    body = part() + END
    with wire(stack) as connection:
        connection.send(head(stack, method, path, **{"Content_Length": len(body), **headers, **told}), body)
        return connection.read()


@pytest.mark.parametrize("change", CHANGES)
def test_a_page_elsewhere_changes_nothing(closed: Stack, change: str) -> None:
    before = count(closed)
    for told in FOREIGN.values():
        check_problem(sent(closed, change, told), 403, "cross-site-request")
    assert count(closed) == before


@pytest.mark.parametrize("change", CHANGES)
def test_programs_and_own_pages_are_not_refused(closed: Stack, change: str) -> None:
    own = {"Origin": "http://127.0.0.1:{port}"}
    for told in ({}, own, {**own, "Sec_Fetch_Site": "same-origin"}, {"Sec_Fetch_Site": "none"}):
        answer = sent(closed, change, told)
        # Django's own check of forms is left: this sign-in has no token.
        assert answer.status != 403 or (change == "a sign-in" and b"CSRF" in answer.body)


def check_page(answer: Answer, status: int, code: bytes) -> None:
    """A browser shows it in its window."""
    assert (answer.status, code in answer.body) == (status, True), answer
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_form_of_a_page_elsewhere_stores_nothing(closed: Stack) -> None:
    """As browsers send one without asking first, with the three types that they may use for that."""
    before = count(closed)
    for media_type in (FORM, "text/plain", "application/x-www-form-urlencoded"):
        disposition = {} if media_type == FORM else {"Content_Disposition": 'attachment; filename="a"'}
        told = {"Origin": STRANGER, "Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", **disposition}
        check_page(post(closed, part() + END, media_type, **told), 403, b"cross-site-request")
    assert count(closed) == before


def test_reading_is_left_to_browsers(closed: Stack) -> None:
    """They keep such an answer from the page. A person may come by a link of another site."""
    path = closed.upload(PNG, "dot.png", "image/png")["file"].removeprefix(closed.url)
    for told in ({"Origin": STRANGER}, {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}):
        for address in (FILES, path, "/", "/healthz"):
            answer = ask(closed, "GET", address, **told)
            assert answer.status == 200
            assert "access-control-allow-origin" not in answer.headers
            assert answer.headers["cross-origin-resource-policy"] == ("same-site" if address == path else "same-origin")


def test_a_listed_origin_may_change_things(listed: Stack) -> None:
    told = {"Origin": APP, "Sec_Fetch_Site": "cross-site"}
    for change, (_, path, _) in CHANGES.items():
        answer = sent(listed, change, told)
        if path.startswith("/api/"):
            assert answer.status != 403, change
        elif not path.startswith("/files/"):
            check_problem(answer, 403, "cross-site-request")
    retried = post(listed, b'{"state": "failed"}', "application/json", path=RETRY, **told)
    assert retried.status == 200


def test_every_origin_may_upload_and_no_more(open_to_all: Stack) -> None:
    """With `*`, what nobody has a key for is still not left to every page."""
    before = count(open_to_all)
    told = {"Origin": STRANGER, "Sec_Fetch_Site": "cross-site"}
    for change, (_, path, _) in CHANGES.items():
        answer = sent(open_to_all, change, told)
        if path.startswith((UPLOAD, UPLOADS)):
            assert answer.status != 403, change
        else:
            check_problem(answer, 403, "cross-site-request")
    assert count(open_to_all) > before
    assert ask(open_to_all, "GET", FILES, **told).headers["access-control-allow-origin"] == "*"


def test_a_proxy_that_ends_tls_need_not_say_so(closed: Stack, public: Stack) -> None:
    own = f"https://127.0.0.1:{closed.port}"
    assert sent(closed, "a pause", {"Origin": own}).status != 403
    assert sent(public, "a pause", {"Origin": "https://files.example.com"}).status != 403
    for origin in ("http://files.example.com", "https://files.example.com:8443"):
        check_problem(sent(public, "a pause", {"Origin": origin}), 403, "cross-site-request")
    tls = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "localhost"}
    assert sent(public, "a pause", {"Origin": "https://localhost", **tls}).status != 403
    check_problem(sent(public, "a pause", {"Origin": "http://localhost", **tls}), 403, "cross-site-request")


# Names

PATHS = {
    **{change: (method, path) for change, (method, path, _) in CHANGES.items()},
    "a list": ("GET", FILES),
    "a stored file": ("GET", f"/files/{uuid4()}/a"),
    "an upload's offset": ("HEAD", f"{UPLOADS}{uuid4()}"),
    "a preflight": ("OPTIONS", UPLOADS),
    "the schema": ("GET", "/api/v1.0/schema/"),
    "a script": ("GET", "/static/picasso/delivery.js"),
    "alive": ("GET", "/healthz"),
    "ready": ("GET", "/readyz"),
    "home": ("GET", "/"),
}

WRONG = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "127.0.0.1:80:80", "a b", "[::1"]


@pytest.mark.parametrize("path", PATHS)
def test_no_handler_answers_to_another_name(closed: Stack, path: str) -> None:
    method, address = PATHS[path]
    for host in WRONG:
        answer = ask(closed, method, address, Host=host)
        assert answer.status == 400, (host, answer)
        if method != "HEAD":
            check_problem(answer, 400, "bad-request")
            assert "PICASSO_ALLOWED_HOSTS" in answer.json()["detail"]


@pytest.mark.parametrize("path", PATHS)
def test_one_host_and_no_more(closed: Stack, path: str) -> None:
    """RFC 9112 §3.2."""
    method, address = PATHS[path]
    request = head(closed, method, address)
    host = f"Host: 127.0.0.1:{closed.port}\r\n".encode()
    for wrong in (request.replace(host, b""), request.replace(host, host * 2)):
        with wire(closed) as connection:
            connection.send(wrong)
            assert connection.read(head=method == "HEAD").status == 400


def test_a_machine_is_checked_by_its_address(closed: Stack) -> None:
    """As load balancers and Kubernetes do. Only its health: a name in answers could be anybody's."""
    for host in ("10.1.2.3:8000", "[2001:db8::1]:8000", "192.0.2.1"):
        assert ask(closed, "GET", "/healthz", Host=host).status == 200
        assert ask(closed, "GET", "/readyz", Host=host).status in {200, 503}
        check_problem(ask(closed, "GET", FILES, Host=host), 400, "bad-request")


def test_the_name_of_the_public_url_is_allowed(public: Stack) -> None:
    for path in (FILES, "/healthz", "/"):
        assert ask(public, "GET", path, Host="files.example.com").status == 200
        assert ask(public, "GET", path, Host="FILES.example.com:443").status == 200


def test_old_clients_need_no_host(closed: Stack) -> None:
    """HTTP/1.0. The service's own address takes its place."""
    body = part() + END
    request = head(closed, Content_Type=FORM, Content_Length=len(body)).replace(b"HTTP/1.1", b"HTTP/1.0")
    with wire(closed) as connection:
        connection.send(request.replace(b"Host:", b"X-Host:"), body)
        assert connection.read().json()["file"].startswith(f"{closed.url}/files/")
    with wire(closed) as connection:
        connection.send(b"GET /api/v1.0/files/ HTTP/1.0\r\n\r\n")
        assert connection.read().status == 200


# Projects

TENANT = "https://tenant.example"


@dataclass(frozen=True, slots=True)
class Tenants:
    """A service with keys. The project `shop` lists an origin of its own."""

    stack: Stack
    shop: dict[str, str]
    other: dict[str, str]
    signing_key: Ed25519PrivateKey
    """Signs the tokens of both."""


@pytest.fixture(scope="module")
def tenants(new_data: Callable[[], Path]) -> Iterator[Tenants]:
    with web_only(new_data(), PICASSO_ACCESS="keys") as stack:
        admin = {"Authorization": f"Bearer {stack.manage('keys', 'create', 'root', '--admin').strip()}"}
        for name, origins in (("shop", [TENANT]), ("other", [])):
            body = {"name": name, "cors_origins": origins}
            made = stack.client.post("/api/v1.0/projects/", json=body, headers=admin)
            assert made.status_code == 201, made.text
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        shop, other = (key_of(stack, admin, name, public) for name in ("shop", "other"))
        yield Tenants(stack, shop, other, private)


def key_of(stack: Stack, admin: dict[str, str], project: str, public: str) -> dict[str, str]:
    scopes = ["files:read", "files:write", "files:delete", "jobs:write"]
    body = {"name": "backend", "scopes": scopes, "public_key": public}
    made = stack.client.post("/api/v1.0/keys/", json=body, headers={**admin, "Picasso-Project": project})
    return {"Authorization": f"Bearer {made.json()['key']}"}


def test_the_origins_of_a_project_are_for_its_own_requests(tenants: Tenants) -> None:
    for key, allowed in ((tenants.shop, True), (tenants.other, False)):
        read = ask(tenants.stack, "GET", FILES, Origin=TENANT, **key)
        assert read.headers.get("access-control-allow-origin") == (TENANT if allowed else None)
        assert ("Origin" in read.headers.get("vary", "")) is allowed
        uploaded = post(tenants.stack, part() + END, Origin=TENANT, Sec_Fetch_Site="cross-site", **key)
        retried = post(tenants.stack, b'{"state": "failed"}', "application/json", RETRY, Origin=TENANT, **key)
        if allowed:
            assert (uploaded.status, retried.status) == (201, 200)
            assert uploaded.headers["access-control-allow-origin"] == TENANT
        else:
            check_problem(uploaded, 403, "cross-site-request")
            check_problem(retried, 403, "cross-site-request")
        check_problem(post(tenants.stack, part() + END, Origin=STRANGER, **key), 403, "cross-site-request")


def test_before_the_project_is_known_its_pages_are_those_of_a_project(tenants: Tenants) -> None:
    """A preflight carries no token, and neither does an answer that says that it is missing."""
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization,content-type"}
    allowed = ask(tenants.stack, "OPTIONS", UPLOADS, Origin=TENANT, **asked)
    assert allowed.status == 204
    assert allowed.headers["access-control-allow-origin"] == TENANT
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower().split(", ")
    missing = post(tenants.stack, part() + END, Origin=TENANT)
    check_problem(missing, 401, "unauthorized")
    assert missing.headers["access-control-allow-origin"] == TENANT
    strange = ask(tenants.stack, "OPTIONS", UPLOADS, Origin=STRANGER, **asked)
    assert "access-control-allow-origin" not in strange.headers
    check_problem(post(tenants.stack, part() + END, Origin=STRANGER), 403, "cross-site-request")
    assert "access-control-allow-origin" not in ask(tenants.stack, "OPTIONS", "/admin/", Origin=TENANT, **asked).headers


def test_a_plain_form_of_a_projects_page_brings_its_token_in_a_field(tenants: Tenants) -> None:
    claims = {"aud": "picasso", "exp": int(time.time()) + 600, "scopes": ["files:write"]}
    text = jwt.encode(
        claims, tenants.signing_key, "EdDSA", headers={"kid": tenants.shop["Authorization"].split("_")[1]}
    )
    token = part(text.encode(), b'form-data; name="token"', None)
    sent = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert post(tenants.stack, token + part() + END, Origin=TENANT, **sent).status == 201
    check_page(post(tenants.stack, token + part() + END, Origin=STRANGER, **sent), 403, b"cross-site-request")
