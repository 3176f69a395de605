"""The media types of a token are kept to at the first bytes, before gigabytes arrive."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from picasso.models import File
from picasso.web.app import WebApp
from tests.flow.access import UPLOAD, UPLOADS, code, new_key, token, with_keys
from tests.flow.asgi import Exchange

pytestmark = pytest.mark.django_db(transaction=True)

GIB = 2**30
EXE = b"MZ" + random.Random(5).randbytes(70_000)


def part(name: str, content: bytes, more: str = "") -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content


HEADS: dict[str, tuple[str, str, dict[str, object]]] = {
    "raw": ("PUT", f"{UPLOAD}a.png", {}),
    "tus": (
        "POST",
        UPLOADS,
        {"tus_resumable": "1.0.0", "upload_length": GIB, "content_type": "application/offset+octet-stream"},
    ),
    "draft": ("POST", UPLOADS, {"upload_complete": "?1", "content_type": "image/png"}),
    "form": ("POST", UPLOAD, {"content_type": "multipart/form-data; boundary=b"}),
}


@pytest.mark.parametrize("way", HEADS)
def test_a_gibibyte_of_another_type_ends_at_its_first_bytes(tmp_path: Path, way: str) -> None:
    key, _ = new_key()
    text = token(key, media_types=["image/*"], owner="ann")

    async def begin(app: WebApp) -> Exchange:
        method, path, headers = HEADS[way]
        bearer = {} if way == "form" else {"authorization": f"Bearer {text}"}
        exchange = Exchange(app, method, path, {"content_length": GIB, **headers, **bearer})
        fields = part("token", text.encode() + b"\r\n") + part("file", b"", '; filename="a.png"')
        exchange.send((fields if way == "form" else b"") + EXE)
        await asyncio.wait_for(exchange.run(), 30)
        return exchange

    assert code(with_keys(tmp_path, begin)) == (415, "type-not-allowed")
    assert not File.everywhere.exists()
    assert not [each for each in tmp_path.rglob("*") if each.is_file() and each.stat().st_size >= 60_000]
