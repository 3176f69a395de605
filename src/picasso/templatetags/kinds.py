"""The kind of a media type, as static/picasso/console/core/kinds.js has it."""

from __future__ import annotations

import re

from django import template

register = template.Library()

PATTERNS = (
    ("pdf", r"^application/pdf$"),
    ("mail", r"^message/|ms-outlook$|/mbox$|ms-tnef$"),
    ("book", r"epub|mobipocket|mobi8|fictionbook|fb2$|ibooks|bbeb|ms-reader|comicbook|x-cb[t7]$"),
    (
        "table",
        r"/csv$|tab-separated|ndjson|jsonl$|parquet|arrow|/avro$|x-orc$|[./]dbf$|/x-s(as|pss)-|stata-dta|sparql-results",
    ),
    (
        "drawing",
        r"[.-]visio|dwg$|dxf$|dgn$|dwf$|opendocument\.graphics|\.draw|coreldraw|x-cmx$|freehand|skencil|illustrator|dia-diagram|mxfile|\.sketch$|kivio|karbon|xmind|openraster|krita|vnd\.gerber|gtk-builder|x-glade",
    ),
    ("spreadsheet", r"spreadsheet|ms-excel|gnumeric|\.calc|numbers$|quattro|lotus-1-2-3"),
    ("presentation", r"presentation|powerpoint|impress|keynote|kpresenter"),
    ("subtitles", r"/vtt$|subrip|x-ssa$|x-sami$|microdvd|mpsub$|mpl2$|subviewer|ttml|/lrc$"),
    ("playlist", r"mpegurl|scpls|xspf|ms-asx$|ms-wpl$"),
    ("calendar", r"calendar"),
    ("contact", r"vcard|vcf$"),
    ("font", r"^font/|x-font|fontobject|fontforge"),
    ("model", r"^model/|x-3ds|x-fbx|blender|sldworks|revit|x-maya"),
    ("page", r"html|webarchive|/mhtml"),
    (
        "document",
        r"msword|ms-word|/rtf$|officedocument|opendocument|cdfv2|/encrypted$|ms-office$|ole-storage|writer|wordperfect|ms-works|mswrite|pages$|hwp|kword|mspublisher|indesign|onenote|xpsdocument|oxps|onlyoffice|stardivision|sun\.xml|postscript|djvu|framemaker|vnd\.mif$|texinfo|/troff$|x-tex$|docbook|tei\+xml",
    ),
    ("image", r"^image/"),
    ("video", r"^video/|/mxf$|/mp4$|ms-asf$|realmedia"),
    ("audio", r"^audio/|/ogg$"),
    (
        "program",
        r"executable|sharedlib|x-object|portable-executable|x-msi$|java-vm|wasm$|mach-binary|x-dex$|bytecode|appimage",
    ),
    (
        "archive",
        r"zip|[/.-]tar$|compressed|[/.]rar$|archive|x-xz$|bzip|lzma|lz4|zstd|zlib|/ovf$|musicxml$|vsix|x-ios-app|nupkg|wheel|xpinstall|openofficeorg|java-[ew]ar|silverlight|debian|x-rpm$|cpio|iso9660|diskimage|squashfs|-appx|pkpass|kmz$|\.aab$|x-ar[cj]$",
    ),
    ("key", r"pkcs|pkix|x509|pgp-|ssh-public|putty|keystore|timestamp|ocsp"),
    (
        "code",
        r"javascript|typescript|^text/(x-|asp|css|jsx|tsx|vbscript|coffee)|coffeescript|vnd\.dart|graphql|/sql$|sparql-query|powershell|x-bat$|setupscript|wasm-text|autoconfig|relax-ng|gdscript|xslt",
    ),
    (
        "data",
        r"[+/]xml|[+/]json|json5|yaml|toml|plist|xml-|rdf|n-quads|n-triples|/trig$|turtle|/n3$|sqlite|cbor|hdf|netcdf|numpy|^chemical/|fasta|fastq|ldif|xfdf|hprof|serialized|geo\+json-seq|nzb|jnlp|freemind|scribus|x-xmp|spss",
    ),
    ("text", r"^text/|/sdp$|chess-pgn|binhex40|refer$|mswinurl|x-desktop|wine-extension|research-info|adobe-metric"),
    ("file", r""),
)
KINDS = tuple((name, re.compile(pattern)) for name, pattern in PATTERNS)
"""The first that fits."""

WORDS = {
    "pdf": "PDF",
    "mail": "Mail",
    "book": "Book",
    "table": "Table",
    "drawing": "Drawing",
    "spreadsheet": "Spreadsheet",
    "presentation": "Presentation",
    "subtitles": "Subtitles",
    "playlist": "Playlist",
    "calendar": "Calendar",
    "contact": "Contact",
    "font": "Font",
    "model": "3D model",
    "page": "Web page",
    "document": "Document",
    "image": "Picture",
    "video": "Video",
    "audio": "Audio",
    "program": "Program",
    "archive": "Archive",
    "key": "Key",
    "code": "Code",
    "data": "Data",
    "text": "Text",
    "file": "File",
}

ICONS = {
    **dict.fromkeys(("pdf", "book", "presentation", "page"), "document"),
    **dict.fromkeys(("subtitles", "playlist", "calendar", "contact", "code", "data"), "text"),
    **dict.fromkeys(("font", "model", "program", "key"), "file"),
    "spreadsheet": "table",
    "drawing": "image",
}


@register.filter
def kind(media_type: str) -> str:
    return next(name for name, pattern in KINDS if pattern.search(media_type))


@register.filter
def kind_word(media_type: str) -> str:
    """In English."""
    return WORDS[kind(media_type)]


@register.filter
def icon(media_type: str) -> str:
    """The name of its icon."""
    found = kind(media_type)
    return ICONS.get(found, found)
