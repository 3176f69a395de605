"""Opaque cursors: where a page begins. Signed for one list, so that nobody makes one up or takes one elsewhere."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from rest_framework.request import Request

from picasso.access.principal import principal_of
from picasso.errors import InvalidField

MAC_BYTES = 15

FORM = "[A-Za-z0-9_-]{24,}"
"""What a cursor looks like, as a regular expression."""

# Parameters that may differ between the pages of one list.
FREE = frozenset({"cursor", "page", "page_size", "count", "token", "format"})


@dataclass(frozen=True, slots=True)
class Position:
    """A row, and whether the page is before or behind it."""

    values: Sequence[str]
    """Of the columns of the order."""
    backwards: bool = False


def encode(request: Request, position: Position) -> str:
    text = json.dumps([int(position.backwards), *position.values], ensure_ascii=False, separators=(",", ":")).encode()
    return as_text(mac(request, text) + text)


def decode(request: Request, cursor: str) -> Position:
    """Raises `InvalidField` for what `encode` did not make for the same list, filters, order, project and owner."""
    found = as_bytes(cursor)
    text = found[MAC_BYTES:]
    if not hmac.compare_digest(mac(request, text), found[:MAC_BYTES]):
        raise InvalidField("cursor", "Use a cursor from an earlier answer, with the same filters and order.")
    backwards, *values = json.loads(text)
    return Position(values, bool(backwards))


def as_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def as_bytes(text: str) -> bytes:
    """Empty for what `as_text` did not make."""
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""
    return found if as_text(found) == text else b""


def mac(request: Request, text: bytes) -> bytes:
    context = json.dumps([1, request.path_info, *owner_of(request), list_of(request)]).encode()
    key = hmac.digest(settings.SECRET_KEY.encode(), b"picasso cursor", "sha256")
    return hmac.digest(key, context + b"\0" + text, "sha256")[:MAC_BYTES]


def owner_of(request: Request) -> tuple[int | None, str | None]:
    principal = principal_of(request.META)
    return principal.project.id if principal.project else None, principal.owner


def list_of(request: Request) -> list[tuple[str, str]]:
    """The filters and the order."""
    return sorted((name, str(value)) for name, value in request.query_params.items() if name not in FREE)
