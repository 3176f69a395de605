"""`docs/types.md`, made from the samples that detection is held to: ``python -m tests.detection.page``."""

from __future__ import annotations

from pathlib import Path

from picasso import detection
from picasso.detection import Window
from picasso.detection.media_types import extensions
from tests.detection.samples import Sample, sections

PAGE = Path(__file__).parents[2] / "docs" / "types.md"

HEAD = """# Types

The {number} media types that are detected, and how. What no rule knows is stored as `application/octet-stream` or
`text/plain`. `python -m tests.detection.page` writes this page from `tests/detection/samples/`; a test holds detection
to a file of each type, with its usual name, with a wrong one and without one.

- **content**: by a signature, or by the text itself.
- **container**: by what the file has inside.
- **name**: the content is text, or a container that several types share, and the extension of the name chooses among
  what it allows. Without the name such a file has the more general type in parentheses.

libmagic knows some 270 rarer types, which are stored under its names.

A type has the name that IANA registered, else the one that is used most; `audio/wav`, `video/x-msvideo` and
`video/x-matroska` keep the names by which browsers know them. Other names of a type that clients declare count as the
same type.

`facts.file` of each file has the word in bold as `detected_by`, and the `charset` of text if its first bytes show it:
a mark, a declaration, UTF-8, or ASCII alone in a file of up to 64 KiB. `declared_type_matches` is also true if the
declared type is a right but more general one (`application/zip` for a DOCX, `text/plain` for source code, but not for
a web page), if only the tracks differ (`video/webm` for sound alone), and for what Windows declares by the extension
(`application/vnd.ms-excel` for CSV). It is null if nothing was declared, or `application/octet-stream`.
"""


def page() -> str:
    number = len({each.media_type for _, samples in sections() for each in samples})
    return HEAD.format(number=number) + "".join(section(title, samples) for title, samples in sections())


def section(title: str, samples: tuple[Sample, ...]) -> str:
    rows = dict.fromkeys(map(row, sorted(samples, key=lambda each: each.media_type)))
    return f"\n## {title}\n\n| type | extensions | detected by |\n| --- | --- | --- |\n" + "".join(rows)


def row(sample: Sample) -> str:
    detected = detection.detect(Window.of_bytes(sample.content), sample.name)
    by = detected.detected_by + (f" (`{sample.without_name}`)" if sample.without_name else "")
    shown = " ".join(f"`{each}`" for each in extensions(sample.media_type))
    return f"| `{sample.media_type}` | {shown} | {by} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
