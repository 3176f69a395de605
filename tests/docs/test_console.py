"""The sources of the console: words in both languages, colours in one place, libraries that are what they should be."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path

import pytest

from picasso.templatetags import kinds
from tests.source_trees import SOURCE

ROOT = Path(__file__).parents[2]
STATIC = SOURCE / "static/picasso"
CONSOLE = STATIC / "console"
VENDOR = STATIC / "vendor"

STRING = r"""(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")"""
SAID = re.compile(rf"(?<![\w.$])t\(\s*{STRING}")
COUNTED = re.compile(rf"(?<![\w.$])tn\(\s*{STRING}\s*,\s*{STRING}")
TITLE = re.compile(rf"^export const title = {STRING}", re.MULTILINE)
# `t(yes ? 'one' : 'other')`
CHOSEN = re.compile(rf"(?<![\w.$])t\([^'\"()]*\?\s*{STRING}\s*:\s*{STRING}")
KEY = re.compile(rf"^\s*(?:{STRING}|(\w+)):", re.MULTILINE)
TRANSLATED = re.compile(rf"^\s*(?:{STRING}|(\w+)):\s*(\[[^\]]*\]|{STRING})", re.MULTILINE)
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|\b(?:rgb|rgba|hsl|hsla|oklch)\(")

FOLDERS = sorted({path.parent for path in CONSOLE.rglob("*.js")} | {CONSOLE})


def first(groups: tuple[str | None, ...]) -> str:
    return next(each for each in groups if each).replace("\\'", "'")


def words_of(folder: Path) -> set[str]:
    """The keys of the Russian words of a folder; empty without any."""
    path = folder / "ru.js"
    return {first(groups) for groups in KEY.findall(path.read_text())} if path.exists() else set()


@cache
def said_in(folder: Path) -> frozenset[str]:
    found: set[str] = set()
    for path in folder.glob("*.js"):
        if path.name != "ru.js":
            text = path.read_text()
            found |= {first(groups) for pattern in (SAID, TITLE) for groups in pattern.findall(text)}
            found |= {first(groups[2:]) for groups in COUNTED.findall(text)}
            found |= {first(part) for groups in CHOSEN.findall(text) for part in (groups[:2], groups[2:])}
    return frozenset(found)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_text_of_the_console_has_its_russian(folder: Path) -> None:
    above = [each for each in folder.parents if each.is_relative_to(CONSOLE)]
    known = words_of(CONSOLE / "core").union(*map(words_of, (folder, *above)))
    assert said_in(folder) - known == set()


def translations_in(folder: Path) -> dict[str, str]:
    """The Russian of each key of a folder, as it is written."""
    path = folder / "ru.js"
    return {first(found[:3]): found[3] for found in TRANSLATED.findall(path.read_text())} if path.exists() else {}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_key_has_one_translation_wherever_it_is_shown(folder: Path) -> None:
    """The words of the view that was loaded last would replace those of what stands around all views."""
    around = [CONSOLE / name for name in ("core", "shell", "uploads", "parts")]
    found = translations_in(folder)
    assert len(found) == len(words_of(folder))
    for other in around:
        known = translations_in(other)
        assert {key: (found[key], known[key]) for key in found.keys() & known.keys() if found[key] != known[key]} == {}


def test_the_sentences_are_found() -> None:
    assert {"Search", "All is well", "Close", "just now"} <= said_in(CONSOLE / "core") | said_in(CONSOLE / "shell")


@pytest.mark.parametrize("path", sorted(CONSOLE.rglob("*.css")), ids=lambda path: path.parent.name + path.name)
def test_colours_are_tokens(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    if path.name == "tokens.css":
        assert COLOUR.search(text)
    else:
        assert COLOUR.findall(re.sub(r"[^{}]*\{", "{", text)) == []


def test_the_libraries_are_those_that_were_built() -> None:
    listed = json.loads((VENDOR / "vendor.json").read_text())
    named = json.loads((ROOT / "tools/vendor/package.json").read_text())["dependencies"]
    for each in listed:
        files = sorted(VENDOR.glob(each["file"]))
        assert hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest() == each["sha256"], each["file"]
        assert named[each["package"]] == each["version"], "run `make vendor`"
        assert len((VENDOR / each["licence_file"]).read_text()) > 500
    there = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    known = {str(file.relative_to(VENDOR)) for each in listed for file in VENDOR.glob(each["file"])}
    known |= {each["licence_file"] for each in listed}
    assert there == known | {"vendor.json"}


def test_the_service_reads_the_kinds_of_files_from_the_script() -> None:
    names = [name for name, _ in kinds.KINDS]
    listed = (CONSOLE / "core/kinds.js").read_text().partition("const KINDS = [")[2].partition("];")[0]
    assert len(names) == len(listed.strip().splitlines())
    assert set(names) == kinds.WORDS.keys()
    assert set(names) > kinds.ICONS.keys()
    assert set(names) >= set(kinds.ICONS.values())
    types = ("image/svg+xml", "text/html", "application/x-tar", "application/zip", "x/y")
    assert [kinds.kind_word(each) for each in types] == ["Picture", "Web page", "Archive", "Archive", "File"]
    assert [kinds.icon(each) for each in types] == ["image", "document", "archive", "archive", "file"]


def test_each_action_of_the_audit_has_its_words() -> None:
    section = (ROOT / "docs/operations.md").read_text().partition("## Audit")[2].partition("## ")[0]
    rows = section.partition("| what | actions |")[2].partition("\n\n")[0]
    actions = set(re.findall(r"`([a-z]+\.[a-z.-]+)`", rows))
    known = set(re.findall(r"^  '([a-z.-]+)': t\(", (CONSOLE / "views/audit/words.js").read_text(), re.MULTILINE))
    assert len(actions) > 40
    assert actions <= known


def test_no_template_has_an_inline_script_or_style() -> None:
    """The Content-Security-Policy forbids them."""
    for path in CONSOLE.rglob("*.js"):
        assert not re.search(r"<style|\sstyle=|<[^>]+\son[a-z]+=", path.read_text()), path
