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

TAG = re.compile(rb"<[^<>]*+>")
ODF_ROOT = re.compile(rb"\bfull-path\s*+=\s*+[\"']/[\"']")
ODF_TYPE = re.compile(
    rb"\bmedia-type\s*=\s*[\"'](application/vnd\.(?:oasis\.opendocument|sun\.xml)\.[a-z.-]{1,40})[\"']"
)

ROOT_FILE = re.compile(rb"\bfull-path\s*+=\s*+[\"']([^\"'<>]++)[\"']")

JAVA, ANDROID = "application/java-archive", "application/vnd.android.package-archive"

# The first for which all of these entries are there. One name alone makes nothing: anyone may pack such a file.
BY_ENTRIES: tuple[tuple[tuple[bytes, ...], str], ...] = (
    ((b"androidmanifest.xml", b"classes.dex"), ANDROID),
    ((b"androidmanifest.xml", b"resources.arsc"), ANDROID),
    ((b"androidmanifest.xml", b"meta-inf/manifest.mf"), ANDROID),
    ((b"install.rdf", b"chrome.manifest"), "application/x-xpinstall"),
    ((b"manifest.json", b"meta-inf/mozilla.rsa"), "application/x-xpinstall"),
    ((b"appxmanifest.xml", b"appxblockmap.xml"), "application/vnd.ms-appx"),
    ((b"appxmetadata/appxbundlemanifest.xml", b"appxblockmap.xml"), "application/vnd.ms-appx"),
    ((b"extension.vsixmanifest", CONTENT_TYPES), "application/vsix"),
    ((b"base/manifest/androidmanifest.xml", b"bundleconfig.pb"), "application/vnd.android.aab"),
    ((b"web-inf/web.xml",), "application/x-java-war"),
    ((b"meta-inf/application.xml",), "application/x-java-ear"),
    ((b"meta-inf/manifest.mf",), JAVA),
    ((b"description.xml", ODF_MANIFEST), "application/vnd.openofficeorg.extension"),
    ((b"pass.json", b"manifest.json", b"signature"), "application/vnd.apple.pkpass"),
)

# An entry at the root, and what its first bytes must have.
BY_CONTENT: tuple[tuple[bytes, bytes, str], ...] = (
    (b"install.rdf", b"www.mozilla.org/2004/em-rdf", "application/x-xpinstall"),
    (b"appmanifest.xaml", b"schemas.microsoft.com/client/2007/deployment", "application/x-silverlight-app"),
    (b"geogebra.xml", b"<geogebra", "application/vnd.geogebra.file"),
)

# The first whose pattern a name of an entry has. Any number of names is joined by line ends.
BY_NAME_OF_ENTRY = (
    (re.compile(rb"^payload/[^/\n]++/info\.plist$", re.MULTILINE), "application/x-ios-app"),
    (re.compile(rb"^(?=[^/\n]++/wheel$)[^\n]+\.dist-info/", re.MULTILINE), "application/x-wheel+zip"),
    (re.compile(rb"\A[^/\n]+\.fb2\Z"), "application/x-zip-compressed-fb2"),
)

# What a map of Google Earth refers to (KMZ files, developers.google.com/kml), and what a scene of USD may have.
KMZ_PARTS = frozenset(
    b"kml png jpg jpeg gif bmp tif tiff webp svg ico dae obj mtl gltf glb html htm css js xsl mp3 wav mp4 txt".split()
)
USDZ_SCENES = frozenset((b"usd", b"usda", b"usdc"))
USDZ_PARTS = USDZ_SCENES | frozenset(b"png jpg jpeg exr avif m4a mp3 wav".split())

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
    has_end = window.tail(END_SIZE).startswith(END) or find_directory(window) is not None
    return detect_zip(window) if has_end else None


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
    tags = TAG.finditer(read_member(window, entry, 4 * SMALL))
    root = next((tag[0] for tag in tags if ODF_ROOT.search(tag[0])), None)
    match = ODF_TYPE.search(root) if root else None
    return match[1].decode() if match else None


