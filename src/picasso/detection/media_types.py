"""Names of media types: synonyms, extensions, and what the name of a file may choose."""

from __future__ import annotations

import mimetypes
import re

UNKNOWN = "application/octet-stream"

OFFICE = "application/vnd.openxmlformats-officedocument."
CSV, TSV, JSON, NDJSON = "text/csv", "text/tab-separated-values", "application/json", "application/x-ndjson"

# Python's own table. `mimetypes` also reads the system's, which has ``.mpv`` for Matroska, for example.
PYTHON_TYPES = mimetypes.MimeTypes()

# Names on which versions of libmagic disagree, and the registered or common ones.
SYNONYMS = {
    "application/x-gzip": "application/gzip",
    "application/xml": "text/xml",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "audio/x-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
    "image/svg": "image/svg+xml",
    "image/x-ms-bmp": "image/bmp",
    "text/x-json": "application/json",
    "application/javascript": "text/javascript",
    "application/csv": "text/csv",
    "application/x-rar": "application/vnd.rar",
    "application/epub": "application/epub+zip",
    "application/jsonl": "application/x-ndjson",
    "audio/x-aiff": "audio/aiff",
    "audio/x-hx-aac-adts": "audio/aac",
    "video/x-m4v": "video/mp4",
    "application/x-parquet": "application/vnd.apache.parquet",
    "application/x-zstd": "application/zstd",
    "application/rtf": "text/rtf",
}


def normalize(media_type: str) -> str:
    media_type = media_type.partition(";")[0].strip().lower()
    media_type = SYNONYMS.get(media_type, media_type)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,126}", media_type) or media_type.startswith(
        "inode/"
    ):
        return UNKNOWN
    return media_type


def extension(media_type: str) -> str | None:
    """The usual extension of a media type, with its dot. It does not depend on the machine's tables."""
    return EXTENSIONS.get(media_type) or PYTHON_TYPES.guess_extension(media_type)


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
