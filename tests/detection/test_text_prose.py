"""Prose that begins like a format stays plain text: a number, the end of a word or the next line must agree."""

from __future__ import annotations

import binascii

import pytest

from picasso.detection import Window, detect

PROSE = (
    "P1 5 6 players in a game",
    "P1 5 6 1 dog in a game",
    "P2 5 6 7 players in a game",
    "P3 is 4 5 6 long",
    "P4 5 6 players",
    "P6 1 2 3 go",
    "[12:30.50] Bob: hi\n[12:31.10] Al: hi, Bob",
    "[12:30.50] Bob: hi",
    "[00:10.00]",
    "[1][2] show that",
    "[1][2] show that\nand [3][4] do not",
    "{1}{2} braces",
    "[INFORMATION] please read",
    "solid state\nfacet normal",
    "solid work\nfacet normal to us",
    "diff -u is a command\nthat shows what changed",
    "diff --git is one more\n--- as I said",
    "Index: a list\n---\nof words",
    "begin 644 things today\nYes",
    "begin-base64 644 things\nYes, they are",
    "@online (hi) everyone",
    "@article {of} mine",
    "@string (a thin one)",
    ".so what?",
    ".SH what?",
    ".TH",
    ".Dd is a macro",
    "dn: Dnipro = city",
    "dn: Dnipro=city\nin the country",
    "d8:announce is a key",
    "d13:announce-list too",
    "OFF 1 2 3 go",
    "OFF 1 2 3\nand on",
    "BEGIN:VCARDS are fun",
    "BEGIN:VCARD is how they begin",
    "BEGIN:VCALENDAR is how they begin",
    "BEGIN:VNOTES",
    "BEGIN:IMELODY is music",
    "SIMPLE  = easy",
    "SIMPLE  = The best",
    "%PDF- is the header of a PDF",
    "%FDF- is another",
    "%!PS is how PostScript begins",
    "#EXTM3U is a tag",
    "WEBVTT is a format\nof subtitles",
    "[Script Info] is a section",
    "[playlist] for you",
    "[InternetShortcut] is a section",
    "[Desktop Entry] is a section",
    "REGEDIT4 files are old",
    "Windows Registry Editor Version numbers",
    "{\\rtfm}",
    "<MIFFile is a word>",
    "\\begindata{my own",
    "\\section is a command",
    "\\input is a command",
    "\\documentclass is a command",
    "%YAML is a word",
    "TY  - means type",
    "CACHE MANIFEST is a word",
    "#VRML Version",
    "#usda is a format",
    "ISO-10303-21; that is STEP",
    "StartFontMetrics is a word",
    "STARTFONT is a word",
    "##Sketch of a plan",
    "SplineFontDB: a database",
    "ENVI\nis a program",
    "! XPM2 is old",
    "filedesc:// is a scheme",
    "(This file must be converted with BinHex, they say",
    "##JCAMP is a word",
    "<?phpinfo is",
    "YUV4MPEG2 is a format",
)


@pytest.mark.parametrize("text", PROSE)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("name", ["", "a.txt"])
def test_prose(text: str, encoding: str, name: str) -> None:
    for ending in ("", "\n", "\r\nAnd so on.\r\n"):
        assert detect(Window.of_bytes((text + ending).encode(encoding)), name).media_type == "text/plain"


FORMATS = {
    "P1 3 1 1 0 1\n": "image/x-portable-bitmap",
    "P1\n1 1\n1": "image/x-portable-bitmap",
    "P1\n2 1\n10": "image/x-portable-bitmap",
    "P4\n8 1\na": "image/x-portable-bitmap",
    "P5 2 1 255\nab": "image/x-portable-graymap",
    "P3 # a comment\n1 1 255 # another\n1 0 9": "image/x-portable-pixmap",
    "[00:01.00]One\n[00:02.50]Two\n": "application/lrc",
    "[00:01.00][00:09.00]One\r\n[00:02.50]Two\r\n": "application/lrc",
    "[ti:Song]\n[12:30.50]Late\n": "application/lrc",
    "{1}{1}23.976\n{5}{9}Hi\n": "text/x-microdvd",
    "{DEFAULT}{}{C:$0000ff}\n{5}{9}Hi\n": "text/x-microdvd",
    "solid a\nendsolid a\n": "model/stl",
    "solid a\r\n facet normal -1 0 0\r\n": "model/stl",
    "diff -r a/x b/x\n1c1\n< a\n---\n> b\n": "text/x-diff",
    "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n": "text/x-diff",
    "diff -Nru a/x b/x\n--- a/x\n+++ b/x\n": "text/x-diff",
    "Index: a\n===================================================================\n--- a\n+++ a\n": "text/x-diff",
    "begin 644 a\n`\nend\n": "text/x-uuencode",
    "begin 644 a.txt\n" + binascii.b2a_uu(b"hello, world").decode() + "`\nend\n": "text/x-uuencode",
    "begin-base64 644 a\naGVsbG8=\n====\n": "text/x-uuencode",
    "@article{,\n title = {A}}\n": "text/x-bibtex",
    '@string{a = "b"}\n': "text/x-bibtex",
    "@Comment{jabref-meta: databaseType:bibtex;}\n": "text/x-bibtex",
    ".so man1/ls.1\n": "text/troff",
    ".SH NAME\n": "text/troff",
    ".Dd $Mdocdate$\n.Dt LS 1\n": "text/troff",
    "dn:: Y249YQ==\nobjectClass: person\n": "application/x-ldif",
    "dn: cn=a very long name,\n dc=example\nobjectClass: person\n": "application/x-ldif",
    "dn: cn=a\nchangetype: delete\n": "application/x-ldif",
    "d8:announce20:http://a.example/bcde4:infod": "application/x-bittorrent",
    "OFF 8 6 12\n0 0 0\n": "model/off",
    "BEGIN:VCARD\rVERSION:3.0\r": "text/vcard",
    "SIMPLE  =                    T / conforms": "image/fits",
    "%PDF-1.4": "application/pdf",
    "%PDF-\n": "application/pdf",
    "%!PS (but not EPSF)\n": "application/postscript",
    '#EXTM3U url-tvg="http://a.example/"\n#EXTINF:0,A\n': "audio/x-mpegurl",
    "WEBVTT": "text/vtt",
    "WEBVTT - a title\n\n00:01.000 --> 00:02.000\nHi\n": "text/vtt",
    "WEBVTT\r\nKind: captions\r\n": "text/vtt",
    "{\\rtf}": "text/rtf",
    "\\input texinfo.tex\n": "application/x-texinfo",
    "\\input{a}\n": "text/x-tex",
    "\\input macros.tex\n": "text/x-tex",
    "ENVI\ndescription = { a }\n": "application/envi.hdr",
}


@pytest.mark.parametrize(("text", "media_type"), FORMATS.items())
def test_formats(text: str, media_type: str) -> None:
    assert detect(Window.of_bytes(text.encode())).media_type == media_type
