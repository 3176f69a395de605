"""What `picasso up` says, and from upload to result over HTTP on both engines."""

from __future__ import annotations

import hashlib

import pytest

from tests.stack import Stack

pytestmark = pytest.mark.live


def test_text_is_processed(service: Stack) -> None:
    content = b"Guernica\nis in Madrid\n"
    sent = service.upload(content)
    assert sent["state"] in {"pending", "processing", "processed"}
    file = service.settled(sent["id"])
    assert file["processed"] is True
    assert file["facts"]["text"]["lines"] == 2
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert service.client.get(file["file"]).content == content


def test_up_says_where_to_go(embedded: Stack) -> None:
    said = embedded.log.read_text()
    assert f"{embedded.url} " in said
    assert str(embedded.data) in said
    assert "Ctrl-C" in said
