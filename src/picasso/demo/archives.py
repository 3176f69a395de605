"""Archives: open ones, and one with a password."""

from __future__ import annotations

import io
import tarfile
import zipfile

from picasso.demo import texts

WHEN = (2026, 11, 30, 12, 0, 0)
SECONDS = 1_796_040_000
"""The same in Unix time."""


def zipped() -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tree().items():
            archive.writestr(zipfile.ZipInfo(f"website/{name}", WHEN), content)
    return output.getvalue()


def tree() -> dict[str, bytes]:
    return {
        "index.html": texts.page(),
        "css/site.css": b"body { font: 1rem/1.5 sans-serif; }\n",
        "js/fibonacci.js": b"export const next = ([a, b]) => [b, a + b];\n",
        "data/orders.csv": texts.orders(),
        "docs/notes.md": texts.notes(),
    }


def tarred() -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w:gz") as archive:
        for number in range(1, 25):
            content = f"Backup {number}\n".encode() * number
            entry = tarfile.TarInfo(f"backup/{number // 8}/day-{number:02}.txt")
            entry.size, entry.mtime = len(content), SECONDS
            archive.addfile(entry, io.BytesIO(content))
    return output.getvalue()


def locked() -> bytes:
    import py7zr

    output = io.BytesIO()
    with py7zr.SevenZipFile(output, "w", password="demo", header_encryption=True) as archive:  # noqa: S106 # a demo
        archive.writestr("Nobody can read this.\n", "secret.txt")
    return output.getvalue()
