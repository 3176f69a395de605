"""curl, as one would type it."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.checks import UPLOADS, check_stored, content, gone, times_stored
from tests.stack import Stack, until

UPLOAD = "/api/v1.0/upload/"
NAME, TYPE = "Arlequín.bin", "application/x-harlequin"
NEWEST = "Upload-Draft-Interop-Version: 8"
PARTIAL = "Content-Type: application/partial-upload"
OCTETS = "Content-Type: application/offset+octet-stream"
TUS = "Tus-Resumable: 1.0.0"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str
    interim: tuple[tuple[int, dict[str, str]], ...]


Curl = Callable[..., Answer]


@pytest.fixture
def run(stack: Stack, curl: str, tmp_path: Path) -> Curl:
    """curl with these arguments and these fields, to an address of the service."""

    def run(url: str, *arguments: str, fields: tuple[str, ...] = (), body: bytes | None = None) -> Answer:
        argv = [curl, "--silent", "--show-error", "--include", "--max-time", "30", *arguments]
        if body is not None:
            (tmp_path / NAME).write_bytes(body)
            argv += ["--data-binary", f"@{tmp_path / NAME}"]
        argv += [part for field in fields for part in ("--header", field)]
        ran = subprocess.run([*argv, url if "://" in url else stack.url + url], capture_output=True, check=True)
        return read(ran.stdout.decode())

    return run


def read(output: str) -> Answer:
    """What --include shows: the heads of all answers, interim ones too, and the body of the last."""
    heads = []
    while match := re.match(r"HTTP/1\.1 (\d+).*?\r\n\r\n", output, re.DOTALL):
        lines = match[0].split("\r\n")[1:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        heads.append((int(match[1]), headers))
        output = output[match.end() :]
    *interim, (status, headers) = heads
    return Answer(status, headers, output, tuple(interim))


def digest(sent: bytes, algorithm: str = "sha256") -> str:
    return base64.b64encode(hashlib.new(algorithm, sent).digest()).decode()


# Raw bodies


def test_put_with_the_name_of_the_file(stack: Stack, run: Curl, tmp_path: Path) -> None:
    sent = content(250_000)
    (tmp_path / NAME).write_bytes(sent)
    answer = run(UPLOAD, "--upload-file", str(tmp_path / NAME))
    assert answer.status == 201
    assert check_stored(stack, answer.headers["location"], sent)["name"] == NAME


def test_post_with_a_name_in_a_field(stack: Stack, run: Curl) -> None:
    sent = content(250_000)
    fields = (f"Content-Type: {TYPE}", "Content-Disposition: attachment; filename*=UTF-8''Arlequ%C3%ADn.bin")
    answer = run(UPLOAD, fields=fields, body=sent)
    assert answer.status == 201
    check_stored(stack, answer.headers["location"], sent, NAME, TYPE)


@pytest.mark.parametrize("field", ["Repr-Digest", "Content-Digest"])
@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
def test_digests(stack: Stack, run: Curl, field: str, algorithm: str) -> None:
    sent = content(1000)
    name = f"{UPLOAD}a.bin"
    told = digest(sent, algorithm.replace("-", ""))
    wrong = run(name, fields=(f"{field}: {algorithm}=:{told}:",), body=sent[:-1] + bytes([sent[-1] ^ 1]))
    assert (wrong.status, times_stored(stack, sent)) == (400, 0)
    assert '"digest-mismatch"' in wrong.body
    right = run(name, fields=(f"{field}: {algorithm}=:{told}:", "Content-Type: a/b"), body=sent)
    assert right.status == 201
    assert f"sha-256=:{digest(sent)}:" in right.headers["repr-digest"]
    check_stored(stack, right.headers["location"], sent)


def test_a_body_of_unknown_length(stack: Stack, run: Curl) -> None:
    sent = content(1000)
    chunked = ("Transfer-Encoding: chunked", "Content-Type: a/b")
    assert run(f"{UPLOAD}a.bin", fields=chunked, body=sent).status == 411
    answer = run(f"{UPLOAD}a.bin", fields=(*chunked, f"Repr-Digest: sha-256=:{digest(sent)}:"), body=sent)
    assert answer.status == 201
    check_stored(stack, answer.headers["location"], sent)


def test_the_same_key_again(stack: Stack, run: Curl) -> None:
    sent = content(1000)
    fields = (f'Idempotency-Key: "{sent[:8].hex()}"', "Content-Type: a/b")
    first, again = (run(f"{UPLOAD}a.bin", fields=fields, body=sent) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert (first.body, first.headers["location"]) == (again.body, again.headers["location"])
    check_stored(stack, first.headers["location"], sent)
    assert run(f"{UPLOAD}a.bin", fields=fields, body=sent[::-1]).status == 422
    assert not times_stored(stack, sent[::-1])


# The draft


def test_a_whole_upload_by_the_draft(stack: Stack, run: Curl) -> None:
    """The interim answer tells where to go on, should it come to that. A small file comes at once, without one."""
    sent = content(1_500_000)
    name = 'Content-Disposition: attachment; filename="a.bin"'
    answer = run(UPLOAD, fields=(NEWEST, "Upload-Complete: ?1", f"Content-Type: {TYPE}", name), body=sent)
    assert answer.status == 201
    assert answer.headers["upload-complete"] == "?1"
    [(_, interim)] = [each for each in answer.interim if each[0] == 104]
    check_stored(stack, run(interim["location"], "--head", fields=(NEWEST,)).headers["content-location"], sent)
    check_stored(stack, answer.headers["location"], sent, "a.bin", TYPE)


def test_an_upload_by_the_draft_in_pieces(stack: Stack, run: Curl) -> None:
    sent = content(250_000)
    name = 'Content-Disposition: attachment; filename="a.bin"'
    created = run(UPLOADS, fields=(NEWEST, "Upload-Complete: ?0", f"Content-Type: {TYPE}", name), body=sent[:100_000])
    assert created.status == 201
    assert created.headers["upload-limit"]
    url = created.headers["location"]
    assert state(run, url) == (100_000, "?0")
    wrong = run(url, "-XPATCH", fields=(NEWEST, PARTIAL, "Upload-Offset: 99999", "Upload-Complete: ?0"), body=b"wrong")
    assert (wrong.status, wrong.headers["upload-offset"]) == (409, "100000")
    assert "#mismatching-upload-offset" in wrong.body
    fields = (NEWEST, PARTIAL, "Upload-Offset: 100000")
    more = run(url, "-XPATCH", fields=(*fields, "Upload-Complete: ?0"), body=sent[100_000:200_000])
    assert (more.status, more.headers["upload-offset"]) == (204, "200000")
    fields = (NEWEST, PARTIAL, "Upload-Offset: 200000")
    last = run(url, "-XPATCH", fields=(*fields, "Upload-Complete: ?1"), body=sent[200_000:])
    assert (last.status, last.headers["upload-complete"]) == (201, "?1")
    check_stored(stack, last.headers["content-location"], sent, "a.bin", TYPE)
    assert state(run, url) == (250_000, "?1")
    over = run(url, "-XPATCH", fields=(NEWEST, PARTIAL, "Upload-Offset: 250000", "Upload-Complete: ?1"), body=b"")
    assert over.status == 400
    assert "#completed-upload" in over.body


def state(run: Curl, url: str) -> tuple[int, str]:
    answer = run(url, "--head", fields=(NEWEST,))
    assert (answer.status, answer.headers["cache-control"]) == (204, "no-store")
    return int(answer.headers["upload-offset"]), answer.headers["upload-complete"]


def test_a_curl_that_dies_is_followed_by_another(stack: Stack, run: Curl, curl: str, tmp_path: Path) -> None:
    """The first learns from the 104 what address to go on at, and is killed at a snail's pace."""
    sent = content(500_000)
    path, heads = tmp_path / "a.bin", tmp_path / "heads"
    path.write_bytes(sent)
    argv = [curl, "--silent", "--dump-header", str(heads), "--limit-rate", "20k", "--upload-file", str(path)]
    argv += ["--header", NEWEST, "--header", "Upload-Complete: ?1", stack.url + UPLOAD]

    def location() -> str:
        found = re.findall(r"(?im)^location: (\S+)\n", heads.read_text()) if heads.exists() else []
        return str(found[0]) if found else ""

    with subprocess.Popen(argv) as dying:
        until(lambda: bool(location()), 15, lambda: "no 104 came")
        url = location()
        until(lambda: stack.client.get(url).json()["offset"] > 0, 15, lambda: "nothing arrived")
        dying.kill()
    offset, complete = state(run, url)
    assert 0 < offset < len(sent)
    assert complete == "?0"
    fields = (NEWEST, PARTIAL, f"Upload-Offset: {offset}", "Upload-Complete: ?1")
    last = run(url, "-XPATCH", fields=fields, body=sent[offset:])
    assert last.status == 201
    assert check_stored(stack, last.headers["content-location"], sent)["name"] == "a.bin"


