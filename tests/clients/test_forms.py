"""Forms as the multipart writers of other libraries sent them, byte by byte (`forms/README.md`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.live.wire import Answer, wire
from tests.sampling import sample
from tests.stack import Stack

FORMS = Path(__file__).parent / "forms"
WRITERS = sorted(path.stem for path in FORMS.glob("*.http"))

START = b"POST /api/v1.0/upload/ HTTP/1.1\r\n"
HOST = re.compile(rb"^host: [^\r]+", re.IGNORECASE | re.MULTILINE)

CONTENT = "content п\r\n--\r\n".encode() + b"\x00\xff\r\n\r\n-- end\r"
NAMES = ["my file.txt", "имя файла.txt", 'a "b" c.txt']

# Not what browsers do (WHATWG), and a name may have such characters; so it is shown as it was sent.
PERCENT_ENCODED = {"aiohttp", "aiohttp-dict", "needle", "needle-buffer"}

EXPECTED = {
    "apache-strict": ["my file.txt", "??? ?????.txt", 'a "b" c.txt'],
    "dotnet": NAMES[:2],
    "httparty": [NAMES[0], NAMES[2]],
    "pycurl": [NAMES[0], NAMES[2]],
}


def names(writer: str) -> list[str]:
    """Those that its requests have. Some libraries can't write each of them."""
    if writer in PERCENT_ENCODED:
        return [quote(name, safe="").replace("%22", '"') for name in NAMES]
    return EXPECTED.get(writer, NAMES)


def send(stack: Stack, writer: str) -> Iterator[Answer]:
    host = f"Host: 127.0.0.1:{stack.port}".encode()
    for rest in (FORMS / f"{writer}.http").read_bytes().split(START)[1:]:
        with wire(stack) as connection:
            connection.send(START, HOST.sub(host, rest, count=1))
            answer = connection.read()
            yield connection.read() if answer.status == 100 else answer


@pytest.mark.parametrize("writer", sample(WRITERS, lambda _: "writers", 1 / 3))
def test_a_form_is_stored(stack: Stack, writer: str) -> None:
    answers = list(send(stack, writer))
    assert [answer.status for answer in answers] == [201] * len(answers)
    files = [answer.json() for answer in answers]
    assert [file["name"] for file in files] == names(writer)
    assert all(stack.client.get(file["file"]).content == CONTENT for file in files)


def test_each_writer_is_listed() -> None:
    listed = re.findall(r"`([\w.-]+)`(?:,| \(|(?= \|))", (FORMS / "README.md").read_text())
    assert set(WRITERS) <= set(listed)
