"""OpenDocument files as readers expect them: packed, in UTF-8 and with the usual prefixes."""

from __future__ import annotations

import io
import re
import zipfile

from picasso.process.processors.document.canonical_xml import OPEN_DOCUMENT_PREFIXES, rewrite

DECLARATION = re.compile(rb"""\sxmlns:([\w.-]+)\s*=\s*["'](urn:oasis:names:tc:opendocument:xmlns:[^"']+)["']""")
ENCODING = re.compile(rb"""<\?xml[^>]*\sencoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)

# The root's start and the metadata of a flat file that was rewritten.
META = re.compile(rb"(<office:document [^>]*>).*?(<office:meta>.*?</office:meta>)", re.DOTALL)

HEAD = 16_384  # bytes that have the declarations

FLAT = "-flat-xml"

PARTS = ("content.xml", "meta.xml", "styles.xml")


def pack_flat(content: bytes, media_type: str) -> bytes:
    """A file of one XML document, whose elements are those of the parts of a packed file, as such a file.

    Raises `ProcessorError` and `expat.ExpatError`.
    """
    document = rewrite(io.BytesIO(content), OPEN_DOCUMENT_PREFIXES)
    parts = {"content.xml": document}
    if match := META.search(document):
        parts["meta.xml"] = match[1] + match[2] + b"</office:document>"
    return _pack(parts, media_type.removesuffix(FLAT))


def with_usual_xml(archive: zipfile.ZipFile, content: bytes, media_type: str) -> bytes:
    """``content``, of which ``archive`` is open, or a file with its text if its XML is not as readers expect it."""
    parts = {name: archive.read(name) for name in PARTS if name in archive.namelist()}
    if not any(map(_is_unusual, parts.values())):
        return content
    return _pack({name: rewrite(io.BytesIO(part), OPEN_DOCUMENT_PREFIXES) for name, part in parts.items()}, media_type)


def _is_unusual(part: bytes) -> bool:
    head = part[:HEAD]
    if b"\0" in head[:4] or ENCODING.match(head):
        return True
    declared = (
        (match[1].decode(), OPEN_DOCUMENT_PREFIXES.get(match[2].decode())) for match in DECLARATION.finditer(head)
    )
    return any(expected not in {None, prefix} for prefix, expected in declared)


def _pack(parts: dict[str, bytes], media_type: str) -> bytes:
    namespace = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{media_type}"/>'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("mimetype", media_type)
        for name, part in parts.items():
            archive.writestr(name, part)
        manifest = f'<manifest:manifest xmlns:manifest="{namespace}">{entry}</manifest:manifest>'
        archive.writestr("META-INF/manifest.xml", manifest)
    return packed.getvalue()
