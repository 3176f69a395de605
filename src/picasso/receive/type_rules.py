"""Rules for types that libmagic does not detect, or detects differently from version to version.

Each rule takes the first bytes and returns a media type, or None to keep libmagic's. All have a limited cost: they read
a few kibibytes, or a few dozen headers.
"""

from __future__ import annotations

import csv
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

# The beginning of a text shows which format it is.
TEXT_HEAD = 4 * 1024

OFFICE = "application/vnd.openxmlformats-officedocument."
CSV, TSV, JSON, NDJSON = "text/csv", "text/tab-separated-values", "application/json", "application/x-ndjson"

# A ZIP has the first of these types for which an entry's name begins so.
ZIP_TYPES = {
    b"word/": OFFICE + "wordprocessingml.document",
    b"xl/": OFFICE + "spreadsheetml.sheet",
    b"ppt/": OFFICE + "presentationml.presentation",
    b"META-INF/container.xml": "application/epub+zip",
    b"AndroidManifest.xml": "application/vnd.android.package-archive",
    b"classes.dex": "application/vnd.android.package-archive",
    b"META-INF/MANIFEST.MF": "application/java-archive",
}
STATED_TYPE = re.compile(rb"application/(?:epub\+zip|vnd\.oasis\.opendocument\.[a-z-]{1,40})")

LOCAL_HEADER = re.compile(rb"PK\x03\x04.{22}(..)(..)", re.DOTALL)


def detect_zip(head: bytes) -> str | None:
    """By the ZIP's own statement, or the names of its first entries: libmagic gives up if their order is unusual."""
    names: list[bytes] = []
    for match in LOCAL_HEADER.finditer(head):
        start = match.end()
        length, extra = (int.from_bytes(field, "little") for field in match.groups())
        name = head[start : start + length]
        if name == b"mimetype" and (stated := _mimetype_entry(head, match.start(), start + length + extra)):
            return stated
        names.append(name)
    types = (media_type for start, media_type in ZIP_TYPES.items() if any(name.startswith(start) for name in names))
    return next(types, None)


def _mimetype_entry(head: bytes, header: int, content: int) -> str | None:
    """The content of the entry ``mimetype``, which EPUB and OpenDocument want stored and some programs compress."""
    stated = head[content : content + 100]
    if head[header + 8 : header + 10] == b"\x08\0":
        with suppress(zlib.error):
            stated = zlib.decompressobj(-15).decompress(head[content : content + 200], 100)
    match = STATED_TYPE.match(stated)
    return match[0].decode() if match else None


# If the directory of an OLE file is not in the head, the first sector mostly belongs to the main stream.
OLE_MAIN_STREAMS = {b"\xec\xa5": "application/msword", b"\x09\x08\x10\0\0\x06": "application/vnd.ms-excel"}


def detect_ole(head: bytes) -> str | None:
    return next((media_type for start, media_type in OLE_MAIN_STREAMS.items() if head[512:].startswith(start)), None)


# Signatures that libmagic does not know: offset, bytes, type.
SIGNATURES = (
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (4, b"ftypcrx ", "image/x-canon-cr3"),
    (0, b"IIU\0", "image/x-panasonic-rw2"),
    (0, b"\0MRM", "image/x-minolta-mrw"),
    (0, b"8BPS\0\2", "image/vnd.adobe.photoshop"),
    (60, b"BOOKMOBI", "application/x-mobipocket-ebook"),
    (0, b"wvpk", "audio/x-wavpack"),
    (0, b"caff", "audio/x-caf"),
    (0, b"\x7f\xfe\x80\x01", "audio/vnd.dts"),
    (0, b"TTA1", "audio/x-tta"),
)

# Readers of PDF search its beginning in so many bytes (ISO 32000-1, annex H.3.4.1), and some mail programs put text
# before it.
PDF_SEARCH_LENGTH = 1024

# Packets of an MPEG transport stream begin with this byte, every 188 bytes, or every 192 if each has a timestamp before
# it.
SYNC_BYTE = 0x47
PACKET_LAYOUTS = ((0, 188), (4, 192))


