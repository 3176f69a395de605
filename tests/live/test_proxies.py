"""Behind proxies: a real nginx, at a path that it takes off or passes on, and with the configuration that we ship."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from picasso.web.request import Request
from tests import nginx
from tests.live.admin import superuser, token
from tests.live.conftest import Shared, web_only
from tests.live.handlers import Served, served
from tests.live.shipped import Shipped, shipped_nginx
from tests.live.wire import END, FILES, FORM, PNG, UPLOAD, Answer, ask, check_problem, head, part, post, wire
from tests.ports import free_port
from tests.stack import NO_TLS, Stack

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
MIB = 2**20

FORWARDED = {
    "X_Forwarded_For": "198.51.100.7",
    "X_Forwarded_Proto": "https",
    "X_Forwarded_Host": "localhost",
    "X_Forwarded_Port": "8443",
    "X_Forwarded_Prefix": "/picasso",
}


# Told by hand


@pytest.mark.parametrize(
    "told", [FORWARDED, {"Forwarded": 'for=198.51.100.7;proto=https;host="localhost:8443"', "X_Forwarded_Prefix": ""}]
)
def test_doors_and_api_take_what_a_proxy_tells(believing: Stack, told: dict[str, str]) -> None:
    told = {name: value for name, value in told.items() if value}
    base = "https://localhost:8443" + told.get("X_Forwarded_Prefix", "")
    created = post(believing, part() + END, **told)
    assert created.json()["file"].startswith(f"{base}/files/")
    assert created.headers["location"] == f"{base}{FILES}{created.json()['id']}/"
    listed = ask(believing, "GET", f"{FILES}?page_size=1", **told)
    assert listed.json()["results"][0]["file"] == created.json()["file"]
    assert f'<{base}{FILES}?page=1&page_size=1>; rel="first"' in listed.headers["link"]
    assert ask(believing, "GET", "/api/v1.0/", **told).json()["upload"] == f"{base}{UPLOAD}"


def test_others_are_not_believed(listed: Stack) -> None:
    for told in (FORWARDED, {"Forwarded": "proto=https;host=localhost"}, {"X_Forwarded_Host": "a b"}):
        assert post(listed, part() + END, **told).json()["file"].startswith(f"{listed.url}/files/")
        answer = ask(listed, "GET", FILES, **told)
        assert f"<{listed.url}{FILES}?page=1>" in answer.headers["link"]


@pytest.mark.parametrize(
    "told",
    [
        *(
            {"X_Forwarded_Host": "evil.example"},
            {"X_Forwarded_Host": "localhost/x"},
            {"Forwarded": "host=evil.example"},
        ),
        *({"X_Forwarded_Prefix": "/.."}, {"X_Forwarded_Prefix": "//evil.example"}, {"X_Forwarded_Proto": "gopher"}),
        *({"X_Forwarded_Port": "x"}, {"Forwarded": 'host="'}),
    ],
)
def test_what_can_not_be_is_refused(believing: Stack, told: dict[str, str]) -> None:
    check_problem(post(believing, part() + END, **told), 400, "bad-request")
    check_problem(ask(believing, "GET", FILES, **told), 400, "bad-request")


# nginx at a path


@dataclass(frozen=True, slots=True)
class Place:
    """The service as clients see it: at ``url``, which has a path."""

    url: str
    stack: Stack


HOST = "proxy_set_header Host $http_host;"
TOLD = (
    "proxy_set_header Host internal.example; proxy_set_header X-Forwarded-Host $http_host;"
    "proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Prefix /picasso;"
)

# What is behind the path in nginx' `proxy_pass` (a slash takes the path off), what else it tells, and whether the
# service knows its public URL.
PLACES = {"stripped": ("/", HOST, True), "passed on": ("", HOST, True), "stripped and told": ("/", TOLD, False)}


@pytest.fixture(scope="module")
def place_port() -> int:
    return free_port()


@pytest.fixture(scope="module", params=PLACES)
def place(
    request: pytest.FixtureRequest,
    shared_web: Shared,
    believing: Stack,
    place_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Place]:
    end, headers, known = PLACES[request.param]
    url = f"http://127.0.0.1:{place_port}/picasso"
    stack = shared_web(PICASSO_TRUSTED_PROXIES="127.0.0.1", PICASSO_PUBLIC_URL=url) if known else believing
    block = f"location /picasso/ {{ proxy_pass {stack.url}{end}; {headers} }}"
    with nginx.server(tmp_path_factory.mktemp("nginx"), place_port, block):
        yield Place(url, stack)


@pytest.fixture
def client(place: Place) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{place.url}/", timeout=60, verify=NO_TLS, follow_redirects=True) as client:
        yield client


def test_what_is_uploaded_at_a_path_is_found_there(place: Place, client: httpx.Client) -> None:
    created = client.post("api/v1.0/upload/", files={"file": ("a b.txt", b"hello", "text/plain")})
    assert created.status_code == 201
    assert created.headers["location"] == f"{place.url}{FILES}{created.json()['id']}/"
    assert created.json()["file"].startswith(f"{place.url}/files/")
    assert client.get(created.json()["file"]).content == b"hello"
    assert client.get(created.headers["location"]).json()["file"] == created.json()["file"]
    assert client.delete(created.headers["location"]).status_code == 204
    check_problem(client.get(created.json()["file"]), 404, "not-found")


def test_pages_lead_to_each_other_below_the_path(place: Place, client: httpx.Client) -> None:
    for _ in range(2):
        client.post("api/v1.0/upload/", files={"file": b"hello"})
    links = httpx.Response(200, headers=client.get("api/v1.0/files/?page_size=1").headers).links
    assert client.get(links["next"]["url"]).json()["previous"] == 1
    assert urlsplit(links["next"]["url"]).path == f"/picasso{FILES}"
    jobs = client.get("api/v1.0/jobs/?page_size=1").links
    assert client.get(jobs["next"]["url"]).status_code == 200
    for url in list(client.get("api/v1.0/").json().values())[3:]:
        assert url.startswith(f"{place.url}/")
        assert client.get(url).status_code in {200, 405}


@pytest.mark.parametrize("path", ["", "api/v1.0/docs/", "admin/login/"])
def test_all_that_a_page_names_is_there(client: httpx.Client, path: str) -> None:
    page = client.get(path, headers={"Accept": "text/html"})
    assert page.status_code == 200
    named = re.findall(r' (?:href|src|action|data-[a-z]+-url)="([^"#?][^"]*)"', page.text.partition("<template")[0])
    assert len(named) > 2
    for link in map(unescape, named):
        assert urlsplit(urljoin(str(page.url), link)).path.startswith("/picasso/"), link
        assert client.get(urljoin(str(page.url), link)).status_code in {200, 405}, link


def test_the_schema_is_of_what_is_below_the_path(client: httpx.Client) -> None:
    schema = client.get("api/v1.0/schema/", headers={"Accept": "application/json"}).json()
    assert schema["servers"] == [{"url": "/picasso"}]
    assert FILES in schema["paths"]


def test_the_admin_at_a_path(place: Place, client: httpx.Client) -> None:
    superuser(place.stack)
    page = client.get("admin/")
    assert page.url.path == "/picasso/admin/login/"
    form = {"username": "dora", "password": "maar-1937", "next": "/picasso/admin/", "csrfmiddlewaretoken": token(page)}
    browser = {"Referer": str(page.url), "Origin": place.url.removesuffix("/picasso")}
    page = client.post("admin/login/", data=form, headers=browser)
    assert page.url.path == "/picasso/admin/"
    assert "dora" in page.text
    assert '/picasso/admin/picasso/file/"' in page.text
    assert {cookie.path for cookie in client.cookies.jar} <= {"/", "/picasso/"}


# Interim responses


async def tell_first(request: Request) -> None:
    request.interim(104, {"Location": "/uploads/1"})
    size, more = 0, True
    while more:
        chunk, more = await request.receive_or_gone()
        size += len(chunk)
    await request.answer(201, b"%d" % size)


SILENT = 'proxy_http_version 1.1; proxy_set_header Connection "";'


@pytest.mark.parametrize("streaming", ["on", "off"])
@pytest.mark.parametrize(
    ("headers", "trusted", "public_url"),
    [
        pytest.param("", (), "", id="HTTP 1.0"),
        pytest.param("proxy_http_version 1.1;", (), "", id="HTTP 1.1, closed each time"),
        pytest.param(f"{SILENT} proxy_set_header X-Forwarded-For $remote_addr;", (), "", id="told"),
        pytest.param(f"{SILENT} proxy_set_header X-Real-IP $remote_addr;", (), "", id="told otherwise"),
        pytest.param(SILENT, ("127.0.0.1",), "", id="trusted"),
        pytest.param(SILENT, (), "https://files.example.com", id="the end of TLS"),
    ],
)
def test_nginx_does_not_take_an_interim_response_for_the_answer(
    tmp_path: Path, streaming: str, headers: str, trusted: tuple[str, ...], public_url: str
) -> None:
    """It would, of any proxy that we did not recognise; and the client then waits for the end of a body in vain."""
    with served(tell_first, trusted, public_url) as door:
        block = (
            f"proxy_request_buffering {streaming}; {headers} location / {{ proxy_pass http://127.0.0.1:{door.port}; }}"
        )
        port = free_port()
        with nginx.server(tmp_path, port, block) as url:
            for _ in range(2):
                answer = httpx.post(url, content=b"hello", timeout=60, verify=NO_TLS)
                assert (answer.status_code, answer.content) == (201, b"5")


def test_a_trusted_proxy_may_say_that_it_passes_them_on() -> None:
    with served(tell_first, ("127.0.0.1",)) as door:
        assert first_answer(door) == 201
        assert first_answer(door, X_Picasso_Interim="yes", X_Forwarded_For="198.51.100.7") == 104
    with served(tell_first) as door:
        assert first_answer(door, X_Picasso_Interim="yes", X_Forwarded_For="198.51.100.7") == 201


def first_answer(door: Served, **headers: str) -> int:
    with wire(door) as connection:
        connection.send(head(door, Content_Length=5, **headers), b"hello")
        return connection.read().status


# The configuration that we ship


@pytest.fixture(scope="module")
def shipped(new_data: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shipped]:
    data = new_data()
    env = {
        "PICASSO_TRUSTED_PROXIES": "*",
        "PICASSO_ACCEL_REDIRECT": "/stored",
        "PICASSO_CORS_ORIGINS": "https://a.example",
    }
    with (
        web_only(data, PICASSO_MAX_UPLOAD_SIZE="20MiB", **env) as stack,
        shipped_nginx(tmp_path_factory.mktemp("nginx"), stack.url, data) as front,
    ):
        yield front


def sent(shipped: Shipped, **headers: str) -> Answer:
    body = part(PNG, b'form-data; name="file"; filename="dot.png"', b"image/png") + END
    with wire(shipped) as connection:
        connection.send(head(shipped, Content_Type=FORM, Content_Length=len(body), **headers), body)
        return connection.read()


def test_the_shipped_nginx_serves_files_to_allowed_pages(shipped: Shipped) -> None:
    created = sent(shipped, Origin="https://a.example")
    assert created.headers["access-control-allow-origin"] == "https://a.example"
    path = urlsplit(created.json()["file"]).path
    for headers, status, body in (({}, 200, PNG), ({"Range": "bytes=1-3"}, 206, PNG[1:4])):
        answer = ask(shipped, "GET", path, Origin="https://a.example", **headers)
        assert (answer.status, answer.body) == (status, body)
        assert answer.headers["access-control-allow-origin"] == "https://a.example"
        assert "Content-Range" in answer.headers["access-control-expose-headers"]
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["vary"] == "Origin"
    answer = ask(shipped, "GET", path, Origin="https://evil.example")
    assert answer.body == PNG
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-site"
    assert answer.headers["vary"] == "Origin"


def test_the_shipped_nginx_passes_the_charset_on(shipped: Shipped) -> None:
    body = part("Привет, мир\n".encode()) + END
    with wire(shipped) as connection:
        connection.send(head(shipped, Content_Type=FORM, Content_Length=len(body)), body)
        path = urlsplit(connection.read().json()["file"]).path
    for method in ("GET", "HEAD"):
        answer = ask(shipped, method, path)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_shipped_nginx_passes_security_headers_on(shipped: Shipped) -> None:
    """Also with bytes that it sends itself, and with errors of its own."""
    path = urlsplit(sent(shipped).json()["file"]).path
    for answer in (ask(shipped, "GET", path), ask(shipped, "GET", FILES)):
        assert answer.status == 200
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["content-security-policy"]
    with wire(shipped) as connection:
        connection.send(head(shipped, "POST", FILES, Content_Length=30 * MIB))
        answer = connection.read()
    assert answer.status == 413
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_the_shipped_nginx_replaces_what_clients_tell(shipped: Shipped) -> None:
    """All of what its service believes."""
    lies = {**FORWARDED, "Forwarded": "host=localhost;proto=https", "X_Picasso_Interim": "yes"}
    assert sent(shipped, **lies).json()["file"].startswith(f"http://127.0.0.1:{shipped.port}/files/")


UPLOADS = "/api/v1.0/uploads/"


@pytest.mark.parametrize(
    "path", [UPLOAD, f"{UPLOAD}a%20b.txt", UPLOADS, f"{UPLOADS}019ab3f2-7c1e-7d3a-9f52-3a4be0c5d1f7"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_the_shipped_nginx_lets_uploads_through_as_they_come(shipped: Shipped, path: str, method: str) -> None:
    """Of any size; and the service hears of it, and refuses it, long before the end."""
    with wire(shipped) as connection:
        request = head(shipped, method, path, Content_Type="application/octet-stream", Content_Length=30 * MIB)
        connection.send(request, b"x" * MIB)
        answer = connection.read()
    check_problem(answer, answer.status)
    assert shipped.reached_web(method, path), "it was nginx that refused"


def test_the_shipped_nginx_takes_no_large_bodies_elsewhere(shipped: Shipped) -> None:
    with wire(shipped) as connection:
        connection.send(head(shipped, "POST", FILES, Content_Length=30 * MIB))
        check_problem(connection.read(), 413, "too-large")
    assert not shipped.reached_web("GET", FILES)  # as nginx logs what it has redirected to its own error


def test_the_shipped_nginx_passes_large_metadata_and_logs_no_query(shipped: Shipped) -> None:
    metadata = f"filename {base64.b64encode(b'a.txt').decode()},note {base64.b64encode(b'x' * 10_500).decode()}"
    headers = {"Tus_Resumable": "1.0.0", "Upload_Length": "3", "Upload_Metadata": metadata}
    answer = ask(shipped, "POST", "/api/v1.0/uploads/", **headers)
    assert answer.status == 201, answer.body
    ask(shipped, "POST", "/api/v1.0/uploads/?token=query-secret-0123&signature=query-secret-0123", **headers)
    assert "query-secret" not in shipped.log.read_text()
    assert "query-secret" not in (shipped.log.parent / "nginx.log").read_text()


def test_the_shipped_nginx_bounds_the_requests_of_a_client(tmp_path: Path) -> None:
    """With smaller numbers, and without the exception for this machine. There is no service behind it."""
    port = free_port()
    changes = {
        "/etc/nginx/mime.types": "mime.types",
        "/etc/nginx/proxies.conf": "/dev/null",
        "/tmp/": f"{tmp_path}/",
        "listen 8080": f"listen 127.0.0.1:{port}",
        "/dev/stdout": "access.log",
        '127.0.0.1 "";': "",
        "rate=200r/s": "rate=1r/m",
        "burst=800": "burst=3",
    }
    text = (ROOT / "deploy/nginx.conf").read_text()
    for there, here in changes.items():
        assert there in text
        text = text.replace(there, here)
    with nginx.running(tmp_path, port, f"{nginx.user()}\n{text}") as url:
        answers = [httpx.get(f"{url}/healthz?token=query-secret", timeout=60, verify=NO_TLS) for _ in range(8)]
    assert [answer.status_code for answer in answers].count(429) == 4
    check_problem(answers[-1], 429, "rate-limited")
    assert answers[-1].headers["Retry-After"] == "1"
    assert "query-secret" not in "".join(path.read_text() for path in tmp_path.glob("*.log"))
