"""Text formats that begin with a signature, and what tells apart those that share one."""

from __future__ import annotations

import re
from collections.abc import Callable

from picasso.detection.text.pem import pem
from picasso.detection.text.sample import Sample
from picasso.detection.text.shebangs import shebang

TextRule = Callable[[Sample], str | None]
"""A text → its media type, or None if it is another format."""


def detect_by_prefix(sample: Sample) -> str | None:
    """The type of a format that always begins with the same characters. White space may precede them."""
    text = sample.text
    for prefix, following, found in PREFIXES_BY_START.get(text[:1], ()):
        if text.startswith(prefix) and following.match(text, len(prefix)):
            media_type = found if isinstance(found, str) else found(sample)
            if media_type:
                return media_type
    return None


def has(media_type: str, word: str) -> TextRule:
    """A rule: the media type if the start of a text has the word."""
    return lambda sample: media_type if word in sample.start else None


def postscript(sample: Sample) -> str | None:
    """PostScript (Adobe technical note 5001) and its fonts. TeX and Octave have comments that begin like it."""
    if re.match(r"%!(?:PS-AdobeFont|FontType1)", sample.text):
        return "application/x-font-type1"
    return "application/postscript" if POSTSCRIPT.match(sample.text) else None


def calendar(sample: Sample) -> str | None:
    """iCalendar (RFC 5545) has version 2.0, vCalendar 1.0."""
    return "text/x-vcalendar" if re.search(r"(?m)^VERSION:1\.0\s*$", sample.start) else "text/calendar"


def playlist(sample: Sample) -> str | None:
    """HTTP live streaming (RFC 8216) has tags of its own. Lists of channels have attributes in their first line."""
    return "application/vnd.apple.mpegurl" if "\n#EXT-X-" in sample.start else "audio/x-mpegurl"


