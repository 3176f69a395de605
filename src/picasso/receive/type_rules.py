"""What libmagic can't tell, or tells differently from version to version: second looks at what it found.

Each takes the first bytes and gives a media type, or None to leave it at libmagic's word. All are bounded: they look at
a few kibibytes, or at a few dozen headers.
"""

from __future__ import annotations

import csv
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

# What tells one kind of text from another stands at its beginning.
TEXT_HEAD = 4 * 1024

OFFICE = "application/vnd.openxmlformats-officedocument."
CSV, TSV, JSON, NDJSON = "text/csv", "text/tab-separated-values", "application/json", "application/x-ndjson"

# A ZIP is of the first of these types that has an entry whose name begins so.
ZIPPED = {
    b"word/": OFFICE + "wordprocessingml.document",
    b"xl/": OFFICE + "spreadsheetml.sheet",
    b"ppt/": OFFICE + "presentationml.presentation",
    b"META-INF/container.xml": "application/epub+zip",
    b"AndroidManifest.xml": "application/vnd.android.package-archive",
    b"classes.dex": "application/vnd.android.package-archive",
    b"META-INF/MANIFEST.MF": "application/java-archive",
}
SAYS = re.compile(rb"application/(?:epub\+zip|vnd\.oasis\.opendocument\.[a-z-]{1,40})")

LOCAL = re.compile(rb"PK\x03\x04.{22}(..)(..)", re.DOTALL)


def zipped(head: bytes) -> str | None:
    """By what it says of itself, or the names of its first entries: libmagic gives up on an unusual order of them."""
    names: list[bytes] = []
    for found in LOCAL.finditer(head):
        start = found.end()
        length, extra = (int.from_bytes(field, "little") for field in found.groups())
        name = head[start : start + length]
        if name == b"mimetype" and (said := _said(head, found.start(), start + length + extra)):
            return said
        names.append(name)
    kinds = (kind for start, kind in ZIPPED.items() if any(name.startswith(start) for name in names))
    return next(kinds, None)


def _said(head: bytes, header: int, content: int) -> str | None:
    """What the entry ``mimetype`` holds, which EPUB and OpenDocument want stored and some compress."""
    said = head[content : content + 100]
    if head[header + 8 : header + 10] == b"\x08\0":
        with suppress(zlib.error):
            said = zlib.decompressobj(-15).decompress(head[content : content + 200], 100)
    found = SAYS.match(said)
    return found[0].decode() if found else None


# Where the directory of an OLE file lies beyond the head, the first sector mostly holds the main stream.
OLE = {b"\xec\xa5": "application/msword", b"\x09\x08\x10\0\0\x06": "application/vnd.ms-excel"}


def ole(head: bytes) -> str | None:
    return next((kind for start, kind in OLE.items() if head[512:].startswith(start)), None)


# What files begin with, at which byte, that no libmagic knows.
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

# Within as many bytes readers of PDF look for its beginning (ISO 32000-1, annex H.3.4.1), and mail programs leave some.
PDF_HEAD = 1024

# A packet of an MPEG transport stream begins with this, every 188 bytes, or every 192 where each has a time before it.
SYNC = 0x47
PACKETS = ((0, 188), (4, 192))


def unknown(head: bytes) -> str | None:
    if b"%PDF-" in head[:PDF_HEAD]:
        return "application/pdf"
    for place, signature, kind in SIGNATURES:
        if head.startswith(signature, place):
            return kind
    for place, length in PACKETS:
        starts = head[place : place + 8 * length : length]
        if len(starts) >= 3 and set(starts) == {SYNC}:
            return "video/mp2t"
    return None


# Text. The order is that of certainty.


