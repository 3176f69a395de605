"""File names on the wire, as clients of all kinds send them: 201, shown as sent, stored inside, fetchable."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from picasso.receive.new_file import clean_name
from tests.live.wire import END, ask, check_problem, named, part, post
from tests.sampling import number
from tests.stack import Stack

pytestmark = pytest.mark.live

CONTENT = b"content\n"

# What is between the quotes of filename="…", and what is then shown; None where it is the same text.
SENT: dict[str, tuple[bytes, str]] = {
    "path up": (b"../../etc/passwd", "../../etc/passwd"),
    "absolute path": (b"/etc/passwd", "/etc/passwd"),
    "backslash at the end": (b"folder\\", "folder\\"),
    "escaped quote, as curl once sent it": (b'a\\"b.txt', 'a"b.txt'),
    "a parameter inside": (b"a; filename*=UTF-8''b.txt", "a; filename*=UTF-8''b.txt"),
    "Windows path": (b"C:\\x\\y.txt", "C:\\x\\y.txt"),
    "UNC path": (b"\\\\server\\share\\y.txt", "\\\\server\\share\\y.txt"),
    "only dots": (b"..", ".."),
    "a slash at the end": (b"folder/", "folder/"),
    "hidden": (b".htaccess", ".htaccess"),
    "control characters": (b"a\x01\x1b[31m\x7fb.txt", "a\x01\x1b[31m\x7fb.txt"),
    "tab": (b"a\tb.txt", "a\tb.txt"),
    "NUL": (b"a.php\0.txt", "a.php\ufffd.txt"),
    "300 characters": (b"x" * 300 + b".txt", "x" * 251 + ".txt"),
    "300 characters of 4 bytes": ("😀".encode() * 300, "😀" * 255),
    "bidi override": ("invoice\u202egnp.exe".encode(), "invoice\u202egnp.exe"),
    "bidi isolate": ("\u2066a\u2069.txt".encode(), "\u2066a\u2069.txt"),
    "UTF-8": ("Año 年 😀.txt".encode(), "Año 年 😀.txt"),
    "decomposed, as macOS sends it": ("Ano\u0303.txt".encode(), "Añ".replace("ñ", "no\u0303") + ".txt"),
    "Latin-1": ("Año.txt".encode("latin-1"), "Año.txt"),
    "line separator": ("a\u2028b".encode(), "a\u2028b"),
    "noncharacter": ("a\ufffe.txt".encode(), "a\ufffe.txt"),
    "device": (b"CON", "CON"),
    "device with an extension": (b"aux.txt", "aux.txt"),
    "our own folder": (b"derived", "derived"),
    "empty": (b"", ""),
    "space": (b" ", " "),
    "quote as browsers send it": (b"a%22b.txt", 'a"b.txt'),
    "newline as browsers send it": (b"a%0D%0Ab.txt", "a\r\nb.txt"),
    "percent": (b"100%25 sure %41.txt", "100%25 sure %41.txt"),
    "apostrophe and semicolon": (b"it's; name=file.txt", "it's; name=file.txt"),
    "header injection": (b"a.txt\r\n X: y".replace(b"\r\n", b"%0D%0A"), "a.txt\r\n X: y"),
    "markup": (b"<script>alert(1)</script>.html", "<script>alert(1)</script>.html"),
    "URL": (b"http://evil.example/?a=b#c", "http://evil.example/?a=b#c"),
    "options": (b"-rf * | ls & $(id) `id`", "-rf * | ls & $(id) `id`"),
}


def stored_well(stack: Stack, file: dict[str, Any]) -> None:
    """Inside media/, under a harmless name, and fetchable at an address that gives the shown name."""
    folder = stack.data / "media" / file["media_type"] / file["id"][-2:]
    (path,) = folder.glob(f"{file['id']}-*")
    name = path.name.removeprefix(f"{file['id']}-")
    assert path.is_file()
    assert path.read_bytes() == CONTENT
    assert path.resolve().is_relative_to((stack.data / "media").resolve())
    assert not {unicodedata.category(character) for character in name} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert len(name.encode()) <= 200
    url = file["file"].removeprefix(stack.url)
    assert url.isascii()
    assert url.isprintable()
    answer = ask(stack, "GET", url)
    assert answer.status == 200
    assert answer.body == CONTENT
    assert download_name(answer.headers["content-disposition"]) == shown_in_header(file["name"] or name)


def download_name(disposition: str) -> str:
    """What a browser would save it as: RFC 8187's form if there is one."""
    match = re.fullmatch(
        r"""(?:inline|attachment); filename="([^"\\]*)"(?:; filename\*=UTF-8''([!-~]+))?""", disposition
    )
    assert match, disposition
    return unquote(match[2], errors="strict") if match[2] else match[1]


def shown_in_header(name: str) -> str:
    return "".join("_" if unicodedata.category(character)[0] == "C" else character for character in name)


@pytest.mark.parametrize(("raw", "shown"), SENT.values(), ids=SENT)
def test_a_name_of_the_table(service: Stack, raw: bytes, shown: str) -> None:
    answer = post(service, named(raw))
    assert answer.status == 201, answer
    file = answer.json()
    assert file["name"] == unicodedata.normalize("NFC", shown)
    assert service.file(file["id"])["name"] == file["name"]
    stored_well(service, file)


