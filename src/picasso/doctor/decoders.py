"""What detects and decodes files: libmagic, the libraries of the processors, fonts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from picasso.detection import libmagic
from picasso.doctor.finding import Finding, Installation, fault, ok, warning
from picasso.process import registry

SAMPLES = {b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0": "image/png", b"%PDF-1.7\n": "application/pdf"}

FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/opt/homebrew/share")
FONTS = frozenset({".ttf", ".otf", ".ttc", ".pfb"})


def check(installation: Installation) -> Iterator[Finding]:
    yield from magic()
    if installation.conf.assume_decoders:
        yield ok("decoders", "PICASSO_ASSUME_DECODERS is on: the workers run elsewhere. Run this there, too.")
        return
    yield from processors()
    yield from fonts()


def magic() -> Iterator[Finding]:
    wrong = [right for head, right in SAMPLES.items() if libmagic.ask(head) != right]
    if wrong:
        what = f"libmagic does not know {' and '.join(wrong)}."
        yield fault("libmagic", what, "Install pylibmagic again, without a database of its own in MAGIC.", "types.md")
    else:
        yield ok("libmagic", "libmagic knows its types.")


def processors() -> Iterator[Finding]:
    for name, lacking in registry.unavailable().items():
        what = f"The processor {name} is off, because {', '.join(lacking.modules)} is missing."
        change = f"Run `pip install '{lacking.requirement}'`."
        yield warning("decoders", what, change, "processors.md#libraries-of-the-built-in-processors")
    yield ok("decoders", f"{len(registry.processors())} processors have their libraries.")


def fonts(folders: tuple[str, ...] = FONT_FOLDERS) -> Iterator[Finding]:
    if any(has_font(Path(folder).expanduser()) for folder in folders):
        yield ok("fonts", "There are fonts.")
    else:
        what = "There are no fonts: pictures of SVG and of PDF without fonts of their own have no text."
        yield warning("fonts", what, "Install some, such as fonts-dejavu-core.", "troubleshooting.md")


def has_font(folder: Path) -> bool:
    return any(Path(name).suffix.lower() in FONTS for _, _, names in os.walk(folder) for name in names)