def text(head: bytes) -> str | None:
    start = head[:TEXT_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    whole = len(head) <= TEXT_HEAD
    for look in LOOKS.get(start[:1], ()) + COMMON:
        if found := look(start, whole):
            return found
    return None


# Possessive, for what has been passed is passed: tried again in all ways, a few kibibytes of comments take for ever.
ROOT = re.compile(
    rb"(?:<\?.*?\?>\s*+|<!--.*?-->\s*+|<!DOCTYPE[^<>\[]*+(?:\[.*?\]\s*+)?>\s*+)*+<([A-Za-z][\w:.-]*)", re.DOTALL
)
ROOTS = {b"svg": "image/svg+xml", b"html": "text/html"}


def markup(start: bytes, whole: bool) -> str | None:
    """By the name of the root, past comments and declarations."""
    found = ROOT.match(start)
    if not found:
        return None
    name = found[1].rpartition(b":")[2].lower()
    return ROOTS.get(name) or ("text/xml" if start.startswith(b"<?xml") else None)


def json_text(start: bytes, whole: bool) -> str | None:
    """JSON whose end is not in sight: libmagic wants to see it."""
    written = start.decode(errors="ignore")
    try:
        _, end = json.JSONDecoder().raw_decode(written)
    except json.JSONDecodeError as fault:
        cut = fault.msg.startswith("Unterminated") or fault.pos >= len(written) - 12
        return JSON if not whole and cut else None
    except RecursionError:
        return None
    rest = written[end:].lstrip()
    return NDJSON if "\n" in written[end : len(written) - len(rest)] and rest[:1] in {"{", "["} else None


def lines_of_json(head: bytes) -> str | None:
    """Of what is JSON or a series of it: whether a line holds the whole of one, and another follows."""
    first, _, rest = head.strip().partition(b"\n")
    if first[:1] not in {b"{", b"["} or rest.lstrip()[:1] not in {b"{", b"["}:
        return None
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return None
    return NDJSON


FIELD = re.compile(
    rb"(?i)^(From|To|Subject|Date|Message-ID|MIME-Version|Received|Return-Path|Delivered-To):[ \t]", re.MULTILINE
)
MAIL = re.compile(rb"[!-9;-~]{1,60}:[ \t]")


def mail(start: bytes, whole: bool) -> str | None:
    """At least three of the fields that every message has, before its first empty line."""
    if not MAIL.match(start):
        return None
    fields = {name.lower() for name in FIELD.findall(re.split(rb"\r?\n\r?\n", start, maxsplit=1)[0])}
    return "message/rfc822" if len(fields) > 2 and fields & {b"from", b"received"} else None


SUBTITLES = re.compile(rb"\d+\r?\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}")


def subtitles(start: bytes, whole: bool) -> str | None:
    if re.match(rb"WEBVTT[\s]", start):
        return "text/vtt"
    return "application/x-subrip" if SUBTITLES.match(start) else None


def table(start: bytes, whole: bool) -> str | None:
    """At least three rows with as many cells each, parted by tabs or semicolons; commas are left to libmagic."""
    for delimiter, kind in ((b"\t", TSV), (b";", CSV)):
        lines = start.splitlines()[: None if whole else -1]
        if len(lines) > 2 and all(delimiter in line for line in lines[:3]) and _is_even(lines[:20], delimiter):
            return kind
    return None


def _is_even(lines: list[bytes], delimiter: bytes) -> bool:
    rows = list(_cells(lines, delimiter.decode()))
    widths = Counter(map(len, rows))
    # Where every row ends with it, it is the end of a statement; where every row begins with it, it indents.
    inner = any(row[-1] for row in rows) and any(row[0] for row in rows)
    return len(widths) == 1 and len(rows) > 2 and len(rows[0]) > 1 and inner


def _cells(lines: list[bytes], delimiter: str) -> Iterator[list[str]]:
    with suppress(csv.Error):
        for row in csv.reader((line.decode("latin-1").replace("\0", "") for line in lines), delimiter=delimiter):
            if row:
                yield row


Look = Callable[[bytes, bool], str | None]

COMMON: tuple[Look, ...] = (subtitles, mail, table)
LOOKS: dict[bytes, tuple[Look, ...]] = {b"<": (markup,), b"{": (json_text,), b"[": (json_text,)}

NUMERIC = re.compile(rb"[,\n][ \t]*[-+]?\d[\d.]*[ \t]*(?=[,\r\n])")


def is_prose(head: bytes) -> bool:
    """Of what libmagic takes for CSV: whether it is sentences, each with as many commas by chance."""
    start = head[:TEXT_HEAD]
    commas = start.count(b",")
    return commas == start.count(b", ") + start.count(b",\n") + start.count(b",\r") and not NUMERIC.search(start)


# Which plain text it is can only be told by the name; this little is believed, and of nothing but plain text.
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


def suffix(name: str) -> str:
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
