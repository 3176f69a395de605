"""Text formats that begin with a signature, and what tells apart those that share one."""

from __future__ import annotations

import re
from collections.abc import Callable

from picasso.detection.text.sample import Sample
from picasso.detection.text.shebangs import shebang

TextRule = Callable[[Sample], str | None]
"""A text → its media type, or None if it is another format."""


def detect_by_prefix(sample: Sample) -> str | None:
    """The type of a format that always begins with the same characters. White space may precede them."""
    text = sample.text
    for prefix, found in PREFIXES_BY_START.get(text[:1], ()):
        if text.startswith(prefix):
            media_type = found if isinstance(found, str) else found(sample)
            if media_type:
                return media_type
    return None


def has(media_type: str, word: str) -> TextRule:
    """A rule: the media type if the start of a text has the word."""
    return lambda sample: media_type if word in sample.start else None


def matches(media_type: str, pattern: str) -> TextRule:
    """A rule: the media type if the text begins like this."""
    compiled = re.compile(pattern)
    return lambda sample: media_type if compiled.match(sample.text) else None


def postscript(sample: Sample) -> str | None:
    """PostScript (Adobe technical note 5001) and its fonts. TeX and Octave have comments that begin like it."""
    if re.match(r"%!(?:PS-AdobeFont|FontType1)", sample.text):
        return "application/x-font-type1"
    return "application/postscript" if POSTSCRIPT.match(sample.text) else None


def calendar(sample: Sample) -> str | None:
    """iCalendar (RFC 5545) has version 2.0, vCalendar 1.0."""
    return "text/x-vcalendar" if re.search(r"(?m)^VERSION:1\.0\s*$", sample.start) else "text/calendar"


def playlist(sample: Sample) -> str | None:
    """HTTP live streaming (RFC 8216) has tags of its own."""
    return "application/vnd.apple.mpegurl" if "\n#EXT-X-" in sample.start else "audio/x-mpegurl"


def pem(sample: Sample) -> str | None:
    """Armour of keys and certificates (RFC 7468) and of OpenPGP (RFC 9580)."""
    label = re.match(r"-----BEGIN ([A-Z0-9 ]{1,40})-----", sample.text)
    return pem_type(label[1]) if label else None


def pem_type(label: str) -> str | None:
    if found := PEM_TYPES.get(label):
        return found
    return "application/x-x509-key" if label.endswith(("PRIVATE KEY", "PUBLIC KEY")) else None


PEM_TYPES = {
    "CERTIFICATE": "application/pkix-cert",
    "X509 CERTIFICATE": "application/pkix-cert",
    "TRUSTED CERTIFICATE": "application/pkix-cert",
    "CA CERTIFICATE": "application/pkix-cert",
    "CERTIFICATE REQUEST": "application/pkcs10",
    "NEW CERTIFICATE REQUEST": "application/pkcs10",
    "X509 CRL": "application/pkix-crl",
    "PKCS7": "application/pkcs7-mime",
    "CMS": "application/pkcs7-mime",
    "DSA PARAMETERS": "application/x-x509-dsa-parameters",
    "EC PARAMETERS": "application/x-x509-ec-parameters",
    "PGP MESSAGE": "application/pgp-encrypted",
    "PGP PUBLIC KEY BLOCK": "application/pgp-keys",
    "PGP PRIVATE KEY BLOCK": "application/pgp-keys",
    "PGP SIGNATURE": "application/pgp-signature",
}

POSTSCRIPT = re.compile(r"%![ \t]*+(?:PS|Adobe|\r?\n|\Z)")

# Netpbm: a magic number, comments, the size, and the greatest value of a sample except in bitmaps.
BITMAP = r"P[14]\s++(?:#[^\n]*+\n\s*+)*+\d+\s+\d+\s"
GREYMAP = r"P[25]\s++(?:#[^\n]*+\n\s*+)*+\d+\s+\d+\s+\d+\s"
PIXMAP = r"P[36]\s++(?:#[^\n]*+\n\s*+)*+\d+\s+\d+\s+\d+\s"

