"""Build the elements for pages into one module: ``python -m tests.clients.elements``, or `make elements`."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from tests.clients.node import JS, node

STATIC = Path(__file__).parents[2] / "src/picasso/static/picasso"
SOURCE = STATIC / "client/elements/index.js"
BUILT = STATIC / "elements.js"
BANNER = "/*! Elements of Picasso. Apache-2.0. `make elements` builds this from clients/js/elements. */"


@cache
def build() -> bytes:
    """The module with all that it imports."""
    argv = [node(), str(JS / "node_modules/esbuild/bin/esbuild"), str(SOURCE), "--bundle", "--format=esm", "--minify"]
    argv += ["--target=es2022", "--charset=utf8", f"--banner:js={BANNER}", "--log-level=error"]
    return subprocess.run(argv, capture_output=True, check=True).stdout


if __name__ == "__main__":
    BUILT.write_bytes(build())
