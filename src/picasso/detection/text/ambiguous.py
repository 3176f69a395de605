"""Extensions that several formats share: the text decides."""

from __future__ import annotations

import re
from collections.abc import Callable

from picasso.detection.text.sample import Sample

OBJECTIVE_C = re.compile(
    r"(?m)^[ \t]*+(?:#import\b|#include\b|@interface\b|@implementation\b|@protocol\b|@class\b|//|/\*)"
)
PROLOG = re.compile(r"(?m)^(?::-\s|[a-z]\w*(?:\([^)\n]*\))?\s*:-\s)")
COQ = re.compile(r"(?m)^[ \t]*+(?:Require|Theorem|Lemma|Definition|Proof|Inductive)\b")
TROFF = re.compile(r"\.|\\\"")
OPENCL = re.compile(r"//|/\*|__kernel\b|#pragma\s+OPENCL")
PDB = re.compile(r"(?m)^(?:HEADER|TITLE|REMARK|CRYST1|MODEL|ATOM|HETATM|COMPND)\s")
SECTION = re.compile(r"(?m)^[ \t]*+\[[^\]\n]+\][ \t]*\r?$")


def only_if(pattern: re.Pattern[str]) -> Callable[[str, Sample], str | None]:
    return lambda media_type, sample: media_type if pattern.search(sample.start) else None


def instead_if(pattern: re.Pattern[str], other: str) -> Callable[[str, Sample], str | None]:
    return lambda media_type, sample: other if pattern.search(sample.start) else media_type


def if_begins(pattern: re.Pattern[str], other: str) -> Callable[[str, Sample], str | None]:
    return lambda media_type, sample: other if pattern.match(sample.text) else media_type


def unless(pattern: re.Pattern[str], other: str) -> Callable[[str, Sample], str | None]:
    return lambda media_type, sample: media_type if pattern.search(sample.start) else other


RULES = {
    "m": unless(OBJECTIVE_C, "text/x-matlab"),
    "pl": instead_if(PROLOG, "text/x-prolog"),
    "v": instead_if(COQ, "text/x-coq"),
    "mm": if_begins(TROFF, "text/troff"),
    "cl": if_begins(OPENCL, "text/x-opencl-src"),
    "pdb": only_if(PDB),
    "ent": only_if(PDB),
    "cif": only_if(re.compile(r"(?m)^data_")),
    **dict.fromkeys(("mol", "sdf"), only_if(re.compile(r"V[23]000|M  END"))),
    "mod": only_if(re.compile("<!E")),
    "tag": only_if(re.compile("<%@")),
    # Many programs have files of these names.
    **dict.fromkeys(
        ("cfg", "service", "socket", "timer", "mount", "automount", "target", "slice", "swap"), only_if(SECTION)
    ),
}


def refine_by_text(media_type: str, extension: str, sample: Sample) -> str | None:
    """The type that the text has under this extension. None if it can't be a file of the type."""
    refine = RULES.get(extension)
    return refine(media_type, sample) if refine else media_type
