"""Encoding, line ends and size of a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, ClassVar

from picasso.charset import (
    REPLACEMENT,
    UNKNOWN_AS,
    Decoder,
    Encoding,
    clean_text,
    decode_file,
    detect_in_file,
    prepare_guessing,
)
from picasso.process.contract import JSON, Processor, Result, Source
from picasso.process.processors import wellformed
from picasso.process.processors.document.active.texts import read_active_text

PIECE = 131_072  # bytes; the words of a piece are the largest list in memory

PREVIEW = 1_000  # characters

# Maps white space to a blank and other ASCII to an x, so that words can be counted by their beginnings.
SHAPE = bytes(ord(" ") if chr(code).isspace() else ord("x") for code in range(256))


# Formats in text whose names do not say so.
TEXT_APPLICATIONS = (
    *("graphql", "javascript", "json", "json-seq", "json5", "lrc", "mac-binhex40", "mbox", "n-quads", "n-triples"),
    *("pgp-keys", "pgp-signature", "pkcs10", "postscript", "relax-ng-compact-syntax", "sdp", "sparql-query", "sql"),
    *("toml", "trig", "typescript", "vnd.adobe.xfdf", "vnd.apple.mpegurl", "vnd.chess-pgn", "vnd.coffeescript"),
    *("vnd.dart", "vnd.gerber", "vnd.java.hprof.text", "vnd.jgraph.mxfile", "vnd.mif", "vnd.ms-spreadsheetml"),
    *("vnd.ms-wordml", "vnd.ms-wpl", "wasm-text", "x-bat", "x-desktop", "x-endnote-refer", "x-fasta", "x-fastq"),
    *("x-font-adobe-metric", "x-font-bdf", "x-font-ttx", "x-glade", "x-gtk-builder", "x-java-jnlp-file", "x-ldif"),
    *("x-ms-asx", "x-mswinurl", "x-netscape-proxy-autoconfig", "x-nzb", "x-plist", "x-powershell"),
    *("x-putty-private-key", "x-research-info-systems", "x-sami", "x-setupscript", "x-spss-por", "x-ssh-public-key"),
    *("x-subrip", "x-texinfo", "x-vcf", "x-wine-extension-ini", "x-x509-dsa-parameters", "x-x509-ec-parameters"),
    *("x-freemind", "x-scribus", "x-x509-dh-parameters", "x-xmp"),
    *("x-yaml", "xml", "xml-dtd", "xml-sitemap", "xspf", "yaml"),
)


OFFICE_XML = {"application/vnd.ms-wordml", "application/vnd.ms-spreadsheetml"}


class Text(Processor):
    """Counts characters, words and lines of any file, whatever its bytes.

    A character is a Unicode code point; a byte order mark does not count. A word is a run of characters without white
    space, as in ``str.split``. A line ends with LF, CRLF or CR and nothing else. Text after the last line end counts as
    a line too, so ``wc -l`` gives one less for a file without a final newline.

    ``encoding_evidence`` says what tells the encoding: a byte order ``mark``, a ``declaration`` in the text, its
    ``validity`` as UTF-8 or UTF-16, or a ``guess``. ``encoding_sure`` is false if that leaves doubt. The encoding is
    None if it is unknown; the text is then read as windows-1252.

    ``undecodable`` counts the bytes that the encoding has no character for, which are read as windows-1252, and each
    U+FFFD, which is a character that was lost before.
    ``well_formed`` is for JSON and XML; it is None for all else, and if it can't be decided (see `wellformed`).
    """

    name: ClassVar[str] = "text"
    media_types: ClassVar[tuple[str, ...]] = (
        "text/*",
        *("!text/csv", "!text/tab-separated-values"),  # tables
        *("!text/html", "!text/markdown", "!text/rtf"),  # documents
        *("application/*+xml", "model/*+xml", "!application/xhtml+xml"),
        *("application/*+json", "model/*+json", "application/geo+json-seq"),
        *(f"application/{name}" for name in TEXT_APPLICATIONS),
        *(f"model/{name}" for name in ("iges", "mtl", "obj", "step", "vnd.usda", "vrml")),
        *("audio/x-mpegurl", "audio/x-scpls", "audio/imelody", "message/x-emlx", "message/news"),
        *("chemical/*", "image/vnd.dxf"),
    )
    queue: ClassVar[str] = "quick"

    @staticmethod
    def prepare() -> None:
        prepare_guessing()

    def __call__(self, source: Source, folder: Path) -> Result:
        with source.path.open("rb") as file:
            encoding = detect_in_file(file)
            counter = _count(file, encoding)
            well_formed = wellformed.is_well_formed(file, source.media_type, encoding.name)
        active = read_active_text(source.path, is_xml=is_xml(source.media_type)).as_fact()
        return Result({**_encoding_facts(encoding), **counter.facts(), "well_formed": well_formed, **active})


def is_xml(media_type: str) -> bool:
    return media_type.endswith("xml") or media_type in OFFICE_XML


def _encoding_facts(encoding: Encoding) -> dict[str, JSON]:
    return {"encoding": encoding.name, "encoding_evidence": encoding.evidence, "encoding_sure": encoding.sure}


def _count(file: BinaryIO, encoding: Encoding) -> TextCounter:
    file.seek(encoding.mark)
    counter = TextCounter()
    decoder = Decoder(encoding.name or UNKNOWN_AS)
    for text in _keep_crlf_together(decode_file(file, decoder, PIECE)):
        counter.add(text)
    counter.replaced += decoder.undecodable
    return counter


def _keep_crlf_together(texts: Iterator[str]) -> Iterator[str]:
    """The same text, with no CRLF split between two pieces."""
    pending = ""
    for text in texts:
        joined = pending + text
        pending = "\r" if joined.endswith("\r") else ""
        yield joined.removesuffix("\r")
    yield pending


@dataclass(slots=True)
class TextCounter:
    characters: int = 0
    words: int = 0
    replaced: int = 0
    line_ends: Counter[str] = field(default_factory=Counter)
    preview: str = ""
    last: str = "\n"

    def add(self, text: str) -> None:
        """``text`` continues the text before it, perhaps within a word, but never within a CRLF."""
        if not text:
            return
        continues = not self.last.isspace() and not text[0].isspace()
        self.words += _count_words(text) - continues
        self.characters += len(text)
        self.replaced += text.count(REPLACEMENT)
        self.line_ends.update(_count_line_ends(text))
        self.preview += text[: PREVIEW - len(self.preview)]
        self.last = text[-1]

    def facts(self) -> dict[str, JSON]:
        return {
            "line_ends": self.line_end_kind(),
            "line_end_counts": {kind: self.line_ends[kind] for kind in ("lf", "crlf", "cr")},
            "lines": self.line_ends.total() + (self.last not in "\r\n"),
            "words": self.words,
            "characters": self.characters,
            "undecodable": self.replaced,
            "preview": clean_text(self.preview, PREVIEW),
        }

    def line_end_kind(self) -> str | None:
        kinds = [kind for kind, count in self.line_ends.items() if count]
        return "mixed" if len(kinds) > 1 else next(iter(kinds), None)


def _count_words(text: str) -> int:
    if text.isascii():  # the common case, three times as fast
        return (b" " + text.encode().translate(SHAPE)).count(b" x")
    return len(text.split())


def _count_line_ends(text: str) -> dict[str, int]:
    crs = text.count("\r")
    pairs = text.count("\r\n") if crs else 0
    return {"lf": text.count("\n") - pairs, "crlf": pairs, "cr": crs - pairs}