def detect_by_signature(head: bytes) -> str | None:
    if b"%PDF-" in head[:PDF_SEARCH_LENGTH]:
        return "application/pdf"
    for offset, signature, media_type in SIGNATURES:
        if head.startswith(signature, offset):
            return media_type
    for offset, length in PACKET_LAYOUTS:
        starts = head[offset : offset + 8 * length : length]
        if len(starts) >= 3 and set(starts) == {SYNC_BYTE}:
            return "video/mp2t"
    return None


# Text formats, the most certain rules first.


def detect_text(head: bytes) -> str | None:
    start = head[:TEXT_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    is_complete = len(head) <= TEXT_HEAD
    for rule in RULES_BY_START.get(start[:1], ()) + COMMON_RULES:
        if match := rule(start, is_complete):
            return match
    return None


# Possessive quantifiers: with backtracking, a few kibibytes of comments would take for ever.
ROOT = re.compile(
    rb"(?:<\?.*?\?>\s*+|<!--.*?-->\s*+|<!DOCTYPE[^<>\[]*+(?:\[.*?\]\s*+)?>\s*+)*+<([A-Za-z][\w:.-]*)", re.DOTALL
)
ROOT_TYPES = {b"svg": "image/svg+xml", b"html": "text/html"}


def detect_markup(start: bytes, is_complete: bool) -> str | None:
    """By the name of the root element, after comments and declarations."""
    match = ROOT.match(start)
    if not match:
        return None
    name = match[1].rpartition(b":")[2].lower()
    return ROOT_TYPES.get(name) or ("text/xml" if start.startswith(b"<?xml") else None)


def detect_json(start: bytes, is_complete: bool) -> str | None:
    """JSON that continues after the head, which libmagic does not detect."""
    text = start.decode(errors="ignore")
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as fault:
        is_cut_off = fault.msg.startswith("Unterminated") or fault.pos >= len(text) - 12
        return JSON if not is_complete and is_cut_off else None
    except RecursionError:
        return None
    rest = text[end:].lstrip()
    return NDJSON if "\n" in text[end : len(text) - len(rest)] and rest[:1] in {"{", "["} else None


def detect_json_lines(head: bytes) -> str | None:
    """JSON Lines, if a line is a complete JSON value and another line follows."""
    first, _, rest = head.strip().partition(b"\n")
    if first[:1] not in {b"{", b"["} or rest.lstrip()[:1] not in {b"{", b"["}:
        return None
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return None
    return NDJSON


KNOWN_FIELD = re.compile(
    rb"(?i)^(From|To|Subject|Date|Message-ID|MIME-Version|Received|Return-Path|Delivered-To):[ \t]", re.MULTILINE
)
MAIL_FIELD = re.compile(rb"[!-9;-~]{1,60}:[ \t]")


def detect_mail(start: bytes, is_complete: bool) -> str | None:
    """Mail, if at least three fields that every message has are before its first empty line."""
    if not MAIL_FIELD.match(start):
        return None
    fields = {name.lower() for name in KNOWN_FIELD.findall(re.split(rb"\r?\n\r?\n", start, maxsplit=1)[0])}
    return "message/rfc822" if len(fields) > 2 and fields & {b"from", b"received"} else None


SUBRIP = re.compile(rb"\d+\r?\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}")


def detect_subtitles(start: bytes, is_complete: bool) -> str | None:
    if re.match(rb"WEBVTT[\s]", start):
        return "text/vtt"
    return "application/x-subrip" if SUBRIP.match(start) else None


def detect_table(start: bytes, is_complete: bool) -> str | None:
    """A table, if at least three rows have the same number of cells, separated by tabs or semicolons. libmagic detects
    commas.
    """
    for delimiter, media_type in ((b"\t", TSV), (b";", CSV)):
        lines = start.splitlines()[: None if is_complete else -1]
        if len(lines) > 2 and all(delimiter in line for line in lines[:3]) and _has_equal_widths(lines[:20], delimiter):
            return media_type
    return None


def _has_equal_widths(lines: list[bytes], delimiter: bytes) -> bool:
    rows = list(_cells(lines, delimiter.decode()))
    widths = Counter(map(len, rows))
    # If every row ends with the delimiter, it ends statements; if every row begins with it, it indents.
    has_values_at_both_ends = any(row[-1] for row in rows) and any(row[0] for row in rows)
    return len(widths) == 1 and len(rows) > 2 and len(rows[0]) > 1 and has_values_at_both_ends


def _cells(lines: list[bytes], delimiter: str) -> Iterator[list[str]]:
    with suppress(csv.Error):
        for row in csv.reader((line.decode("latin-1").replace("\0", "") for line in lines), delimiter=delimiter):
            if row:
                yield row


TextRule = Callable[[bytes, bool], str | None]

COMMON_RULES: tuple[TextRule, ...] = (detect_subtitles, detect_mail, detect_table)
RULES_BY_START: dict[bytes, tuple[TextRule, ...]] = {b"<": (detect_markup,), b"{": (detect_json,), b"[": (detect_json,)}

NUMERIC = re.compile(rb"[,\n][ \t]*[-+]?\d[\d.]*[ \t]*(?=[,\r\n])")


def is_prose(head: bytes) -> bool:
    """Whether text that libmagic takes for CSV is prose whose sentences have equal numbers of commas by chance."""
    start = head[:TEXT_HEAD]
    commas = start.count(b",")
    return commas == start.count(b", ") + start.count(b",\n") + start.count(b",\r") and not NUMERIC.search(start)


# Extensions that decide between plain text formats. They are used for nothing but plain text.
BY_NAME = {
    **dict.fromkeys(("md", "markdown"), "text/markdown"),
    **dict.fromkeys(("htm", "html"), "text/html"),
    **dict.fromkeys(("yaml", "yml"), "application/yaml"),
    **dict.fromkeys(("js", "mjs"), "text/javascript"),
    **dict.fromkeys(("tsv", "tab"), TSV),
    **dict.fromkeys(("jsonl", "ndjson"), NDJSON),
    "csv": CSV,
    "json": JSON,
    "xml": "text/xml",
    "toml": "application/toml",
    "css": "text/css",
    "sql": "application/sql",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "ics": "text/calendar",
    "eml": "message/rfc822",
}
JSON_BY_NAME = {"jsonl": NDJSON, "ndjson": NDJSON, "geojson": "application/geo+json"}
OLE_BY_NAME = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
}