def uuencoded(sample: Sample) -> str | None:
    """The first character of a line says how many bytes it has (POSIX, uuencode). A checksum may follow them."""
    match = re.match(r"begin [0-7]{3,4} [^\n]++\n([ -`]{1,90})\r?(?:\n|\Z)", sample.text)
    if not match:
        return None
    line = match[1]
    length = ord(line[0]) - 32 & 63
    least, most = -(-length * 4 // 3), -(-length // 3) * 4 + 1
    return "text/x-uuencode" if length == 0 or least <= len(line) - 1 <= most else None


POSTSCRIPT = re.compile(r"%![ \t]*+(?:PS(?![ \t]++[a-z])|Adobe|\r?\n|\Z)")

# Netpbm: a magic number, comments, the size, and the greatest value of a sample except in bitmaps. Numbers follow in
# the plain formats, anything in the raw ones.
SPACE = r"\s++(?:#[^\n]*+\n\s*+)*+"
BITS, NUMBERS = r"(?=[01\s]{8}|[01\s]*+(?:#|\Z))", r"(?=[\d\s]{8}|[\d\s]*+(?:#|\Z))"
PLAIN_BITMAP = rf"{SPACE}\d+\s+\d+\s{BITS}"
PLAIN_MAP = rf"{SPACE}\d+\s+\d+\s+\d+\s{NUMBERS}"
RAW_BITMAP = rf"{SPACE}\d+\s+\d+\n"
RAW_MAP = rf"{SPACE}\d+\s+\d+\s+\d+\n"

# The end of a line that has nothing else, or of the text.
END = r"[ \t]*+(?:\r|\n|\Z)"
ATTRIBUTE = r"[^\]\n]*="

# A prefix, a pattern of what follows it, and the media type or a rule. Prose may begin with the word of a format, so
# the end of the word, a number or the next line must agree. Of several rows with a prefix the first that fits is taken.
PREFIXES: tuple[tuple[str, str, str | TextRule], ...] = (
    # documents
    ("%PDF-", rf"\d\.\d|{END}", "application/pdf"),
    ("%FDF-", rf"\d\.\d|{END}", "application/vnd.fdf"),
    ("%!", "", postscript),
    ("{\\rtf", r"[\d\\{}\r\n]|\Z", "text/rtf"),
    ("{\\rt", r"f?[^a-z]|x\d", "text/rtf"),  # Word asks for no more
    ("<MIFFile ", r" *\d", "application/vnd.mif"),
    ("\\begindata{", r"\w+, ?\d", "application/andrew-inset"),
    ("%YAML ", r" *\d", "application/yaml"),
    ("@startuml", "", "text/x-plantuml"),
    ("CACHE MANIFEST", END, "text/cache-manifest"),
    ("%0 ", r"[^\n]++\n%[A-Z0-9] ", "application/x-endnote-refer"),
    ("TY  - ", r"[A-Z]{2,12}" + END, "application/x-research-info-systems"),
    # contacts, dates, keys
    ("BEGIN:VCARD", END, "text/vcard"),
    ("BEGIN:VCALENDAR", END, calendar),
    ("BEGIN:VNOTE", END, "text/x-vnote"),
    ("-----BEGIN ", "", pem),
    ("PuTTY-User-Key-File-", r"\d: \S", "application/x-putty-private-key"),
    # the desktop
    ("[Desktop Entry]", END, "application/x-desktop"),
    ("[InternetShortcut]", END, "application/x-mswinurl"),
    ("REGEDIT4", END, "text/x-ms-regedit"),
    ("Windows Registry Editor Version ", r"\d", "text/x-ms-regedit"),
    # subtitles, playlists, sound
    ("WEBVTT", rf"{END}|[ \t][^\n]*+\n(?:[^\n]*+\n){{1,40}}?[^\n]*? --> ", "text/vtt"),
    ("[Script Info]", END, "text/x-ssa"),
    ("#EXTM3U", rf"{END}|[ \t]+[\w-]+=", playlist),
    ("[playlist]", END, "audio/x-scpls"),
    ("[Playlist]", END, "audio/x-scpls"),
    ("BEGIN:IMELODY", END, "audio/imelody"),
    ("%abc", rf"-\d|{END}", "text/x-abc"),
    # pictures, models, fonts
    ("/* XPM */", "", "image/x-xpixmap"),
    ("! XPM2", END, "image/x-xpixmap"),
    ("#define ", r"\s*\w+_width\s+\d+\s+#define\s+\w+_height\s+\d+\s", "image/x-xbitmap"),
    ("P1", PLAIN_BITMAP, "image/x-portable-bitmap"),
    ("P4", RAW_BITMAP, "image/x-portable-bitmap"),
    ("P2", PLAIN_MAP, "image/x-portable-graymap"),
    ("P5", RAW_MAP, "image/x-portable-graymap"),
    ("P3", PLAIN_MAP, "image/x-portable-pixmap"),
    ("P6", RAW_MAP, "image/x-portable-pixmap"),
    ("P7\nWIDTH ", "", "image/x-portable-arbitrarymap"),
    ("ENVI", rf"{END}\s*+(?:;[^\n]*+\n\s*+)*+(?:[A-Za-z][\w ]*=|\Z)", "application/envi.hdr"),
    ("YUV4MPEG2 ", r"[A-Z]\d", "video/x-yuv4mpeg"),
    ("SIMPLE  =", r" +[TF](?:[ /]|\Z)", "image/fits"),
    ("solid", r"[^\n]*+\n\s*+(?:facet\s+normal\s+[-+.\dn]|endsolid)", "model/stl"),
    ("ply", r"\s+format (?:ascii|binary_\w+) 1\.0", "model/ply"),
    ("OFF", rf"{SPACE}\d+\s+\d+\s+\d+[ \t]*\r?\n\s*+(?:#[^\n]*+\n\s*+)*+[-+.\d]", "model/off"),
    ("#VRML V", r"\d", "model/vrml"),
    ("#X3D V", r"\d", "model/x3d-vrml"),
    ("#usda ", r"\d", "model/vnd.usda"),
    ("ISO-10303-21;", r"\s*+(?:/\*|HEADER|\Z)", "model/step"),
    ("StartFontMetrics ", r"\d", "application/x-font-adobe-metric"),
    ("STARTFONT ", r"\d", "application/x-font-bdf"),
    ("[gd_scene ", ATTRIBUTE, "application/x-godot-scene"),
    ("[gd_resource ", ATTRIBUTE, "application/x-godot-resource"),
    ("##Sketch ", r"\d", "image/x-skencil"),
    ("SplineFontDB:", r" *\d", "application/vnd.font-fontforge-sfd"),
    # archives and transfer encodings
    ("!<arch>\ndebian-binary ", "", "application/vnd.debian.binary-package"),
    ("!<arch>\n", "", "application/x-archive"),
    ("WARC/", r"\d\.\d\r?\n", "application/warc"),
    ("filedesc://", r"\S+ +\d", "application/x-internet-archive"),
    ("d8:announce", r"\d", "application/x-bittorrent"),
    ("d13:announce-list", "l", "application/x-bittorrent"),
    ("begin ", "", uuencoded),
    ("begin-base64 ", rf"[0-7]{{3,4}} [^\n]++\n[A-Za-z0-9+/=]{{4,}}{END}", "text/x-uuencode"),
    ("=ybegin ", r"(?:part=\d+ )?(?:total=\d+ )?line=\d+ size=\d+ ", "application/x-yenc"),
    ("(This file must be converted with BinHex", r"[^\n)]{0,20}\)", "application/mac-binhex40"),
    # data
    ("##fileformat=VCFv", r"\d", "application/x-vcf"),
    ("JAVA PROFILE 1.0.", r"\d", "application/vnd.java.hprof.text"),
    ("HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!", "", "application/x-sas-xport"),
    ("##TITLE=", "", has("chemical/x-jcamp-dx", "##JCAMP")),
    ("##JCAMP", r"[\w-]*\s*=", "chemical/x-jcamp-dx"),
    # programs
    ("<?php", r"\s|\Z", "text/x-php"),
    ("<%@", "", has("text/x-jsp", "page")),
    ("#!", "", shebang),
)

PREFIXES_BY_START: dict[str, list[tuple[str, re.Pattern[str], str | TextRule]]] = {}
for _prefix, _following, _found in PREFIXES:
    PREFIXES_BY_START.setdefault(_prefix[0], []).append((_prefix, re.compile(_following), _found))
