"""Active content of DOC, XLS and PPT, by the streams of their compound file ([MS-DOC], [MS-XLS], [MS-PPT])."""

from __future__ import annotations

import re
import struct

from picasso.policy import ActiveContent
from picasso.process.contract import ProcessorError
from picasso.process.processors.document import biff, ole
from picasso.process.processors.document.active import vba
from picasso.process.processors.document.active.fields import add_field
from picasso.process.processors.document.ole import Compound

MACROS = {"_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros", "VBA"}

# Storages of objects: in a workbook, and in the pool of a document.
OBJECT = re.compile(r"MBD[0-9A-F]{8}|_\d{9,10}")
LINKED_OBJECT = re.compile(r"LNK[0-9A-F]{8}")
PACKAGE, CONTROL, CONTROLS = "\x01Ole10Native", "\x03OCXNAME", "Ctls"

# Records of a workbook: a sheet, a name, a link to another book or program.
SHEET, NAME, BOOK = 0x85, 0x18, 0x1AE
MACRO_SHEET = 1
BUILT_IN = 0x20
AUTO_NAMES = {1: "Auto_Open", 2: "Auto_Close", 10: "Auto_Activate", 11: "Auto_Deactivate"}
MAX_RECORDS = 1_000_000

# Field begin, and its instruction up to the separator or the end; the second in UTF-16.
FIELDS = (
    re.compile(rb"\x13([^\x13\x14\x15]{3,400})"),
    re.compile(rb"\x13\x00((?:[^\x13\x14\x15]\x00){3,400})"),
)
MAX_FIELDS = 10_000
TEMPLATE = re.compile(rb"(?:h\0t\0t\0p\0(?:s\0)?:\0/\0/\0|\\\0\\\0)(?:[!-~]\0){3,400}", re.IGNORECASE)

# Records of a presentation: information on macros with its flag, embedded and linked objects, controls.
PPT_MACROS = re.compile(rb"\x02\x00\x00\x04\x0c\x00\x00\x00.{4}(.{4})", re.DOTALL)
PPT_RECORDS = {
    b"\x0f\x00\xcc\x0f": "embedded_objects",
    b"\x0f\x00\xce\x0f": "external_links",
    b"\x0f\x00\xee\x0f": "activex",
}


def read(data: bytes, found: ActiveContent) -> None:
    file = ole.open_compound(data)
    if MACROS & {*file.names}:
        vba.add_macros(file, found)
    _add_objects(file, found)
    for stream, add in (
        ("Workbook", _add_workbook),
        ("Book", _add_workbook),
        ("WordDocument", _add_fields),
        ("PowerPoint Document", _add_presentation),
        ("1Table", _add_template),
        ("0Table", _add_template),
    ):
        if stream in file.entries:
            try:
                add(file.stream(stream), found)
            except (ProcessorError, struct.error):
                found.mark("incomplete")


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
        if kind == SHEET and len(record) > 5 and record[5] == MACRO_SHEET:
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
    for pattern, encoding in zip(FIELDS, ("latin-1", "utf-16-le"), strict=True):
        for number, match in enumerate(pattern.finditer(stream)):
            if number > MAX_FIELDS:
                found.mark("incomplete")
                return
            add_field(match[1].decode(encoding, "replace"), found)


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
