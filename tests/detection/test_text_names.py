"""The name chooses among what a text may be: a format with a required beginning is not told by its name alone."""

from __future__ import annotations

import pytest

from picasso.detection import Window, detect
from picasso.detection.media_types import ENTRIES
from picasso.detection.text.required import PATTERNS
from tests.cases import cases

PLAIN = "text/plain"
LETTER = b"Hello Bob, this is just a letter.\nIt has two lines.\n"

NAMES = """
ps eps vcf ics ifb eml mht mhtml mime vtt ass ssa lrc m3u8 pls asx wax uu uue hqx yenc po pot url reg inf iss appcache
afm bdf pfa dxf igs iges stp step wrl por x3dv sami ris enw mif ged sdp fasta fastq gvcf xyz wat nt nq man me ms diff
patch rej bib ldif texi abc puml spec obj mtl gbr pgn pac xml xsd xhtml dtd json ndjson geojson har ipynb gltf topojson
webmanifest jsonld json5 cif mol pdb service cfg
"""


def of(content: bytes, name: str = "") -> str:
    return detect(Window.of_bytes(content), name).media_type


def test_requirements_are_for_types_that_a_name_chooses() -> None:
    assert all(ENTRIES[media_type].by_name for media_type in PATTERNS)


@cases("extension", NAMES.split())
@cases("encoding", ["utf-8", "utf-16"])
def test_a_letter_is_a_letter(extension: str, encoding: str) -> None:
    assert of(LETTER.decode().encode(encoding), f"a.{extension}") == PLAIN


@cases(
    ("content", "name", "media_type"),
    [
        (b"begin:vcard\nfn:A\n", "a.vcf", "text/vcard"),
        (b"##fileformat=VCFv4.2\n#CHROM\tPOS\n1\t2\n", "a.vcf", "application/x-vcf"),
        (b"Subject: one field\n\nhello\n", "a.eml", "message/rfc822"),
        (b"%!FontType1\n", "a.pfa", "application/x-font-type1"),
        (b"%!other words\nshowpage\n", "a.ps", "application/postscript"),
        (b"#PATH\n/a.mp3\n", "a.m3u", "audio/x-mpegurl"),
        (b"1c1\n< a\n---\n> b\n", "a.diff", "text/x-diff"),
        (b"words first\ndiff --git a/b a/b\n", "a.patch", "text/x-diff"),
        (b"words first\n.PP\nmore\n", "a.ms", "text/troff"),
        (b"a: 1\nb: 2\n", "a.eml", PLAIN),
        (b'{"a": 1}\n{"a": 2}\n', "a.json", "application/x-ndjson"),
        (b"<a", "a.xml", "text/xml"),
        (b"// a comment\n{a: 1}\n", "a.json", "application/json"),
        (b"12\n", "a.json", "application/json"),
        (b"true\n", "a.json", "application/json"),
        (b"[1, 2\n", "a.geojson", "application/geo+json"),
        (b"Read me first.\n", "read.me", PLAIN),
        (b"# -*- mode: python -*-\na = Analysis(['a.py'])\n", "a.spec", PLAIN),
    ],
)
def test_a_name_needs_a_possible_text(content: bytes, name: str, media_type: str) -> None:
    assert of(content, name) == media_type


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (b"%!TEX root = main.tex\n\\section{x}\n", "a.tex", "text/x-tex"),
        (b"%!TEX root = main.tex\nwords\n", "a.tex", "text/x-tex"),
        (b"%!TeX program = xelatex\n\\documentclass{article}\n", "", "text/x-tex"),
        (b"%!test\n%! assert (1)\n", "a.m", "text/x-matlab"),
        (b"%! assert (1)\n", "a.m", "text/x-matlab"),
        (b"%!words\n", "", PLAIN),
        (b"%!\n/a 1 def\n", "", "application/postscript"),
        (b"%!\r\n/a 1 def\r\n", "a.txt", "application/postscript"),
        (b"%! PS-Adobe-2.0\n", "", "application/postscript"),
        (b"%!PS", "", "application/postscript"),
    ],
)
def test_comments_that_begin_like_postscript(content: bytes, name: str, media_type: str) -> None:
    assert of(content, name) == media_type
