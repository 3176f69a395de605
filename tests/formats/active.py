"""Documents with active content, written in code. Nothing in them does harm."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

from tests.formats import document, ole

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
MICROSOFT = "http://schemas.microsoft.com/office/2006/relationships/"

MODULE = 'Attribute VB_Name = "ThisDocument"\r\nPublic Sub Document_Open()\r\n  MsgBox "hello"\r\nEnd Sub\r\n'


def compressed(text: bytes) -> bytes:
    """A compressed container ([MS-OVBA], section 2.4.1) with literal tokens only."""
    chunks = b""
    for start in range(0, len(text), 3500):
        piece = text[start : start + 3500]
        tokens = b"".join(b"\0" + piece[at : at + 8] for at in range(0, len(piece), 8))
        chunks += struct.pack("<H", 0xB000 | (len(tokens) - 1)) + tokens
    return b"\x01" + chunks


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HI", kind, len(content)) + content


def vba_project(source: str = MODULE) -> bytes:
    """The compound file of a project with one module, whose source stands behind some bytes of compiled code."""
    version = struct.pack("<HIIH", 0x09, 4, 1, 1)
    directory = version + record(0x19, b"Module1") + record(0x1A, b"Module1") + record(0x31, struct.pack("<I", 7))
    return ole.compound(
        {
            "dir": compressed(directory),
            "_VBA_PROJECT": b"\xcc\x61\xff\xff\0\0\0",
            "Module1": b"COMPILE" + compressed(source.encode()),
        }
    )


def relation(kind: str, target: str, *, external: bool = False) -> str:
    mode = ' TargetMode="External"' if external else ""
    return f'<Relationship Id="{abs(hash(target))}" Type="{kind}" Target="{target}"{mode}/>'


def with_parts(content: bytes, parts: Mapping[str, str | bytes]) -> bytes:
    """The ZIP with more parts, or other ones instead."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name), zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
        for name, part in parts.items():
            new.writestr(name, part)
    return made.getvalue()


def related(content: bytes, *relations: str, parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """A DOCX whose main part has these relations."""
    head = f'{document.HEAD}<Relationships xmlns="{document.PACKAGE}relationships">'
    text = f"{head}{''.join(relations)}</Relationships>"
    return with_parts(content, {"word/_rels/document.xml.rels": text, **(parts or {})})


def docm(project: bytes | None = None, name: str = "vbaProject.bin") -> bytes:
    """A Word document with a macro."""
    macro = relation(MICROSOFT + "vbaProject", name)
    content = related(document.docx(), macro, parts={f"word/{name}": project or vba_project()})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        types = archive.read("[Content_Types].xml").decode()
    types = types.replace(document.DOCX + ".main+xml", "application/vnd.ms-word.document.macroEnabled.main+xml")
    binary = '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    return with_parts(content, {"[Content_Types].xml": types.replace("</Types>", binary)})
