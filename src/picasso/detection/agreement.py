"""Whether the media type that a client declared agrees with the detected one."""

from __future__ import annotations

from fnmatch import fnmatchcase

from picasso.detection.media_types import CSV, OFFICE, TSV, UNKNOWN, normalize

# A declared type agrees if it is a right but more general name of what was detected: a DOCX is a ZIP as well. Below,
# each general type with what it covers. A web page is not among what text/plain covers: that difference matters.
# What clients declare that do not know the type, or want a file to be saved.
NOTHING = frozenset(
    {
        "application/force-download",
        "application/unknown",
        "application/x-download",
        "application/x-unknown",
        "binary/octet-stream",
        "unknown/unknown",
    }
)

DOCUMENTS = ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")

GENERAL: dict[str, tuple[str, ...]] = {
    "text/plain": (
        "text/*",
        "!text/html",
        "!text/rtf",
        "application/x-subrip",
        "application/yaml",
        "application/toml",
        "application/sql",
        "application/x-ndjson",
        "application/json",
        "application/typescript",
    ),
    "text/xml": ("*+xml", "*-flat-xml", "application/x-plist", "application/xml-*"),
    "application/json": ("*+json", "application/json5"),
    "application/zip": (
        *(OFFICE + "*", "application/vnd.oasis.opendocument.*", "!*-flat-xml", "application/vnd.ms-*.macroenabled.12"),
        *("application/vnd.ms-visio.*", "*+zip", "application/java-archive", "application/vnd.android.*"),
        *("application/vnd.apple.[iknp]*", "application/vnd.google-earth.kmz", "model/3mf", "application/x-ios-app"),
        *("application/x-java-*ar", "application/vsix", "application/x-nupkg", "application/x-xpinstall"),
        *("application/vnd.comicbook+zip", "application/oxps", "application/vnd.ms-xpsdocument"),
        *("application/vnd.openofficeorg.extension", "application/vnd.sun.xml.*", "application/vnd.recordare.musicxml"),
        *("image/openraster", "application/x-krita", "application/vnd.sketch", "application/vnd.xmind.workbook"),
        *("application/x-mscz", "application/vnd.geogebra.file", "application/x-silverlight-app"),
        *("application/x-zip-compressed-fb2", "application/vnd.apple.pkpass", "application/vnd.ms-officetheme"),
    ),
    "application/gzip": (
        *("image/x-emf-compressed", "application/x-ms-wmz", "image/svg+xml", "application/x-gnumeric"),
        "application/x-abiword",
    ),
    "application/x-tar": ("application/ovf", "application/x-cbt"),
    "application/vnd.rar": ("application/vnd.comicbook-rar",),
    "application/x-7z-compressed": ("application/x-cb7",),
    "application/java-archive": ("application/x-java-*ar", "application/vnd.android.*"),
    "application/vnd.sqlite3": ("application/geopackage+sqlite3", "application/vnd.mapbox-mbtiles"),
    # The container of a protected document.
    **dict.fromkeys(
        (*(OFFICE + kind for kind in DOCUMENTS), "application/msword", "application/vnd.ms-powerpoint"),
        ("application/encrypted",),
    ),
    "application/pkcs7-mime": ("application/pkcs7-signature", "application/x-pkcs7-certificates"),
    "application/pdf": ("application/illustrator",),
    "video/mp4": ("video/x-m4v", "video/x-f4v"),
    "audio/mp4": ("audio/vnd.audible.aax",),
    "application/x-ole-storage": (
        *("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"),
        *("application/vnd.ms-outlook", "application/vnd.visio", "application/x-msi", "application/vnd.ms-works"),
        *("application/x-mspublisher", "application/vnd.ms-project"),
    ),
    "application/ogg": ("audio/ogg", "video/ogg"),
    "application/mp4": ("audio/mp4", "video/mp4"),
    "application/x-matroska": ("audio/x-matroska", "video/x-matroska", "audio/webm", "video/webm"),
    "video/x-ms-asf": ("video/x-ms-wmv", "audio/x-ms-wma"),
    "image/tiff": (
        *("image/x-adobe-dng", "image/x-canon-cr2", "image/x-nikon-*", "image/x-sony-*", "image/x-pentax-pef"),
        *("image/x-kodak-*", "image/x-epson-erf", "image/x-hasselblad-*", "image/x-mamiya-mef", "image/x-phaseone-iiq"),
    ),
    "image/png": ("image/apng",),
    "image/heif": ("image/heic", "image/heif-sequence", "image/heic-sequence"),
    "image/heic": ("image/heic-sequence",),
    # Browsers declare what the system's table says of the extension: Excel's is the program for tables on Windows, and
    # .ts is a video there.
    "application/vnd.ms-excel": (CSV, TSV, "application/encrypted"),
    "video/mp2t": ("application/typescript",),
}


def declared_type_matches(declared: str, detected: str) -> bool | None:
    """None if the client declared nothing: application/octet-stream says that it does not know the type."""
    declared = normalize(declared) if declared else ""
    if declared in {"", UNKNOWN, *NOTHING}:
        return None
    return declared == detected or is_general(declared, detected) or differs_in_tracks(declared, detected)


def is_general(declared: str, detected: str) -> bool:
    """Whether the declared type covers the detected one."""
    covered = False
    for pattern in GENERAL.get(declared, ()):
        if fnmatchcase(detected, pattern.removeprefix("!")):
            covered = not pattern.startswith("!")
    return covered


def differs_in_tracks(declared: str, detected: str) -> bool:
    """Whether both are one container, declared as video and detected as sound, or the other way round."""
    kind, _, subtype = declared.partition("/")
    other_kind, _, other_subtype = detected.partition("/")
    return {kind, other_kind} == {"audio", "video"} and subtype == other_subtype
