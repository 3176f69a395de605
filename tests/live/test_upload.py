"""`POST upload/`, the contract 1.0, on both engines."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from tests.live.wire import (
    BOUNDARY,
    END,
    FILES,
    FORM,
    PNG,
    UPLOAD,
    ask,
    check_problem,
    chunked,
    count,
    head,
    part,
    wire,
)
from tests.stack import NO_TLS, Stack, until

pytestmark = pytest.mark.live


def test_the_answer_has_every_field(service: Stack) -> None:
    content = b"Harlequin\n"
    before = datetime.now(UTC) - timedelta(seconds=1)
    answer = service.client.post(UPLOAD, files={"file": ("Arlequín.txt", content, "text/plain; charset=utf-8")})
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    file = answer.json()
    assert set(file) == {
        *("id", "file", "name", "size", "media_type", "declared_type", "sha256", "uploaded_at", "state", "processed"),
        *("visibility", "owner", "expires_at", "scan", "quarantined", "tags", "attributes"),
    }
    assert UUID(file["id"]).version == 7
    assert file["name"] == "Arlequín.txt"
    assert file["size"] == len(content)
    assert file["media_type"] == "text/plain"
    assert file["declared_type"].startswith("text/plain")
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert file["state"] == "pending"
    assert file["processed"] is False
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", file["uploaded_at"])
    assert before < datetime.fromisoformat(file["uploaded_at"]) < datetime.now(UTC) + timedelta(seconds=1)
    assert answer.headers["location"] == f"{service.url}{FILES}{file['id']}/"


def test_the_urls_lead_to_the_file_and_to_its_bytes(service: Stack) -> None:
    answer = service.client.post(UPLOAD, files={"file": ("a b.txt", b"Harlequin\n", "text/plain")})
    file = answer.json()
    assert file["file"].startswith(f"{service.url}/files/")
    with httpx.Client(timeout=60, verify=NO_TLS) as stranger:
        assert stranger.get(file["file"]).content == b"Harlequin\n"
        shown = stranger.get(answer.headers["location"]).json()
    unchanged = set(file) - {"state", "processed"}
    assert {name: shown[name] for name in unchanged} == {name: file[name] for name in unchanged}


@pytest.mark.parametrize("path", ["/api/v1.0/upload", "/api/v1.0/upload/"])
def test_the_slash_at_the_end_of_the_address_may_be_missing(service: Stack, path: str) -> None:
    form = service.client.post(path, files={"file": ("a.txt", b"Harlequin\n")})
    assert (form.status_code, form.json()["name"]) == (201, "a.txt")
    raw = service.client.put(path, content=b"Harlequin\n", headers={"Content-Disposition": 'inline; filename="b.txt"'})
    assert (raw.status_code, raw.json()["name"]) == (201, "b.txt")


def test_urls_follow_the_name_that_the_client_used(service: Stack) -> None:
    with wire(service) as connection:
        body = part() + END
        connection.send(
            head(service, Host=f"localhost:{service.port}", Content_Type=FORM, Content_Length=len(body)), body
        )
        answer = connection.read()
    assert answer.json()["file"].startswith(f"http://localhost:{service.port}/files/")
    assert answer.headers["location"].startswith(f"http://localhost:{service.port}/api/v1.0/files/")


def test_bytes_lie_under_their_type(service: Stack) -> None:
    sent = service.upload(PNG, "dot.png", "image/png")
    assert sent["media_type"] == "image/png"
    path = service.data / "media" / "image" / "png" / sent["id"][-2:] / f"{sent['id']}-dot.png"
    assert path.read_bytes() == PNG


def test_what_is_declared_is_shown_but_the_content_decides(service: Stack) -> None:
    sent = service.upload(PNG, "report.pdf", "application/pdf")
    assert sent["media_type"] == "image/png"
    assert sent["declared_type"] == "application/pdf"
    assert list((service.data / "media" / "image" / "png").glob(f"??/{sent['id']}-report.pdf"))
    file = service.settled(sent["id"])
    assert file["state"] == "processed"
    assert file["facts"]["file"]["declared_type_matches"] is False


def test_without_a_declared_type(service: Stack) -> None:
    with wire(service) as connection:
        body = part(media_type=None) + END
        connection.send(head(service, Content_Type=FORM, Content_Length=len(body)), body)
        answer = connection.read()
    assert answer.status == 201
    assert answer.json()["declared_type"] == ""
    assert answer.json()["media_type"] == "text/plain"


def test_other_fields_and_what_follows_the_end_are_let_be(service: Stack) -> None:
    other = part(b"1", b'form-data; name="note"', None)
    file = _posted(service, b"a preamble\r\n" + other + part(b"between\n") + other + END + b"an epilogue")
    assert service.client.get(file["file"]).content == b"between\n"


def test_content_that_looks_like_a_boundary(service: Stack) -> None:
    content = b"\r\n--wal\r\n--wall \r\n\r\n-- wall--\r\n--\r\n\r\r\n\r"
    content = content.replace(b"--wall ", b"-wall--")
    file = _posted(service, part(content) + END)
    assert service.client.get(file["file"]).content == content


def _posted(service: Stack, body: bytes) -> dict[str, str]:
    with wire(service) as connection:
        connection.send(head(service, Content_Type=FORM, Content_Length=len(body)), body)
        answer = connection.read()
    assert answer.status == 201, answer
    file: dict[str, str] = answer.json()
    return file


def test_chunked(service: Stack) -> None:
    content = random.Random(1).randbytes(3_000_000)

    def pieces() -> Iterator[bytes]:
        form = part(content) + END
        for start in range(0, len(form), 70_001):
            yield form[start : start + 70_001]

    answer = service.client.post(UPLOAD, content=pieces(), headers={"Content-Type": FORM})
    assert answer.request.headers["transfer-encoding"] == "chunked"
    assert answer.status_code == 201
    assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()
    assert answer.json()["size"] == len(content)


def test_a_byte_at_a_time(service: Stack) -> None:
    """Every boundary of the parser's states falls between two chunks once."""
    with wire(service) as connection:
        connection.send(head(service, Content_Type=FORM, Transfer_Encoding="chunked"))
        for piece in chunked(bytes([byte]) for byte in part(b"slow\r\n--wal") + END):
            connection.send(piece)
        answer = connection.read()
    assert answer.status == 201
    assert answer.json()["sha256"] == hashlib.sha256(b"slow\r\n--wal").hexdigest()


