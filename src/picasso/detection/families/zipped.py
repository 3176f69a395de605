"""What a ZIP is: by what it says about itself, by its content types, or by the names of its entries."""

from __future__ import annotations

import re
from collections.abc import Callable

from picasso.detection.families import iwork, ooxml
from picasso.detection.families.zip_directory import (
    DEFLATED,
    END,
    END_SIZE,
    LOCAL,
    LOCAL_FIELDS,
    LOCAL_SIZE,
    STORED,
    Entries,
    Entry,
    find_directory,
    read_entries,
    read_member,
)
from picasso.detection.media_types import OFFICE, SYNONYMS
from picasso.detection.window import Window

ZIP = "application/zip"

MIMETYPE, CONTENT_TYPES, RELATIONSHIPS = b"mimetype", b"[content_types].xml", b"_rels/.rels"
CONTAINER, ODF_MANIFEST = b"meta-inf/container.xml", b"meta-inf/manifest.xml"

# Content types of a document with thousands of parts take some hundred kibibytes.
CONTENT_TYPES_LIMIT = 256 * 1024
SMALL = 4096

# What the entry ``mimetype`` of a ZIP may say (EPUB OCF 3.3, section 4.3; ODF 1.3 part 2, section 3.3; Adobe UCF).
STATED_TYPE = re.compile(
    rb"application/(?:epub\+zip|hwp\+zip|x-ibooks\+zip|(?:x-|vnd\.kde\.)k[a-z]+|vnd\.recordare\.musicxml(?:\+zip)?"
    rb"|vnd\.etsi\.asic-[es]\+zip|vnd\.(?:oasis\.opendocument|sun\.xml|adobe)\.[a-z.+-]{1,60}|vnd\.openofficeorg\.extension)|image/openraster"
)

ODF_ROOT = re.compile(rb"<[^<>]*?\bfull-path\s*=\s*[\"']/[\"'][^<>]*>")
ODF_TYPE = re.compile(
    rb"\bmedia-type\s*=\s*[\"'](application/vnd\.(?:oasis\.opendocument|sun\.xml)\.[a-z.-]{1,40})[\"']"
)

JAVA, ANDROID = "application/java-archive", "application/vnd.android.package-archive"

# The first for which all of these entries are there.
BY_ENTRIES: tuple[tuple[tuple[bytes, ...], str], ...] = (
    ((b"androidmanifest.xml", b"classes.dex"), ANDROID),
    ((b"androidmanifest.xml", b"resources.arsc"), ANDROID),
    ((b"androidmanifest.xml", b"meta-inf/manifest.mf"), ANDROID),
    ((b"install.rdf",), "application/x-xpinstall"),
    ((b"manifest.json", b"meta-inf/mozilla.rsa"), "application/x-xpinstall"),
    ((b"appxmanifest.xml",), "application/vnd.ms-appx"),
    ((b"appxmetadata/appxbundlemanifest.xml",), "application/vnd.ms-appx"),
    ((b"extension.vsixmanifest",), "application/vsix"),
    ((b"base/manifest/androidmanifest.xml", b"bundleconfig.pb"), "application/vnd.android.aab"),
    ((b"appmanifest.xaml",), "application/x-silverlight-app"),
    ((b"web-inf/web.xml",), "application/x-java-war"),
    ((b"meta-inf/application.xml",), "application/x-java-ear"),
    ((b"meta-inf/manifest.mf",), JAVA),
    ((b"description.xml", ODF_MANIFEST), "application/vnd.openofficeorg.extension"),
    ((b"pass.json",), "application/vnd.apple.pkpass"),
    ((b"doc.kml",), "application/vnd.google-earth.kmz"),
    ((b"document.json", b"meta.json", b"user.json"), "application/vnd.sketch"),
    ((b"geogebra.xml",), "application/vnd.geogebra.file"),
    ((b"content.json", b"metadata.json", b"manifest.json"), "application/vnd.xmind.workbook"),
)

# The first that matches a line of all the names.
BY_NAME_OF_ENTRY = (
    (re.compile(rb"^payload/[^/\n]+\.app/", re.MULTILINE), "application/x-ios-app"),
    (re.compile(rb"^[^/\n]+\.dist-info/wheel$", re.MULTILINE), "application/x-wheel+zip"),
    (re.compile(rb"^[^/\n]+\.nuspec$", re.MULTILINE), "application/x-nupkg"),
    (re.compile(rb"^[^/\n]+\.mscx$", re.MULTILINE), "application/x-mscz"),
    (re.compile(rb"\A[^\n]+\.usd[acz]?$", re.MULTILINE), "model/vnd.usdz+zip"),
    (re.compile(rb"\A[^/\n]+\.kml(?:\n[^\n]*/[^\n]*)*\Z"), "application/vnd.google-earth.kmz"),
    (re.compile(rb"\A[^/\n]+\.fb2\Z"), "application/x-zip-compressed-fb2"),
)