@pytest.mark.parametrize(
    ("disposition", "shown"),
    [
        (b"form-data; name=file; filename=plain.txt", "plain.txt"),
        (b"form-data; name=\"file\"; filename*=UTF-8''A%C3%B1o%20%E5%B9%B4.txt", "Año 年.txt"),
        (b'form-data; name="file"; filename="Ano.txt"; filename*=UTF-8\'es\'A%C3%B1o.txt', "Año.txt"),
        (b"form-data; name=\"file\"; filename*=iso-8859-1''A%F1o.txt", "Año.txt"),
        (b'form-data; name="file"; filename="a.txt"; filename*=UTF-8\'\'%FF%FE', "a.txt"),
        (b'form-data; name="file"; filename="a.txt"; filename*=UTF-8\'\'%ED%A0%80', "a.txt"),
        (b'form-data; name="file"; filename="a.txt"; filename*=klingon\'\'b', "a.txt"),
        (b'form-data; name="file"; filename="a.txt"; filename*=undefined\'\'%41', "a.txt"),
        (b'form-data; name="file"; filename="a.txt"; filename*=rot13\'\'%41', "a.txt"),
        (b'form-data; name="file"; filename="a.txt"; filename*=u\0tf\'\'%41', "a.txt"),
        (b'form-data; name="file"; filename="a.txt"; filename*=unicode_escape\'\'%5Cud800.txt', "a.txt"),
        (b"form-data; name=\"file\"; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "../../etc/passwd"),
        (b"form-data; name=\"file\"; filename*=UTF-8''a%00b", "a\ufffdb"),
        (b'FORM-DATA; NAME="file"; FILENAME="A.txt"', "A.txt"),
        (b'form-data; filename="first.txt"; name="file"', "first.txt"),
        (b'form-data; name="file"; filename="a.txt"; size=8', "a.txt"),
        (b'form-data ; name = "file" ; filename = "a.txt" ', "a.txt"),
        (b'form-data; name="file"; filename=', ""),
        # Not well-formed, but what the whole name is can be seen.
        (b'form-data; name="file"; filename="test".png', '"test".png'),
        (b'form-data; name="file"; filename="my "best" test.png"', 'my "best" test.png'),
        (b'form-data; name="file"; filename="my "best" test.png"; size=8', 'my "best" test.png'),
        (b'form-data; name="file"; filename=my file.txt', "my file.txt"),
        (b"form-data; name=file; filename=my  file.txt ; size=8", "my  file.txt"),
        (b'form-data; name=file; filename=5" disk.txt', '5" disk.txt'),
        (b"form-data; name=file; filename=a=b,(c)@d.txt", "a=b,(c)@d.txt"),
        ("form-data; name=file; filename=имя файла.txt".encode(), "имя файла.txt"),
        (b'form-data; name="file"; filename*="UTF-8\'\'A%C3%B1o.txt"', "Año.txt"),
        (b'form-data; name="file"; filename="a.txt"; filename*="utf-8\'es\'A%C3%B1o.txt"', "Año.txt"),
        (b"form-data; name=\"file\"; filename*=utf8''A%C3%B1o.txt", "Año.txt"),
    ],
)
def test_a_name_in_another_form(service: Stack, disposition: bytes, shown: str) -> None:
    answer = post(service, part(disposition=disposition) + END)
    assert answer.status == 201, answer
    assert answer.json()["name"] == shown
    stored_well(service, answer.json())


@pytest.mark.parametrize("sent", [b'"a.txt', b'"', b'"a.txt; size=8'])
def test_a_name_without_an_end_is_refused(service: Stack, sent: bytes) -> None:
    disposition = b'form-data; name="file"; filename=' + sent
    check_problem(post(service, part(disposition=disposition) + END), 400, "bad-request")
    answer = ask(service, "PUT", "/api/v1.0/upload/", Content_Disposition=f"inline; filename={sent.decode()}")
    check_problem(answer, 400, "bad-request")


def test_a_common_client_and_any_name(service: Stack, tmp_path: Path) -> None:
    for name in ('a"b.txt', "año.txt", "a b;c=d.txt", "😀.txt"):
        path = tmp_path / name
        path.write_bytes(CONTENT)
        with path.open("rb") as opened:
            answer = service.client.post("/api/v1.0/upload/", files={"file": opened})
        assert answer.json()["name"] == name
        stored_well(service, answer.json())


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
@settings(max_examples=number(60, 20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_as_a_browser_sends_it(embedded: Stack, name: str) -> None:
    raw = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode()
    answer = post(embedded, named(raw))
    assert answer.status == 201, answer
    if not re.search(r"%(22|0D|0A)|\\", name, re.IGNORECASE):
        assert answer.json()["name"] == clean_name(name)
    stored_well(embedded, answer.json())


@given(st.binary(max_size=100))
@settings(max_examples=number(60, 20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_for_a_name(clustered: Stack, raw: bytes) -> None:
    """Refused as a form or stored well: nothing else."""
    answer = post(clustered, named(raw))
    if answer.status == 400:
        assert answer.json()["code"] in {"invalid-upload", "invalid-field"}
        assert set(raw) & set(b'\r\n"\\'), raw
    else:
        assert answer.status == 201, answer
        stored_well(clustered, answer.json())
