"""What acts by itself in a PDF (ISO 32000-2, section 12.6), read by qpdf.

PDFium tells of some of these things and hides others, and what it can't open it does not tell of at all. qpdf reads all
objects, also compressed and encrypted ones, and repairs files as viewers do.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picasso.policy import ActiveContent
from picasso.process.contract import JSON

if TYPE_CHECKING:
    import pikepdf

# An object takes some two kibibytes and ten microseconds.
MAX_OBJECTS = 300_000
MAX_SECONDS = 10.0

# qpdf writes names without escapes, and one blank between a key and its value.
STRING = re.compile(rb"\((?:[^\\()]++|\\.)*+\)", re.DOTALL)
KEY = re.compile(rb"/(S|Subtype|JS|EF|XFA) (?:/([A-Za-z0-9]+)|(\d+) (\d+) R)?")

# By the value of /S, the type of an action (table 201).
ACTIONS = {
    "Launch": "launch",
    "SubmitForm": "submit_form",
    "ImportData": "external_links",
    "GoToR": "external_links",
    "RichMediaExecute": "rich_media",
    "Rendition": "rich_media",
}
# By /Subtype of an annotation (table 171).
ANNOTATIONS = dict.fromkeys(("RichMedia", "Screen", "Movie", "Sound", "3D"), "rich_media")
KEYS = {"JS": "javascript", "EF": "embedded_files"}

SCRIPT = "JavaScript"
HARMLESS_AT_START = {"GoTo", "Named"}


@dataclass(slots=True)
class Found:
    content: ActiveContent = field(default_factory=ActiveContent)
    uris: int | None = None
    """Actions that open an address; None if no object was read."""

    has_script_action: bool = False
    """Whether an action is one that runs a script, with a script or without."""

    def facts(self) -> dict[str, JSON]:
        uris: dict[str, JSON] = {} if self.uris is None else {"uris": self.uris}
        return uris | self.content.as_fact()


def read_active_content(path: Path) -> Found:
    """Never raises for what the file contains: what can't be read is ``incomplete``."""
    import pikepdf

    found = Found()
    with _noting_damage(found):
        try:
            with pikepdf.open(path, suppress_warnings=True) as pdf:
                _read(pdf, found)
        except pikepdf.PasswordError:
            found.content.mark("incomplete")
    if found.has_script_action and not found.content.has("javascript"):
        found.content.count("javascript")  # viewers may find the script where qpdf finds none
    return found


@contextmanager
def _noting_damage(found: Found) -> Iterator[None]:
    try:
        yield
    except Exception:  # qpdf raises many kinds of errors for damage, and MemoryError for bombs
        found.content.mark("incomplete")


def _read(pdf: pikepdf.Pdf, found: Found) -> None:
    with _noting_damage(found):
        for kind in _at_start(pdf):
            found.content.name("open_action", kind)
            found.has_script_action |= kind == SCRIPT
    found.uris = 0
    deadline = time.monotonic() + MAX_SECONDS
    for number, text in enumerate(_objects(pdf, found)):
        if number >= MAX_OBJECTS or (number % 256 == 0 and time.monotonic() > deadline):
            found.content.mark("incomplete")
            return
        for match in KEY.finditer(STRING.sub(b"()", text)):
            _count(pdf, match, found)


def _objects(pdf: pikepdf.Pdf, found: Found) -> Iterator[bytes]:
    """Each object as qpdf writes it; of a stream its dictionary. A damaged one does not hide those after it."""
    objects = pdf.objects
    for index in range(len(objects)):
        text = b""
        with _noting_damage(found):
            text = _text(objects[index])
        yield text


def _text(each: Any) -> bytes:
    """Empty for numbers, booleans and null, which pikepdf gives as values of Python: nothing in them acts."""
    import pikepdf

    if isinstance(each, pikepdf.Stream):
        return each.stream_dict.unparse(resolved=True)
    return each.unparse(resolved=True) if isinstance(each, pikepdf.Object) else b""


def _count(pdf: pikepdf.Pdf, match: re.Match[bytes], found: Found) -> None:
    key = match[1].decode()
    if key == "XFA":
        found.content.mark("xfa")
    elif kind := KEYS.get(key):
        found.content.count(kind)
    else:
        value = match[2].decode() if match[2] else _name_at(pdf, match)
        found.uris = (found.uris or 0) + (key == "S" and value == "URI")
        found.has_script_action |= key == "S" and value == SCRIPT
        if kind := (ACTIONS if key == "S" else ANNOTATIONS).get(value):
            found.content.count(kind)


def _name_at(pdf: pikepdf.Pdf, match: re.Match[bytes]) -> str:
    """The name that stands in an object of its own."""
    if not match[3]:
        return ""
    with suppress(Exception):
        return str(pdf.get_object(int(match[3]), int(match[4]))).removeprefix("/")
    return ""


def _at_start(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Kinds of the actions that a viewer carries out when it opens the document."""
    root: Any = pdf.Root
    yield from _kinds(root.get("/OpenAction"))
    names = root.get("/Names")
    if _is_dictionary(names) and "/JavaScript" in names:
        yield SCRIPT
    actions: Any = pdf.pages[0].obj.get("/AA") if len(pdf.pages) else None
    if _is_dictionary(actions):
        yield from _kinds(actions.get("/O"))


def _kinds(action: Any) -> Iterator[str]:
    """Kinds of an action, and of the one after it. An array is a place in the document to go to."""
    if not _is_dictionary(action):
        return
    kind = str(action.get("/S", "")).removeprefix("/")
    if kind and kind not in HARMLESS_AT_START:
        yield kind
    following = action.get("/Next")
    if following is not None:
        yield from _next_kinds(following)


def _next_kinds(following: Any) -> Iterator[str]:
    """Of one step only: an action may lead to itself."""
    for each in [following] if _is_dictionary(following) else list(following)[:10]:
        if _is_dictionary(each) and (kind := str(each.get("/S", "")).removeprefix("/")) not in HARMLESS_AT_START:
            yield kind


def _is_dictionary(value: Any) -> bool:
    import pikepdf

    return isinstance(value, pikepdf.Dictionary)
