"""Paths and URLs are made in one module."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest

import picasso
from picasso import addresses
from picasso.models import Derivative, File
from picasso.serializers import Links

SOURCE = Path(picasso.__file__).parent

ID = uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("/api/v1.0/upload", ""),
        ("/api/v1.0/upload/", ""),
        ("/api/v1.0/upload/a name", "a name"),
        ("/api/v1.0/upload/a/", "a/"),
        ("/api/v1.0/uploads/", None),
        ("/api/v1.0/uploads", None),
        ("/api/v1.0/", None),
        ("/", None),
    ],
)
def test_a_path_below_another(path: str, rest: str | None) -> None:
    assert addresses.below(addresses.UPLOAD, path) == rest


def test_urls_begin_with_the_base_and_quote_names() -> None:
    base = addresses.base_url("", "https", "example.com", "/picasso")
    assert addresses.file_url(base, ID) == f"https://example.com/picasso/api/v1.0/files/{ID}/"
    assert addresses.upload_url(base, ID) == f"https://example.com/picasso/api/v1.0/uploads/{ID}"
    key = "image/png/57/x/a b?.png"
    assert addresses.download_path(ID, key) == f"/files/{ID}/a b?.png"
    file, links = File(id=ID, key=key), Links(base, signer=None)
    assert links.original(file) == f"https://example.com/picasso/files/{ID}/a%20b%3F.png"
    made = links.derivative(file, Derivative(file=file, processor="image", key=key))
    assert made == f"https://example.com/picasso/files/{ID}/derived/image/a%20b%3F.png"


def test_the_public_url_overrides_what_a_request_says() -> None:
    assert addresses.base_url("https://files.example.com", "http", "10.0.0.1", "/x") == "https://files.example.com"


@pytest.mark.parametrize("words", [r"api/v1", r"[\"']/files", r"[\"']/(healthz|readyz|admin)", r'"quick", "heavy"'])
def test_paths_and_queues_are_spelled_once(words: str) -> None:
    home = {"addresses.py", "queue_names.py"}
    # The JavaScript client is a program of its own, like that of Python; the elements are made from it.
    static = SOURCE / "static" / "picasso"
    clients = {*(static / "client").rglob("*.js"), static / "elements.js"}
    paths = [path for kind in ("py", "js", "html") for path in SOURCE.rglob(f"*.{kind}") if path not in clients]
    texts = {path: path.read_text() for path in paths}
    code = {path: re.sub(r'""".*?"""', "", text, flags=re.DOTALL) for path, text in texts.items()}
    assert not [path.name for path, text in code.items() if re.search(words, text) and path.name not in home]
