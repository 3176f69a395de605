"""The library of Standard Webhooks for JavaScript verifies what is sent."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from picasso.webhooks import signing
from tests.clients.node import running

pytestmark = pytest.mark.usefixtures("javascript")

BODY = json.dumps({"type": "file.processed", "data": {"name": "Straße \U0001f3a8.txt"}}, ensure_ascii=False)


def verify(secret: str, headers: dict[str, str], body: str = BODY) -> dict[str, Any]:
    asked = json.dumps({"secret": secret, "headers": headers, "body": body})
    with running("webhooks.mjs", asked) as program:
        (last,) = program.said()
    return last


def test_both_secrets_verify_while_one_replaces_the_other() -> None:
    new, old, other = (signing.new_secret() for _ in range(3))
    headers = signing.headers([new, old], "msg_1", int(time.time()), BODY.encode())
    assert len(headers["webhook-signature"].split()) == 2
    assert verify(new, headers) == verify(old, headers) == {"body": json.loads(BODY)}
    assert "No matching signature" in verify(other, headers)["error"]
    assert "No matching signature" in verify(new, headers, BODY + " ")["error"]
    assert "too old" in verify(new, signing.headers([new], "msg_1", int(time.time()) - 600, BODY.encode()))["error"]
