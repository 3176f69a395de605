"""Text is served with its charset, so that browsers and programs need not guess: at once, and after its processing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.live.wire import ask
from tests.stack import Stack

pytestmark = pytest.mark.live

RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю. Привет, мир!\n" * 5
JAPANESE = "色は匂へど散りぬるを我が世誰ぞ常ならむ。これはテストです。\n" * 5
TABLE = """Товар;Цена
Болт стальной;10
Гайка;20
Шуруп по дереву;30
"""

# What browsers that know the charset show is the text that was sent.
TEXTS: dict[str, tuple[str, str, str]] = {
    "UTF-8": ("utf-8", RUSSIAN, "text/plain; charset=utf-8"),
    "ASCII": ("ascii", "just text\n", "text/plain; charset=utf-8"),
    "UTF-8 with a mark": ("utf-8-sig", RUSSIAN, "text/plain; charset=utf-8"),
    "UTF-16 with a mark": ("utf-16", RUSSIAN, "text/plain; charset=utf-16le"),
    "windows-1251": ("cp1251", RUSSIAN, "text/plain; charset=windows-1251"),
    "KOI8-R": ("koi8-r", RUSSIAN, "text/plain; charset=koi8-r"),
    "Shift-JIS": ("shift_jis", JAPANESE, "text/plain; charset=shift_jis"),
    "a table in windows-1251": ("cp1251", TABLE, "text/csv; charset=windows-1251"),
}


def served_as(stack: Stack, url: str) -> str:
    """By GET and HEAD alike."""
    answers = [stack.client.request(method, url) for method in ("GET", "HEAD")]
    assert [answer.status_code for answer in answers] == [200, 200]
    [shown] = {answer.headers["content-type"] for answer in answers}
    assert all(answer.headers["x-content-type-options"] == "nosniff" for answer in answers)
    return shown


def settled(stack: Stack, content: bytes, name: str) -> dict[str, Any]:
    return stack.settled(stack.upload(content, name)["id"])


@pytest.mark.parametrize(("encoding", "text", "shown"), TEXTS.values(), ids=TEXTS)
def test_text_has_its_charset(service: Stack, encoding: str, text: str, shown: str) -> None:
    file = settled(service, text.encode(encoding), "text.csv" if ";" in text else "text.txt")
    assert served_as(service, file["file"]) == shown
    answer = service.client.get(file["file"])
    assert answer.text.removeprefix("\ufeff") == text
    part = service.client.get(file["file"], headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.headers["content-type"]) == (206, shown)


def test_text_has_its_charset_before_it_was_processed(limited: Stack) -> None:
    """No worker belongs to this service."""
    for encoding, label in (("utf-8", "utf-8"), ("utf-16-le", "utf-16le"), ("utf-16-be", "utf-16be")):
        file = limited.upload(RUSSIAN.encode(encoding), "text.txt")
        assert file["state"] == "pending"
        assert served_as(limited, file["file"]) == f"text/plain; charset={label}"


def test_a_server_that_sends_the_bytes_is_told_the_charset(accelerated: Stack) -> None:
    path = urlsplit(accelerated.upload(RUSSIAN.encode(), "text.txt")["file"]).path
    for method in ("GET", "HEAD"):
        answer = ask(accelerated, method, path)
        # HEAD is answered by the service itself: it has no bytes that the server could send.
        assert answer.headers.get("x-accel-redirect", "").startswith("/stored/") == (method == "GET")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_text_that_we_made_is_utf_8(service: Stack) -> None:
    page = "<!DOCTYPE html><meta charset=windows-1251><title>Имя</title><p>Привет, мир"
    file = settled(service, page.encode("cp1251"), "page.html")
    assert served_as(service, file["file"]) == "application/octet-stream"
    [text] = [made for made in file["derivatives"] if made["role"] == "text"]
    assert served_as(service, text["url"]) == "text/plain; charset=utf-8"
    assert "Привет, мир" in service.client.get(text["url"]).text


def test_xml_and_json_say_it_themselves(service: Stack) -> None:
    xml = '<?xml version="1.0" encoding="windows-1251"?>\n<файл>привет</файл>\n'.encode("cp1251")
    assert served_as(service, settled(service, xml, "a.xml")["file"]) in {"text/xml", "application/xml"}
    assert served_as(service, settled(service, b'{"a": [1, 2, 3]}\n', "a.json")["file"]) == "application/json"