# A prefix may stand here several times: the first rule that fits is taken.
PREFIXES: tuple[tuple[str, str | TextRule], ...] = (
    # documents
    ("%PDF-", "application/pdf"),
    ("%FDF-", "application/vnd.fdf"),
    ("%!", postscript),
    ("{\\rtf", "text/rtf"),
    ("<MIFFile ", "application/vnd.mif"),
    ("\\begindata{", "application/andrew-inset"),
    ("%YAML ", "application/yaml"),
    ("@startuml", "text/x-plantuml"),
    ("CACHE MANIFEST", matches("text/cache-manifest", r"CACHE MANIFEST(?:\s|\Z)")),
    ("%0 ", matches("application/x-endnote-refer", r"%0 [^\n]++\n%[A-Z0-9] ")),
    ("TY  - ", "application/x-research-info-systems"),
    # contacts, dates, keys
    ("BEGIN:VCARD", "text/vcard"),
    ("BEGIN:VCALENDAR", calendar),
    ("BEGIN:VNOTE", "text/x-vnote"),
    ("-----BEGIN ", pem),
    # the desktop
    ("[Desktop Entry]", "application/x-desktop"),
    ("[InternetShortcut]", "application/x-mswinurl"),
    ("REGEDIT4", "text/x-ms-regedit"),
    ("Windows Registry Editor Version ", "text/x-ms-regedit"),
    # subtitles, playlists, sound
    ("WEBVTT", matches("text/vtt", r"WEBVTT(?:\s|\Z)")),
    ("[Script Info]", "text/x-ssa"),
    ("#EXTM3U", playlist),
    ("[playlist]", "audio/x-scpls"),
    ("[Playlist]", "audio/x-scpls"),
    ("BEGIN:IMELODY", "audio/imelody"),
    ("%abc", matches("text/x-abc", r"%abc(?:-\d|\s)")),
    # pictures, models, fonts
    ("/* XPM */", "image/x-xpixmap"),
    ("! XPM2", "image/x-xpixmap"),
    ("#define ", matches("image/x-xbitmap", r"#define\s+\w+_width\s+\d+\s+#define\s+\w+_height\s+\d+\s")),
    *((prefix, matches("image/x-portable-bitmap", BITMAP)) for prefix in ("P1", "P4")),
    *((prefix, matches("image/x-portable-graymap", GREYMAP)) for prefix in ("P2", "P5")),
    *((prefix, matches("image/x-portable-pixmap", PIXMAP)) for prefix in ("P3", "P6")),
    ("P7\nWIDTH ", "image/x-portable-arbitrarymap"),
    ("ENVI", matches("application/envi.hdr", r"ENVI\s*\n")),
    ("YUV4MPEG2 ", "video/x-yuv4mpeg"),
    ("SIMPLE  =", "image/fits"),
    ("solid", matches("model/stl", r"solid[^\n]*+\n\s*+facet\s+normal\s")),
    ("ply", matches("model/ply", r"ply\s+format (?:ascii|binary_\w+) 1\.0")),
    ("OFF", matches("model/off", r"OFF\s++(?:#[^\n]*+\n\s*+)*+\d+\s+\d+\s+\d+\s")),
    ("#VRML V", "model/vrml"),
    ("#X3D V", "model/x3d-vrml"),
    ("#usda ", "model/vnd.usda"),
    ("ISO-10303-21;", "model/step"),
    ("StartFontMetrics ", "application/x-font-adobe-metric"),
    ("STARTFONT ", "application/x-font-bdf"),
    ("[gd_scene ", "application/x-godot-scene"),
    ("[gd_resource ", "application/x-godot-resource"),
    ("##Sketch ", "image/x-skencil"),
    ("SplineFontDB:", "application/vnd.font-fontforge-sfd"),
    # archives and transfer encodings
    ("!<arch>\ndebian-binary ", "application/vnd.debian.binary-package"),
    ("!<arch>\n", "application/x-archive"),
    ("WARC/", matches("application/warc", r"WARC/\d\.\d\r?\n")),
    ("filedesc://", "application/x-internet-archive"),
    ("d8:announce", "application/x-bittorrent"),
    ("d13:announce-list", "application/x-bittorrent"),
    ("begin ", matches("text/x-uuencode", r"begin [0-7]{3,4} [^\n]++\n[!-`]")),
    ("begin-base64 ", matches("text/x-uuencode", r"begin-base64 [0-7]{3,4} [^\n]++\n")),
    ("=ybegin ", matches("application/x-yenc", r"=ybegin (?:part=\d+ )?(?:total=\d+ )?line=\d+ size=\d+ ")),
    ("(This file must be converted with BinHex", "application/mac-binhex40"),
    # data
    ("##fileformat=VCFv", "application/x-vcf"),
    ("JAVA PROFILE 1.0.", "application/vnd.java.hprof.text"),
    ("HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!", "application/x-sas-xport"),
    ("##TITLE=", has("chemical/x-jcamp-dx", "##JCAMP")),
    ("##JCAMP", "chemical/x-jcamp-dx"),
    # programs
    ("<?php", "text/x-php"),
    ("<%@", has("text/x-jsp", "page")),
    ("#!", shebang),
)

PREFIXES_BY_START: dict[str, list[tuple[str, str | TextRule]]] = {}
for _prefix, _found in PREFIXES:
    PREFIXES_BY_START.setdefault(_prefix[0], []).append((_prefix, _found))
