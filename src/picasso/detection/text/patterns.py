"""Text formats that are known by their first statement, which may follow comments."""

from __future__ import annotations

import re

from picasso.detection.text.sample import Sample

ENTRY = (
    "article|book|booklet|conference|inbook|incollection|inproceedings|manual|mastersthesis|misc|online|phdthesis"
    "|proceedings|techreport|unpublished"
)
HASH_COMMENTS = r"(?:#[^\n]*+\n\s*+)*+"
ENTRY_NAME = r"dn:(?:: ?[A-Za-z0-9+/]+={0,2}| ?[\w.-]+=[^\n]*+)\r?\n"  # LDIF, RFC 2849
PERCENT_COMMENTS = r"(?:%[^\n]*+\n\s*+)*+"

# A macro of manuals with its arguments.
MACRO = r"(?:TH +\S+ +[\"\w]|Dd +[$A-Z]|Dt +\S+ +\d|SH +\"?[A-Z]{2}|so +\S+[./]\S+\s*\n)"

# The line after the names of two files.
DIFFERENCE = (
    r"(?:--- \S[^\n]*+\n\+\+\+ |\*\*\* \S[^\n]*+\n--- |index [0-9a-f]"
    r"|(?:old|new|deleted|copy|rename|similarity|dissimilarity) \w+ \S"
    r"|Binary files |Only in |\d+(?:,\d+)?[acd]\d+|diff -|Property changes on)"
)

# The characters that a text of the format begins with, a pattern for its beginning, the media type.
PATTERNS = (
    ("@%", rf"(?i){PERCENT_COMMENTS}@(?:{ENTRY})\s*[{{(]\s*[^\s,{{}}()]*+\s*,", "text/x-bibtex"),
    ("@%", rf"(?i){PERCENT_COMMENTS}@string\s*[{{(]\s*[\w:.-]+\s*=", "text/x-bibtex"),
    ("@%", rf"(?i){PERCENT_COMMENTS}@(?:preamble\s*[{{(]\s*[\"{{]|comment\s*\{{)", "text/x-bibtex"),
    ("\\%", r"\\input texinfo(?:\.tex)?\s", "application/x-texinfo"),
    (
        "\\%",
        rf"{PERCENT_COMMENTS}\\(?:documentclass|documentstyle|NeedsTeXFormat|RequirePackage)\s*[\[{{]",
        "text/x-tex",
    ),
    ("\\%", rf"{PERCENT_COMMENTS}\\(?:begin|section|chapter|usepackage|ProvidesPackage)\*?\s*[\[{{]", "text/x-tex"),
    ("\\%", rf"{PERCENT_COMMENTS}\\input(?:\s*\{{|\s+\S+\s*\n)", "text/x-tex"),
    ("\\%", rf'{PERCENT_COMMENTS}\\version\s+"', "text/x-lilypond"),
    ("@#", rf"{HASH_COMMENTS}@(?:prefix|base)\s+(?:[\w.-]*:\s*)?<[^>\n]*>\s*\.", "text/turtle"),
    ("#m", rf'{HASH_COMMENTS}(?:msgctxt "[^\n]*+\n)?msgid\s+"', "text/x-po"),
    ("#[", rf"{HASH_COMMENTS}\[Desktop Entry\][ \t]*\r?\n", "application/x-desktop"),
    ("#Uu", rf"(?i){HASH_COMMENTS}user-agent:[^\n]*+\n(?:[^\n]*+\n){{0,5}}?\s*+(?:dis)?allow:", "text/x-robots"),
    ("#dv", rf"{HASH_COMMENTS}(?:version: 1\r?\n\s*+)?{ENTRY_NAME}(?: [^\n]*+\n)*+[\w;.-]+:", "application/x-ldif"),
    ("019", r"(?:999\r?\n[^\n]*+\n\s*+)*+0\r?\n\s*SECTION\r?\n", "image/vnd.dxf"),
    (".'", rf"(?:['.]\\\"[^\n]*+\n\s*+)*+\.{MACRO}", "text/troff"),
    ("d", rf"(?:diff --?[\w-]+ [^\n]*+\n)+{DIFFERENCE}", "text/x-diff"),
    ("-", r"--- [^\n]++\n\+\+\+ [^\n]++\n@@ ", "text/x-diff"),
    ("*", r"\*\*\* [^\n]++\n--- [^\n]++\n\*{15}", "text/x-diff"),
    ("I", rf"Index: [^\n]++\n(?:={{20,}}\r?\n|(?:[^\n]*+\n){{0,4}}?{DIFFERENCE})", "text/x-diff"),
    ("@", r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@", "text/x-diff"),
    ("F", r"From [0-9a-f]{40} Mon Sep 17 00:00:00 2001\n", "text/x-diff"),
    ("%G", r"(?:G04 [^*]{0,400}\*\s*|%T[FAO]\.[^%]{0,400}%\s*){0,50}%FS[LT][AI]X", "application/vnd.gerber"),
)
BY_START: dict[str, list[tuple[re.Pattern[str], str]]] = {}
for _starts, _pattern, _media_type in PATTERNS:
    for _character in _starts:
        BY_START.setdefault(_character, []).append((re.compile(_pattern), _media_type))

# IGES has lines of 80 columns: the section's letter in column 73, then the line's number (version 5.3, section 2.2).
IGES = re.compile(r"[^\n]{72}S {0,6}0*1\r?\n")


def detect_by_pattern(sample: Sample) -> str | None:
    for pattern, media_type in BY_START.get(sample.text[:1], ()):
        if pattern.match(sample.text):
            return media_type
    return "model/iges" if IGES.match(sample.start) else None