def extension_of(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name[1:] else ""


# Where Python has none, or an odd one.
EXTENSIONS = {
    "application/epub+zip": ".epub",
    "application/geo+json": ".geojson",
    "application/java-archive": ".jar",
    "application/mxf": ".mxf",
    "application/sql": ".sql",
    "application/toml": ".toml",
    "application/vnd.android.package-archive": ".apk",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.ms-outlook": ".msg",
    "application/vnd.oasis.opendocument.graphics": ".odg",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.text": ".odt",
    OFFICE + "presentationml.presentation": ".pptx",
    OFFICE + "spreadsheetml.sheet": ".xlsx",
    OFFICE + "wordprocessingml.document": ".docx",
    "application/vnd.rar": ".rar",
    "application/x-7z-compressed": ".7z",
    "application/x-bzip2": ".bz2",
    NDJSON: ".jsonl",
    "application/x-subrip": ".srt",
    "application/x-xz": ".xz",
    "application/gzip": ".gz",
    "application/yaml": ".yaml",
    "application/zstd": ".zst",
    "audio/aac": ".aac",
    "audio/aiff": ".aiff",
    "audio/amr": ".amr",
    "audio/flac": ".flac",
    "audio/mp4": ".m4a",
    "audio/ogg": ".ogg",
    "audio/vnd.dolby.dd-raw": ".ac3",
    "audio/vnd.dts": ".dts",
    "audio/wav": ".wav",
    "audio/x-caf": ".caf",
    "audio/x-tta": ".tta",
    "audio/x-wavpack": ".wv",
    "image/avif": ".avif",
    "image/heic": ".heic",
    "image/jp2": ".jp2",
    "image/jxl": ".jxl",
    "image/vnd.adobe.photoshop": ".psd",
    "image/webp": ".webp",
    "text/calendar": ".ics",
    "text/javascript": ".js",
    "text/markdown": ".md",
    "text/rtf": ".rtf",
    "text/vtt": ".vtt",
    "text/x-c": ".c",
    "text/x-script.python": ".py",
    "text/x-shellscript": ".sh",
    "video/3gpp": ".3gp",
    "video/mp2t": ".ts",
    "video/mpeg": ".mpg",
    "video/ogg": ".ogv",
    "video/x-flv": ".flv",
    "video/x-matroska": ".mkv",
    "video/x-ms-asf": ".asf",
}