# Packages whose content types say nothing: the folder of their main part.
OFFICE_FOLDERS = (
    (b"word/document", OFFICE + "wordprocessingml.document"),
    (b"xl/workbook", OFFICE + "spreadsheetml.sheet"),
    (b"ppt/presentation", OFFICE + "presentationml.presentation"),
    (b"visio/document", "application/vnd.ms-visio.drawing"),
)


def detect_zip(window: Window) -> str:
    if found := _by_first_entry(window):
        return found
    entries = read_entries(window)
    return next((found for look in LOOKS if (found := look(window, entries))), ZIP)


def detect_zip_by_end(window: Window) -> str | None:
    """A ZIP behind something else, or the last part of one that was split."""
    return detect_zip(window) if window.tail(END_SIZE).startswith(END) else None


def is_cut(window: Window) -> bool:
    """Whether the central directory is missing, which is the end of every ZIP."""
    return find_directory(window) is None


def _by_first_entry(window: Window) -> str | None:
    """Most documents begin with the entry that tells what they are, so that the directory need not be read."""
    header = window.at(0, LOCAL_SIZE)
    if len(header) < LOCAL_SIZE or not header.startswith(LOCAL):
        return None
    _, _, method, packed_size, length, _ = LOCAL_FIELDS.unpack(header)
    name = window.at(LOCAL_SIZE, length).lower()
    if name not in {MIMETYPE, CONTENT_TYPES} or method not in {STORED, DEFLATED}:
        return None
    entry = Entry(method, packed_size, 0)
    if name == MIMETYPE:
        return _stated_type(window, {MIMETYPE: entry})
    found = ooxml.package_type(read_member(window, entry, CONTENT_TYPES_LIMIT))
    return found if found != ooxml.XPS else None


def _stated_type(window: Window, entries: Entries) -> str | None:
    entry = entries.get(MIMETYPE)
    match = STATED_TYPE.fullmatch(read_member(window, entry, 200).strip()) if entry else None
    if not match:
        return None
    stated = match[0].decode()
    return SYNONYMS.get(stated, stated)


def _package(window: Window, entries: Entries) -> str | None:
    """By the content types; then by the folder of a main part, which alone says nothing."""
    if not (entry := entries.get(CONTENT_TYPES)):
        return None
    found = ooxml.package_type(read_member(window, entry, CONTENT_TYPES_LIMIT))
    if found == ooxml.XPS and (relationships := entries.get(RELATIONSHIPS)):
        return ooxml.xps_type(read_member(window, relationships, SMALL))
    return found or next(
        (kind for start, kind in OFFICE_FOLDERS if any(name.startswith(start) for name in entries)), None
    )


def _odf(window: Window, entries: Entries) -> str | None:
    """OpenDocument without its ``mimetype``: by the root's entry in the manifest (ODF 1.3 part 2, section 4.8.4)."""
    if not (entry := entries.get(ODF_MANIFEST)):
        return None
    root = ODF_ROOT.search(read_member(window, entry, 4 * SMALL))
    match = ODF_TYPE.search(root[0]) if root else None
    return match[1].decode() if match else None


def _book(window: Window, entries: Entries) -> str | None:
    """An EPUB or a compressed MusicXML without its ``mimetype``. Both name their main file in the same place."""
    if not (entry := entries.get(CONTAINER)):
        return None
    container = read_member(window, entry, SMALL).lower()
    is_music = b"musicxml" in container or (
        b".xml" in container and b"oebps" not in container and b".opf" not in container
    )
    return "application/vnd.recordare.musicxml" if is_music else "application/epub+zip"


def _by_entries(window: Window, entries: Entries) -> str | None:
    return next((kind for names, kind in BY_ENTRIES if all(name in entries for name in names)), None)


def _by_name_of_entry(window: Window, entries: Entries) -> str | None:
    names = b"\n".join(entries)
    return next((kind for pattern, kind in BY_NAME_OF_ENTRY if pattern.search(names)), None)


LOOKS: tuple[Callable[[Window, Entries], str | None], ...] = (
    _stated_type,
    _package,
    _odf,
    iwork.detect_iwork,
    _book,
    _by_entries,
    _by_name_of_entry,
)