def test_the_draft_s_options_and_end(stack: Stack, run: Curl) -> None:
    told = run(UPLOADS, "-XOPTIONS", fields=(NEWEST,)).headers
    assert told["accept-patch"] == "application/partial-upload"
    assert re.search(r"max-size=\d+", told["upload-limit"])
    created = run(UPLOADS, fields=(NEWEST, "Upload-Complete: ?0"), body=b"abc")
    assert run(created.headers["location"], "-XDELETE", fields=(NEWEST,)).status == 204
    assert run(created.headers["location"], "--head", fields=(NEWEST,)).status in {404, 410}


# tus


def test_tus_by_hand(stack: Stack, run: Curl) -> None:
    sent = content(250_000)
    metadata = (
        f"filename {base64.b64encode(NAME.encode()).decode()},filetype {base64.b64encode(TYPE.encode()).decode()}"
    )
    created = run(UPLOADS, "-XPOST", fields=(TUS, "Upload-Length: 250000", f"Upload-Metadata: {metadata}"))
    assert (created.status, created.headers["tus-resumable"]) == (201, "1.0.0")
    url = created.headers["location"]
    assert url.startswith(stack.url + UPLOADS)
    for start, end in [(0, 100_000), (100_000, 250_000)]:
        head = run(url, "--head", fields=(TUS,))
        assert (head.status, head.headers["upload-offset"], head.headers["upload-length"]) == (
            200,
            str(start),
            "250000",
        )
        assert head.headers["upload-metadata"] == metadata
        checksum = f"Upload-Checksum: sha1 {digest(sent[start:end], 'sha1')}"
        fields = (TUS, OCTETS, f"Upload-Offset: {start}", checksum)
        wrong = run(url, "-XPATCH", fields=fields, body=bytes(end - start))
        assert wrong.status == 460
        answer = run(url, "-XPATCH", fields=fields, body=sent[start:end])
        assert (answer.status, answer.headers["upload-offset"]) == (204, str(end))
    check_stored(stack, answer.headers["content-location"], sent, NAME, TYPE)


def test_the_same_key_creates_one_upload(stack: Stack, run: Curl) -> None:
    fields = (TUS, "Upload-Length: 5", f'Idempotency-Key: "{content(8).hex()}"')
    first, again = (run(UPLOADS, "-XPOST", fields=fields) for _ in range(2))
    assert first.status == again.status == 201
    assert first.headers["location"] == again.headers["location"]
    assert run(first.headers["location"], "-XDELETE", fields=(TUS,)).status == 204
    assert gone(stack, first.headers["location"])


def test_an_upload_is_shown_as_json(stack: Stack, run: Curl) -> None:
    url = run(UPLOADS, "-XPOST", fields=(TUS, "Upload-Length: 5")).headers["location"]
    shown: dict[str, Any] = stack.client.get(url).json()
    assert set(shown) == {"id", "offset", "length", "complete", "expires_at", "file_id", "tags", "attributes"}
    assert (shown["offset"], shown["length"], shown["complete"], shown["file_id"]) == (0, 5, False, None)
    assert url.rstrip("/").endswith(shown["id"])