def test_expect_100_continue(service: Stack) -> None:
    body = part() + END
    with wire(service) as connection:
        connection.send(head(service, Content_Type=FORM, Content_Length=len(body), Expect="100-continue"))
        assert connection.read().status == 100
        connection.send(body)
        assert connection.read().status == 201


def test_an_offer_to_upgrade_is_not_taken(service: Stack) -> None:
    """As `curl --http2` makes it."""
    body = part() + END
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2_Settings": "AAMAAABkAAQAoAAAAAIAAAAA"}
    with wire(service) as connection:
        connection.send(head(service, Content_Type=FORM, Content_Length=len(body), **offer), body)
        assert connection.read().status == 201


def test_20_mebibytes(service: Stack) -> None:
    content = random.Random(20).randbytes(20 * 2**20)
    sent = service.upload(content, "noise.bin", "application/octet-stream")
    digest = hashlib.sha256(content).hexdigest()
    assert sent["size"] == len(content)
    assert sent["sha256"] == digest
    assert hashlib.sha256(service.client.get(sent["file"]).content).hexdigest() == digest
    until(lambda: not list((service.data / "incoming").iterdir()), 15, lambda: "bytes are left in incoming/")


def test_what_follows_a_large_form(service: Stack) -> None:
    """It was received in place: another field, an epilogue and the pipeline's next request are read as ever."""
    content = random.Random(21).randbytes(9 * 2**20)
    large = part(content) + part(b"1", b'form-data; name="note"', None) + END + b"an epilogue" * 1000
    small = part(b"small\n") + END
    with wire(service, timeout=60) as connection:
        for _ in range(2):
            for body in (large, small):
                connection.send(head(service, Content_Type=FORM, Content_Length=len(body)), body)
        answers = [connection.read() for _ in range(4)]
    assert [answer.status for answer in answers] == [201] * 4
    assert [answer.json()["size"] for answer in answers] == [len(content), 6] * 2
    assert {answer.json()["sha256"] for answer in answers[::2]} == {hashlib.sha256(content).hexdigest()}


