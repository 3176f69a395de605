"""The order of the rules: what is certain by the content, then the name, then what the structure makes likely."""

from __future__ import annotations

from typing import Literal

from picasso.detection.media_types import CSV, JSON, TSV
from picasso.detection.text import names
from picasso.detection.text.ambiguous import refine_by_text
from picasso.detection.text.json_types import JSON_TYPES, detect_json, is_json
from picasso.detection.text.markup import HTML, XML, detect_markup
from picasso.detection.text.messages import detect_message
from picasso.detection.text.patterns import detect_by_pattern
from picasso.detection.text.pem import detect_keys
from picasso.detection.text.prefixes import detect_by_prefix
from picasso.detection.text.required import is_possible
from picasso.detection.text.sample import Sample
from picasso.detection.text.subtitles import detect_subtitles
from picasso.detection.text.tables import detect_table

PLAIN = "text/plain"

Found = tuple[str, Literal["content", "name"]]

# Formats that only begin like a text, so that they have no charset.
BINARY = frozenset(
    {
        *("application/pdf", "application/vnd.fdf", "application/x-archive", "application/vnd.debian.binary-package"),
        *("application/x-bittorrent", "application/warc", "application/x-internet-archive", "video/x-yuv4mpeg"),
        *("image/fits", "image/x-portable-bitmap", "image/x-portable-graymap", "image/x-portable-pixmap"),
        *("image/x-portable-arbitrarymap", "application/x-sas-xport"),
    }
)

# What the content may show without its name as well.
STRUCTURED = {CSV, TSV, HTML, XML}
SHELL = "text/x-shellscript"

# Programs that may begin with a web page.
TEMPLATES = frozenset(
    f"text/{name}"
    for name in (
        *(
            "x-php",
            "x-jsp",
            "asp",
            "aspdotnet",
            "x-coldfusion",
            "x-velocity",
            "x-erb",
            "x-ejs",
            "x-handlebars-template",
        ),
        *("x-mustache", "x-twig", "x-jinja", "x-vue", "x-svelte"),
    )
)

# What the content shows, and what the name may say instead.
BETTER = {
    HTML: TEMPLATES | {"application/xhtml+xml"},
    XML: TEMPLATES,
    "text/javascript": {"application/typescript", "text/jsx", "text/tsx", "application/vnd.coffeescript"},
    "text/turtle": {"text/n3", "application/trig"},
}

# Scripts that may begin as a shell script that runs their interpreter.
SCRIPTS = {
    *("text/x-tcl", "text/x-perl", "text/x-python", "text/x-ruby", "text/x-scheme", "text/x-common-lisp"),
    *("text/x-erlang", "text/x-haskell", "text/x-scala", "text/x-emacs-lisp", "text/x-rsrc", "text/x-lua"),
}


def detect_text(sample: Sample, name: str) -> Found:
    """The media type of a text. Its name chooses among what the text may be."""
    named = type_by_name(sample, name)
    certain = detect_certain(sample)
    if certain and not is_better(named, certain, sample):
        return certain, "content"
    if named:
        return named, "content" if named in STRUCTURED and detect_likely(sample) == named else "name"
    return detect_likely(sample) or PLAIN, "content"


def detect_beginning(head: bytes, name: str) -> str | None:
    """A text format of a file that is no text as a whole: a mail, a script or a page with binary data in it."""
    sample = Sample(head, False, "unknown-8bit")
    certain = detect_certain(sample)
    if certain is None or is_json(certain):
        return None
    named = type_by_name(sample, name)
    return named if named and is_better(named, certain, sample) else certain


def type_by_name(sample: Sample, name: str) -> str | None:
    named = names.type_by_name(name)
    refined = refine_by_text(named, name.rpartition(".")[2].lower(), sample) if named else None
    return refined if refined and is_possible(refined, sample) else None


def detect_certain(sample: Sample) -> str | None:
    """A format by a signature or by a structure that nothing else has."""
    if found := detect_by_prefix(sample) or detect_by_pattern(sample):
        return found
    first = sample.text[:1]
    if first == "<":
        found_markup = detect_markup(sample)
        return found_markup[0] if found_markup and found_markup[1] else None
    if first in {"{", "["} and (found := detect_json(sample)):
        return found
    return detect_subtitles(sample) or detect_keys(sample) or detect_message(sample)


def is_better(named: str | None, certain: str, sample: Sample) -> bool:
    """Whether the name knows more than the content shows."""
    if named is None or named == certain:
        return False
    if is_json(certain):
        return not is_json(named) or (certain in JSON_TYPES and named != JSON)
    if certain == SHELL:
        return named in SCRIPTS and "exec " in sample.text[:1000]
    return named in BETTER.get(certain, ()) or (certain == XML and named.endswith("+xml"))


def detect_likely(sample: Sample) -> str | None:
    """A format that the structure makes likely, if the name says nothing else."""
    if sample.text[:1] == "<":
        found = detect_markup(sample)
        return found[0] if found else None
    return detect_table(sample)
