"""The page that the server draws shows a file as the script does, so nothing changes when the script takes over."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from django.utils.translation import override
from tests.services import required_program

import picasso
from picasso.templatetags import files

FORMAT = Path(picasso.__file__).parent / "static/picasso/console/core/format.js"

SIZES = [0, 1, 2, 999, 1000, 1005, 1234, 9994, 9995, 9999, 12_345, 99_949, 99_950, 123_456, 999_499, 999_500, 10**6]
SIZES += [1_500_000, 10**9, 2**40, 10**15, 10**18]
NUMBERS = [0, 7, 999, 1000, 9999, 10_000, 1_234_567]
NAMES = ["plain.txt", "a\0b\x1f\x7f", "invoice\u202etxt.exe", "zero\u200bwidth", "soft\xadhyphen", "\u2066x\u2069"]
TYPES = [
    "image/png",
    "video/mp4",
    "audio/flac",
    "text/plain",
    "application/msword",
    "application/zip",
    "application/x-tar",
]
TYPES += ["application/vnd.oasis.opendocument.text", "application/octet-stream", "odd", ""]


def by_the_script(language: str) -> dict[str, list[str]]:
    words = f"const language = '{language}', t = (text) => text;"
    code = "\n".join(line for line in FORMAT.read_text().splitlines() if not line.startswith("import "))
    values = json.dumps({"sizes": SIZES, "numbers": NUMBERS, "names": NAMES, "types": TYPES})
    asked = f"""
        const {{ sizes, numbers, names, types }} = {values};
        console.log(JSON.stringify({{ sizes: sizes.map(bytes), numbers: numbers.map((n) => number(n)),
            names: names.map((name) => visible(name)), types: types.map(kindOf) }}));"""
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
            "types": [files.kind(each) for each in TYPES],
        }
    assert said == by_the_script(language)


def test_a_pdf_is_a_document_with_a_word_of_its_own() -> None:
    assert files.kind("application/pdf") == "pdf"


def test_a_name_is_cut_between_two_characters() -> None:
    name = "😀" * 20 + "-v1.txt"
    assert files.head(name) + files.tail(name) == name
    assert files.tail(name).endswith("-v1.txt")
    assert files.head("short.txt") == ""
