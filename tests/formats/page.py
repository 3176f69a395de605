"""`docs/formats.md`, made from the table that the tests hold the service to: ``python -m tests.formats.page``."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import tests.formats
from tests.formats import Format

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"

HEAD = """# Formats

The formats that are detected, the facts that are found, and the derivatives that are made, with the
[pipeline](pipelines.md) `default`. `python -m tests.formats.page` writes this page from `tests/formats/`; a test
uploads a real file for each row and compares. Every other file is stored and served as well; it is processed at once,
with the facts that every file has.

A format that can't be decoded fails with `unsupported-format`, a file that needs a password with `protected`, and a
damaged file with `corrupt`. A JPEG, PNG, GIF, WebP, BMP or TIFF that only lacks its end is shown as far as it goes, and
its facts have `truncated: true`; so are most of PPM, PCX, TGA, SGI, Sun raster and FITS. A recording that lacks its end
has `complete: false`; an MP4 whose index stands at the end is `corrupt` without it. The size and the metadata of a
picture are told even if no thumbnail can be made.

Two facts are there only if they apply, and so in no row. `encrypted: true`: the file needs a password, or some of an
archive's entries do (a PDF that has only an owner's password has `opens_without_password: true` as well).
`active_content`: what acts by itself when the file is opened, with `true`, a number or names for each kind. A
[policy](policy.md) can refuse both.
"""


def tables() -> Iterator[tuple[str, tuple[Format, ...]]]:
    """The tables, one for each kind of file."""
    for module in pkgutil.iter_modules(tests.formats.__path__, f"{tests.formats.__name__}."):
        if formats := getattr(import_module(module.name), "FORMATS", ()):
            yield module.name.rpartition(".")[2], formats


def all_formats() -> list[Format]:
    return [each for _, formats in tables() for each in formats]


def page() -> str:
    return HEAD + "".join(section(title, formats) for title, formats in tables())


def section(title: str, formats: tuple[Format, ...]) -> str:
    heading = TITLES.get(title, title.capitalize())
    rows = "".join(map(row, formats))
    return f"\n## {heading}\n| format | type | facts | derivatives | gaps |\n| --- | --- | --- | --- | --- |\n{rows}"


TITLES = {"av": "Video and audio", "pdf": "PDF"}


def row(each: Format) -> str:
    facts = "; ".join(f"{processor}: {', '.join(f'`{key}`' for key in keys)}" for processor, keys in each.facts.items())
    derivatives = ", ".join(f"`{role}`" for role in each.derivatives)
    outcome = f"fails with `{each.error}`" if each.error else facts
    return f"| {each.name} | `{each.media_type}` | {outcome} | {derivatives} | {each.gaps} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
