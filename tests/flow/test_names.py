"""Names, whatever they are: made safe for the disk, and kept as they were sent."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from picasso.addresses import name_of
from picasso.models import new_id
from picasso.receive.new_file import clean_name
from picasso.storage.names import MAX_NAME_BYTES, derived_key, is_safe_name, original_key, safe_name
from picasso.web.downloads import INLINE, Download, disposition
from tests.sampling import number

# Any text, and more than chance would give of what has a meaning in names.
PIECES = [
    *("/", "\\", "..", ".", " ", "\0", "\n", "\r", "\t", "\x7f", "\x85", "\xa0", "\xad", "\u200d", "\u202e", "\u2066"),
    *(
        "\u2028",
        "\u2029",
        "\ufeff",
        "\ufffe",
        "\ue000",
        "\ud800",
        "\udfff",
        "\U000e0001",
        "e\u0301",
        "\u0301",
        "\u212b",
    ),
    *(
        "con",
        "CON",
        "aux.txt",
        "nul",
        "COM1",
        "com\xb9",
        "lpt9",
        "derived",
        "C:",
        "~",
        "-",
        "*",
        "?",
        '"',
        "<",
        "|",
        ":",
    ),
    *("%2e%2e%2f", "%00", "'", ".txt", ".tar.gz", "x" * 190, "é" * 120, "漢" * 80, "😀" * 60, " " * 190, "." * 190),
]
NAMES = st.text(st.characters()) | st.lists(st.sampled_from(PIECES) | st.text(st.characters(), max_size=3)).map("".join)

# Devices are no files on Windows, with whatever extension, in whatever case.
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789\xb9\xb2\xb3")}


@given(NAMES)
@example("")
@example("...")
@example("con" + " " * 194 + "x.txt")
@example("e\u200d\u0301")
@example("a\xa0.")
@example("x" * 195 + " .ab" + "c" * 30)
@example("." + "x" * 300)
@example("aux." + "x" * 300)
@example("con.txt")
@settings(max_examples=number(1000, 250), deadline=None)
def test_any_name_is_made_safe(name: str) -> None:
    safe = safe_name(name)
    assert safe not in {"", ".", ".."}
    assert len(safe.encode()) <= MAX_NAME_BYTES
    assert PurePosixPath(safe).parts == (safe,)
    assert PureWindowsPath(safe).name == safe
    assert not set(safe) & set('/\\<>:"|?*')
    assert safe.partition(".")[0].rstrip().lower() not in DEVICES | {"derived"}
    assert safe == safe.strip()
    assert safe[0] != "."
    assert safe[-1] != "."
    categories = {unicodedata.category(character) for character in safe}
    assert not categories & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert unicodedata.is_normalized("NFC", safe)
    assert safe_name(safe) == safe
    assert is_safe_name(safe)


@given(NAMES)
@settings(max_examples=number(300, 75), deadline=None)
def test_a_key_stays_below_its_folder(name: str) -> None:
    file_id = new_id()
    key = original_key("text/plain", file_id, name)
    assert PurePosixPath(key).parent == PurePosixPath("text/plain", file_id.hex[-2:])
    assert len(PurePosixPath(key).name.encode()) <= 255
    assert name_of(key) == safe_name(name)
    assert len(key) <= 1024
    derived = derived_key(key, "image", 2, "thumbnail.webp")
    assert derived == f"text/plain/{file_id.hex[-2:]}/{file_id}/derived/image-2/thumbnail.webp"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("a" * 250 + ".tar.gz", "a" * 193 + ".tar.gz"),
        ("Guernica (1937).jpg", "Guernica (1937).jpg"),
        ("año, 年.txt", "año, 年.txt"),
        ("e\u0301.txt", "é.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\y.txt", "y.txt"),
        ("a:b.txt", "a_b.txt"),
        (".bashrc", "_.bashrc"),
        ("..", "file"),
        ("a/", "file"),
        ("", "file"),
        ("CON", "_CON"),
        ("aux.txt", "_aux.txt"),
        ("auxiliary.txt", "auxiliary.txt"),
        ("derived", "_derived"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\0b\r\nc", "abc"),
        (" spaces . ", "spaces"),
        ("x" * 300 + ".tiff", "x" * 195 + ".tiff"),
        ("漢" * 300 + ".txt", "漢" * 65 + ".txt"),
        ("x." + "y" * 300, "x." + "y" * 198),
    ],
)
def test_a_safe_name_is_close_to_the_sent_one(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_()-]{3,20}\.[a-z0-9]{1,5}", fullmatch=True))
def test_a_harmless_name_stays_as_it_is(name: str) -> None:
    assert safe_name(name) == name or name.partition(".")[0].lower() in DEVICES | {"derived"}


@given(NAMES)
@settings(max_examples=number(1000, 250), deadline=None)
def test_any_name_can_be_kept_and_shown(name: str) -> None:
    shown = clean_name(name)
    assert len(shown) <= 255
    assert "\0" not in shown
    assert shown.encode().decode() == shown
    assert unicodedata.is_normalized("NFC", shown)
    assert clean_name(shown) == shown


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80))
def test_what_can_be_kept_is_kept_as_sent(name: str) -> None:
    assert clean_name(name) == unicodedata.normalize("NFC", name)


@given(NAMES, st.sampled_from(["text/html", "image/png", "application/zip"]))
@settings(max_examples=number(500, 125), deadline=None)
def test_any_name_makes_a_header(name: str, media_type: str) -> None:
    stored = Download("key", media_type, 1, "0" * 64, None, clean_name(name), None, False)
    value = disposition(stored)
    assert value.isascii()
    assert value.isprintable()
    kind, _, rest = value.partition("; ")
    assert kind == ("inline" if INLINE.fullmatch(media_type) else "attachment")
    plain, _, extended = rest.partition("; filename*=UTF-8''")
    assert plain.startswith('filename="')
    assert plain.endswith('"')
    assert not set(plain[10:-1]) & set('"\\/%')
    assert not set(extended) & set(" \"\\;,'()<>@:/[]?={}*")


def test_ids_are_not_taken_from_names() -> None:
    name = str(uuid4())
    one, other = new_id(), new_id()
    assert original_key("a/b", one, name) != original_key("a/b", other, name)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("b" * 260 + ".md", "b" * 252 + ".md"),
        ("b" * 255, "b" * 255),
        ("b" * 300, "b" * 255),
        ("a." + "b" * 300, "a." + "b" * 253),
        ("e\u0301" * 260 + ".txt", "é" * 251 + ".txt"),
    ],
)
def test_a_long_name_keeps_its_extension(sent: str, stored: str) -> None:
    assert clean_name(sent) == stored
