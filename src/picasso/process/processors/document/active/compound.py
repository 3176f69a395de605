"""Active content of DOC, XLS and PPT, by the streams of their compound file ([MS-DOC], [MS-XLS], [MS-PPT])."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from picasso.policy import ActiveContent
from picasso.process.contract import ProcessorError
from picasso.process.processors.document import biff, ole
from picasso.process.processors.document.active import vba
from picasso.process.processors.document.active.fields import add_field, has_keyword
from picasso.process.processors.document.ole import Compound

# In small letters: case does not tell names apart ([MS-CFB], section 2.6.4).
MACROS = {"_vba_project", "_vba_project_cur", "macros", "vba"}

# Of all streams that are read, which may be the same bytes many times.
MAX_BYTES = 2**28

# Storages of objects: in a workbook, and in the pool of a document.
OBJECT = re.compile(r"MBD[0-9A-F]{8}|_\d{9,10}")
LINKED_OBJECT = re.compile(r"LNK[0-9A-F]{8}")
PACKAGE, CONTROL, CONTROLS = "\x01Ole10Native", "\x03OCXNAME", "Ctls"

# Records of a workbook: a sheet, its beginning, a name, a link to another book or program.
SHEET, BEGIN, NAME, BOOK = 0x85, 0x809, 0x18, 0x1AE
MACRO_SHEET, BEGIN_OF_MACROS = 1, b"\x40\0"
BUILT_IN = 0x20
AUTO_NAMES = {1: "Auto_Open", 2: "Auto_Close", 10: "Auto_Activate", 11: "Auto_Deactivate"}
MAX_RECORDS = 1_000_000

# Field begin, and its instruction up to the separator or the end; the second in UTF-16.
FIELDS = (
    re.compile(rb"\x13([^\x13\x14\x15]{3,400})"),
    re.compile(rb"\x13\x00((?:[^\x13\x14\x15]\x00){3,400})"),
)
# A field in the instruction of another one, before it has ended.
INNER_FIELDS = (
    re.compile(rb"\x13([ -~]{0,40})\x13[ -~]{3}"),
    re.compile(rb"\x13\x00((?:[ -~]\x00){0,40})\x13\x00(?:[ -~]\x00){3}"),
)
MAX_FIELDS = 10_000
TEMPLATE = re.compile(rb"(?:h\0t\0t\0p\0(?:s\0)?:\0/\0/\0|\\\0\\\0)(?:[!-~]\0){3,400}", re.IGNORECASE)

# Records of a presentation: information on macros with its flag, embedded and linked objects, controls.
PPT_MACROS = re.compile(rb"\x02\x00\x00\x04\x0c\x00\x00\x00.{4}(.{4})", re.DOTALL)
# What a click or the mouse over a shape does: the ninth byte is 2 if it starts a program.
PPT_PROGRAM = re.compile(rb"\x00\x00\xf3\x0f\x10\x00\x00\x00.{8}\x02", re.DOTALL)
PPT_RECORDS = {
    b"\x0f\x00\xcc\x0f": "embedded_objects",
    b"\x0f\x00\xce\x0f": "external_links",
    b"\x0f\x00\xee\x0f": "activex",
}


def read(data: bytes, found: ActiveContent) -> None:
    file = ole.open_compound(data)
    if MACROS & {name.lower() for name in file.names} or _has_project(file):
        vba.add_macros(file, found)
    _add_objects(file, found)
    left = MAX_BYTES
    for name, start, size in file.streams:  # several may have one name, in storages of their own
        if add := STREAMS.get(name.lower()):
            left -= size
            if left < 0:
                found.mark("incomplete")
                return
            try:
                add(file.read_stream(start, size), found)
            except (ProcessorError, struct.error):
                found.mark("incomplete")


def _has_project(file: Compound) -> bool:
    """Whether there is a list of modules, which is compressed."""
    places = [place for name, *place in file.streams if name.lower() == "dir"]
    return any(file.read_stream(*place).startswith(b"\x01") for place in places[:10])


def _add_objects(file: Compound, found: ActiveContent) -> None:
    packages = file.names.count(PACKAGE)
    found.count("embedded_files", packages)
    controls = file.names.count(CONTROL) or (CONTROLS in file.names)
    found.count("activex", int(controls))
    objects = sum(OBJECT.fullmatch(name) is not None for name in file.names)
    found.count("embedded_objects", max(0, objects - packages - controls))
    found.count("external_links", sum(LINKED_OBJECT.fullmatch(name) is not None for name in file.names))


def _add_workbook(stream: bytes, found: ActiveContent) -> None:
    for number, (kind, record) in enumerate(biff.records(stream, 0)):
        if number > MAX_RECORDS:
            found.mark("incomplete")
            return
        is_sheet_of_macros = kind == SHEET and len(record) > 5 and record[5] == MACRO_SHEET
        if is_sheet_of_macros or (kind == BEGIN and record[2:4] == BEGIN_OF_MACROS):
            found.mark("macros")
        elif kind == NAME:
            _add_name(record, found)
        elif kind == BOOK and b"\x03" in record[4:] and record[2:4] != b"\x01\x04":
            found.count("dde")


def _add_name(record: bytes, found: ActiveContent) -> None:
    """A defined name (section 2.4.150), which may be of a macro that Excel runs."""
    if len(record) < 16:
        return
    flags, length = struct.unpack_from("<HxB", record)
    for name in (record[14 : 14 + length], record[15 : 15 + length], record[15 : 15 + 2 * length : 2]):
        if flags & BUILT_IN and name[:1] and name[0] in AUTO_NAMES:
            found.name("auto_run", AUTO_NAMES[name[0]])
            return
        if name[:9].lower() in {b"auto_open", b"auto_clos"}:
            found.name("auto_run", name[:20].decode("latin-1"))
            return


def _add_fields(stream: bytes, found: ActiveContent) -> None:
    for pattern, inner, encoding in zip(FIELDS, INNER_FIELDS, ("latin-1", "utf-16-le"), strict=True):
        for number, match in enumerate(pattern.finditer(stream)):
            if number > MAX_FIELDS:
                found.mark("incomplete")
                return
            add_field(match[1].decode(encoding, "replace"), found)
        if not all(has_keyword(match[1].decode(encoding)) for match in inner.finditer(stream)):
            found.mark("incomplete")


def _add_template(stream: bytes, found: ActiveContent) -> None:
    """The template of a document has its address in the table of associated strings."""
    for match in TEMPLATE.finditer(stream):
        address = match[0].decode("utf-16-le", "replace").lower()
        if address.endswith((".dot", ".dotm", ".dotx", ".doc", ".docm", ".docx", ".rtf")):
            found.count("external_templates")


def _add_presentation(stream: bytes, found: ActiveContent) -> None:
    if any(any(match[1]) for match in PPT_MACROS.finditer(stream)):
        found.mark("macros")
    for record, kind in PPT_RECORDS.items():
        found.count(kind, stream.count(record))
    found.count("launch", len(PPT_PROGRAM.findall(stream)))


STREAMS: dict[str, Callable[[bytes, ActiveContent], None]] = {
    "workbook": _add_workbook,
    "book": _add_workbook,
    "worddocument": _add_fields,
    "powerpoint document": _add_presentation,
    "1table": _add_template,
    "0table": _add_template,
}
