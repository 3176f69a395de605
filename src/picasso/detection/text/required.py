"""What a text must have before its name may choose its type: formats that always begin, or are built, in one way.

The patterns ask for less than the rules for the content do: files of a known name may be older or damaged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from picasso.detection.text.json_types import is_json
from picasso.detection.text.sample import Sample

SECTION = r"\s*+(?:[;#][^\n]*+\n\s*+)*+\["
FIELD = r"[A-Za-z][\w-]{0,60}:"
MAIL_FIELD = (
    r"from|to|cc|bcc|subject|date|message-id|mime-version|received|return-path|delivered-to|reply-to|content-[\w-]{1,60}"
    r"|x-[\w-]{1,60}"
)

# The text, without white space before it, begins like this.
BEGINNINGS: Mapping[str, str] = {
    **dict.fromkeys(("text/xml", "application/xhtml+xml"), "<"),
    "text/calendar": "(?i:BEGIN:VCALENDAR)",
    "text/vcard": "(?i:BEGIN:VCARD)",
    "message/rfc822": rf"(?:From [^\n]*+\n)?(?:{FIELD}[^\n]*+\n(?:[ \t][^\n]*+\n)*+){{0,20}}?(?i:{MAIL_FIELD}):",
    "text/vtt": "WEBVTT",
    "application/vnd.apple.mpegurl": "#EXTM3U",
    "audio/x-scpls": r"(?i:\[playlist\])",
    "application/x-ms-asx": r"(?i:<asx|\[reference\])",
    "application/mac-binhex40": r"\(This file must be converted with BinHex|:",
    "application/x-mswinurl": SECTION,
    "text/x-ms-regedit": "REGEDIT|Windows Registry Editor",
    "application/x-wine-extension-ini": SECTION,
    "application/x-setupscript": rf"{SECTION}|#|//",
    # An algorithm and a blob, in which the length of the algorithm's name makes three zeros (RFC 4253, section 6.6).
    "application/x-ssh-public-key": r"(?:ssh-|ecdsa-|sk-)[\w@.-]+ +AAAA[A-Za-z0-9+/]{20}|---- BEGIN SSH2",
    "text/cache-manifest": "CACHE MANIFEST",
    "application/postscript": "%!",
    "application/x-font-adobe-metric": "StartFontMetrics|Comment|StartMasterFontMetrics|StartCompFontMetrics",
    "application/x-font-bdf": "STARTFONT|COMMENT",
    "application/x-font-type1": "%!",
    "image/vnd.dxf": r"(?:999\r?\n[^\n]*+\n\s*+)*+0\r?\n\s*(?:SECTION|EOF)",
    "model/iges": r"[^\n]{8,72}[SCB] {0,6}\d",
    "model/step": "ISO-10303-21|/\\*",
    "model/vrml": "#VRML",
    "model/x3d-vrml": "#X3D",
    "application/x-research-info-systems": r"[A-Z][A-Z0-9]  - ?",
    "application/x-endnote-refer": r"%[A-Z0-9] ",
    "application/vnd.mif": "<|#",
    "text/vnd.familysearch.gedcom": "0 ",
    "application/sdp": "v=0",
    "application/x-fasta": "[>;]",
    "application/x-fastq": "@",
    "application/x-vcf": "##fileformat=VCF",
    "chemical/x-xyz": r"\d+\s*?\n",
    "application/wasm-text": r"\(|;;",
    **dict.fromkeys(("application/n-triples", "application/n-quads"), "<|_:|#"),
}

# A line, which may stand behind others, begins like this.
LINES: Mapping[str, str] = {
    "application/xml-dtd": r"[ \t]*+(?:<[!?]|%[\w.-]+;)",
    "text/troff": r"[.'](?:[A-Za-z]{2}\b|\\\")",
    "text/x-diff": r"@@ |\+\+\+ |--- |\*\*\* |diff |Index: |[<>] |\d+(?:,\d+)?[acd]\d+",
    "text/x-ssa": r"(?i:\[(?:script info|v4\+? styles|events)\]|(?:dialogue|style):)",
    "application/lrc": r"\[\d\d?:\d\d|\[[a-z]+:",
    "text/x-uuencode": r"begin(?:-base64)? [0-7]{3,4} ",
    "application/x-yenc": "=y(?:begin|part)",
    **dict.fromkeys(("text/x-po", "text/x-pot"), r"#|msgid\s"),
    "text/x-bibtex": r"[ \t]*+@\s*[A-Za-z]+\s*[{(]",
    "application/x-ldif": r"dn:|version:|changetype:",
    "application/x-texinfo": r"\\input\b|@[a-z]+",
    "text/x-abc": "X:",
    "text/x-plantuml": r"[ \t]*+@start",
    "text/x-rpm-spec": r"(?i:name\s*:|%[a-z]+)",
    "model/obj": r"[ \t]*+(?:v|f|l|p|vn|vt|o|g|s|mtllib|usemtl) +\S",
    "model/mtl": r"[ \t]*+newmtl\s",
    "application/vnd.gerber": r"[GD]\d\d|%",
    "application/vnd.chess-pgn": r"\[\w+\s+\"|1\.",
    "application/x-sami": "(?i:[^\n]*<(?:sami|sync))",
    "application/x-spss-por": "[^\n]*SPSS",
    "application/x-netscape-proxy-autoconfig": r".{0,200}\bFindProxyForURL\b",
}

PATTERNS: Mapping[str, re.Pattern[str]] = {
    **{media_type: re.compile(rf"\s*+(?:{pattern})") for media_type, pattern in BEGINNINGS.items()},
    **{media_type: re.compile(rf"(?m)^(?:{pattern})") for media_type, pattern in LINES.items()},
}

# With comments, and with what else programs add to JSON.
JSON_BEGINNING = re.compile(r"""\s*+(?:[{\["]|-?\d|//|/\*|(?:true|false|null)\s*\Z)""")


def is_possible(media_type: str, sample: Sample) -> bool:
    """Whether a text may be of the type that its name says."""
    if is_json(media_type):
        return bool(JSON_BEGINNING.match(sample.start))
    pattern = PATTERNS.get(media_type)
    if not pattern:
        return True
    return bool(pattern.match(sample.start) if media_type in BEGINNINGS else pattern.search(sample.start))
