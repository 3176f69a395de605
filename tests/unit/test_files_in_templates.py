"""The page that the server draws shows a file as the script does, so nothing changes when the script takes over."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.utils.translation import override
from tests.services import required_program

import picasso
from picasso.process.registry import processors
from picasso.templatetags import files, kinds
from picasso.templatetags.say import say

CORE = Path(picasso.__file__).parent / "static/picasso/console/core"

SIZES = [0, 1, 2, 999, 1000, 1005, 1234, 9994, 9995, 9999, 12_345, 99_949, 99_950, 123_456, 999_499, 999_500, 10**6]
SIZES += [1_500_000, 10**9, 2**40, 10**15, 10**18]
NUMBERS = [0, 7, 999, 1000, 9999, 10_000, 1_234_567]
NAMES = ["plain.txt", "a\0b\x1f\x7f", "invoice\u202etxt.exe", "zero\u200bwidth", "soft\xadhyphen", "\u2066x\u2069"]
PAGE = Path(__file__).parents[2] / "docs/types.md"
# All that are detected, and some that are not.
TYPES = sorted(set(re.findall(r"^\| `([^`]+)`", PAGE.read_text(), re.MULTILINE)))
TYPES += ["application/jsonl", "application/octet-stream", "image/new", "audio/new", "odd", ""]
KNOWN = {
    "image/jpeg": "Picture",
    "message/rfc822": "Mail",
    "application/vnd.ms-outlook": "Mail",
    "application/x-ndjson": "Table",
    "application/jsonl": "Table",
    "text/csv": "Table",
    "application/vnd.apache.parquet": "Table",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Spreadsheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Document",
    "application/vnd.ms-powerpoint": "Presentation",
    "application/epub+zip": "Book",
    "application/pdf": "PDF",
    "application/json": "Data",
    "image/svg+xml": "Picture",
    "text/html": "Web page",
    "text/plain": "Text",
    "text/markdown": "Text",
    "text/x-python": "Code",
    "text/calendar": "Calendar",
    "application/gzip": "Archive",
    "application/x-7z-compressed": "Archive",
    "audio/x-mpegurl": "Playlist",
    "application/octet-stream": "File",
}


def by_the_script(language: str) -> dict[str, list[str]]:
    words = f"const language = '{language}', t = (text) => text;"
    lines = [line for name in ("format.js", "kinds.js") for line in (CORE / name).read_text().splitlines()]
    code = "\n".join(line for line in lines if not line.startswith("import "))
    values = json.dumps({"sizes": SIZES, "numbers": NUMBERS, "names": NAMES, "types": TYPES})
    asked = f"""
        const {{ sizes, numbers, names, types }} = {values};
        console.log(JSON.stringify({{ sizes: sizes.map(bytes), numbers: numbers.map((n) => number(n)),
            names: names.map((name) => visible(name)), kinds: types.map(kindOf),
            words: types.map(kindText), icons: types.map(iconOf) }}));"""
    argv = [required_program("nodejs", "node"), "--input-type=module"]
    ran = subprocess.run(argv, input=words + code + asked, capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, list[str]] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_server_and_the_script_say_the_same(language: str) -> None:
    with override(language):
        said = {
            "sizes": [files.size(each) for each in SIZES],
            "numbers": [files.grouped(each) for each in NUMBERS],
            "names": [files.visible(each) for each in NAMES],
            "kinds": [kinds.kind(each) for each in TYPES],
            "words": [kinds.kind_word(each) for each in TYPES],
            "icons": [kinds.icon(each) for each in TYPES],
        }
    assert said == by_the_script(language)


def test_a_kind_has_a_word_in_both_languages_and_an_icon() -> None:
    sprite = (Path(picasso.__file__).parent / "templates/picasso/sprite.html").read_text()
    for name, word in kinds.WORDS.items():
        assert f'id="icon-{kinds.ICONS.get(name, name)}"' in sprite
        with override("ru"):
            assert say(word) != word or name == "pdf"
    assert {media_type: kinds.kind_word(media_type) for media_type in KNOWN} == KNOWN


def test_whatever_a_processor_reads_has_a_word() -> None:
    read = {each for processor in processors().values() for each in processor.media_types}
    assert {each for each in read if kinds.kind(each) == "file" and each[0] not in "!*"} == set()


def test_a_name_is_cut_between_two_characters() -> None:
    name = "😀" * 20 + "-v1.txt"
    assert files.head(name) + files.tail(name) == name
    assert files.tail(name).endswith("-v1.txt")
    assert files.head("short.txt") == ""