def _book(window: Window, entries: Entries) -> str | None:
    """An EPUB or a compressed MusicXML without its ``mimetype``. Both name their main file in the same place."""
    if not (entry := entries.get(CONTAINER)):
        return None
    container = read_member(window, entry, SMALL).lower()
    if b"oebps-package+xml" in container or b".opf" in container:
        return "application/epub+zip"
    main = ROOT_FILE.search(container)
    if not main:
        return None
    is_music = main[1].endswith(b".musicxml") or _has_content(window, entries.get(main[1]), b"<score-")
    return "application/vnd.recordare.musicxml" if is_music else None


def _has_content(window: Window, entry: Entry | None, words: bytes) -> bool:
    return entry is not None and words in read_member(window, entry, SMALL).lower()


def _by_entries(window: Window, entries: Entries) -> str | None:
    found = next((kind for names, kind in BY_ENTRIES if all(name in entries for name in names)), None)
    return found or next(
        (kind for name, words, kind in BY_CONTENT if _has_content(window, entries.get(name), words)), None
    )


def _by_name_of_entry(window: Window, entries: Entries) -> str | None:
    names = b"\n".join(entries)
    return next((kind for pattern, kind in BY_NAME_OF_ENTRY if pattern.search(names)), None)


def _nuget(window: Window, entries: Entries) -> str | None:
    is_package = RELATIONSHIPS in entries and any(_is_at_root(name, b".nuspec") for name in entries)
    return "application/x-nupkg" if is_package else None


def _score(window: Window, entries: Entries) -> str | None:
    """MuseScore, which packs one score."""
    scores = [name for name in entries if _is_at_root(name, b".mscx")]
    is_score = len(scores) == 1 and _has_content(window, entries[scores[0]], b"<musescore")
    return "application/x-mscz" if is_score and CONTAINER in entries else None


def _map(window: Window, entries: Entries) -> str | None:
    """KMZ: one KML at the root, and nothing but what it can refer to."""
    maps = [name for name in entries if _is_at_root(name, b".kml")]
    is_map = len(maps) == 1 and _extensions(entries) <= KMZ_PARTS
    return "application/vnd.google-earth.kmz" if is_map else None


def _scene(window: Window, entries: Entries) -> str | None:
    """USDZ (specification 1.3): a scene comes first, and nothing is compressed."""
    first, entry = next(iter(entries.items()), (b"", None))
    is_scene = first.rpartition(b".")[2] in USDZ_SCENES and entry is not None and entry.method == STORED
    return "model/vnd.usdz+zip" if is_scene and _extensions(entries) <= USDZ_PARTS else None


def _sketch(window: Window, entries: Entries) -> str | None:
    has_parts = all(name in entries for name in (b"document.json", b"meta.json", b"user.json"))
    has_pages = has_parts and any(name.startswith(b"pages/") for name in entries)
    return "application/vnd.sketch" if has_pages else None


def _mind_map(window: Window, entries: Entries) -> str | None:
    """XMind since 2018. Its manifest lists the entries."""
    has_parts = b"content.json" in entries and b"metadata.json" in entries
    is_map = has_parts and _has_content(window, entries.get(b"manifest.json"), b'"file-entries"')
    return "application/vnd.xmind.workbook" if is_map else None


def _is_at_root(name: bytes, ending: bytes) -> bool:
    return name.endswith(ending) and b"/" not in name


def _extensions(entries: Entries) -> set[bytes]:
    """Of all files, without dots. Folders have names that end with a slash."""
    return {name.rpartition(b"/")[2].rpartition(b".")[2] for name in entries if not name.endswith(b"/")}


LOOKS: tuple[Callable[[Window, Entries], str | None], ...] = (
    _stated_type,
    _package,
    _odf,
    iwork.detect_iwork,
    _book,
    _by_entries,
    _by_name_of_entry,
    _nuget,
    _score,
    _map,
    _scene,
    _sketch,
    _mind_map,
)