def test_more_large_uploads_than_are_received_in_place(service: Stack) -> None:
    contents = [random.Random(n).randbytes(5 * 2**20 + n) for n in range(9)]
    with ThreadPoolExecutor(len(contents)) as threads:
        sent = list(threads.map(lambda content: service.upload(content, "noise.bin"), contents))
    assert [file["sha256"] for file in sent] == [hashlib.sha256(content).hexdigest() for content in contents]


@pytest.mark.parametrize("fields", [(b"", b""), (b"default", b""), (b"", b"default")])
def test_the_default_pipeline_by_name(service: Stack, fields: tuple[bytes, bytes]) -> None:
    """Before the file or behind it."""
    before, behind = (part(name, b'form-data; name="pipeline"', None) if name else b"" for name in fields)
    assert service.settled(_posted(service, before + part() + behind + END)["id"])["state"] == "processed"


def test_the_same_name_twice(service: Stack) -> None:
    one, other = service.upload(b"one\n", "same.txt"), service.upload(b"other\n", "same.txt")
    assert one["id"] != other["id"]
    assert one["file"] != other["file"]
    assert service.client.get(one["file"]).content == b"one\n"
    assert service.client.get(other["file"]).content == b"other\n"


def test_200_over_20_connections(service: Stack) -> None:
    before = count(service)

    def upload(n: int) -> tuple[str, str]:
        content = b"number %d\n" % n
        answer = service.client.post(UPLOAD, files={"file": (f"{n}.txt", content, "text/plain")})
        assert answer.status_code == 201, answer.text
        assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()
        return answer.json()["id"], answer.json()["file"]

    with ThreadPoolExecutor(20) as threads:
        sent = dict(threads.map(upload, range(200)))
        assert len(sent) == 200
        assert count(service) == before + 200
        contents = list(threads.map(lambda url: service.client.get(url).content, sent.values()))
    assert contents == [b"number %d\n" % n for n in range(200)]
    pages = [service.client.get(FILES, params={"page": n, "page_size": 100}).json()["results"] for n in (1, 2)]
    assert {file["id"] for page in pages for file in page} == set(sent)


def test_a_pipeline_is_answered_in_order(service: Stack) -> None:
    bodies = [part(b"%d\n" % n) + END for n in range(5)]
    with wire(service) as connection:
        for body in bodies:
            connection.send(head(service, Content_Type=FORM, Content_Length=len(body)), body)
        answers = [connection.read() for _ in bodies]
    assert [answer.status for answer in answers] == [201] * 5
    assert [answer.json()["sha256"] for answer in answers] == [
        hashlib.sha256(b"%d\n" % n).hexdigest() for n in range(5)
    ]


def test_a_connection_goes_on_after_an_error(service: Stack) -> None:
    """A form that came whole and was refused spoils nothing for the next."""
    wrong, right = part(b"") + END, part() + END
    with wire(service) as connection:
        for body, status in [(wrong, 400), (right, 201), (wrong, 400), (right, 201)]:
            connection.send(head(service, Content_Type=FORM, Content_Length=len(body)), body)
            answer = connection.read()
            assert answer.status == status
            if status == 400 and answer.headers.get("connection") == "close":
                pytest.fail("the connection was given up though the request was over")


def test_http_1_0(service: Stack) -> None:
    body = part() + END
    with wire(service) as connection:
        request = head(service, Content_Type=FORM, Content_Length=len(body)).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
        connection.send(request, body)
        assert connection.read().status == 201
        assert connection.closed()


def test_options(service: Stack) -> None:
    answer = ask(service, "OPTIONS", UPLOAD)
    assert answer.status == 204
    assert answer.headers["allow"] == "OPTIONS, POST, PUT"
    assert answer.body == b""
    assert "content-length" not in answer.headers


def test_a_boundary_in_quotes_and_capitals(service: Stack) -> None:
    body = part() + END
    with wire(service) as connection:
        media_type = f'Multipart/Form-Data; charset=utf-8; BOUNDARY="{BOUNDARY}"'
        connection.send(head(service, Content_Type=media_type, Content_Length=len(body)), body)
        assert connection.read().status == 201


def test_get_is_told_what_is_allowed(service: Stack) -> None:
    answer = ask(service, "GET", UPLOAD)
    check_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "OPTIONS, POST, PUT"
