"""The credentials in the OpenAPI document: which there are, and which each operation takes. See docs/access.md."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from picasso import addresses
from picasso.access.principal import Scope
from picasso.api.openapi.parts import header

SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key (`pk_…`) of a server, or a token (a JWT) for a browser or an app. "
        "Where no header can be sent, a token may be the parameter `token` of the query instead. "
        "A service with open access needs no credential.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": settings.SESSION_COOKIE_NAME,
        "description": f"The session of a person who has signed in at `{addresses.SIGN_IN}`.",
    },
    "link": {
        "type": "apiKey",
        "in": "query",
        "name": "signature",
        "description": "The signed address of a private file, as answers have it. `expires` belongs to it.",
    },
}

FOR_EVERYBODY = frozenset(
    {
        addresses.HOME,
        addresses.API,
        addresses.SCHEMA,
        addresses.DOCS,
        addresses.ERROR_CODES,
        addresses.ALIVE,
        addresses.READY,
    }
)

LANGUAGE = header("Accept-Language", "The language of sentences: `en` or `ru`.", example="en")
OWNER = header(
    "Picasso-Owner",
    "With a key: act for this end user of the application only. Printable characters, in UTF-8.",
    minLength=1,
    maxLength=255,
    pattern=r"^[!-~]([ -~]*[!-~])?$",
    example="user-17",
)
PROJECT = header(
    "Picasso-Project",
    "The name of the project, for a key with `service:admin` and for people in several projects.",
    pattern=r"^[-a-zA-Z0-9_]{1,64}$",
    example="default",
)


def security(path: str, method: str, scope: Scope | None) -> list[dict[str, list[str]]]:
    """What a request needs: any one of these. A scope is what the key, the token or the person must have."""
    if path in FOR_EVERYBODY:
        return []
    scopes = [str(scope)] if scope else []
    # The bytes of public files are for everybody, and links are for whoever has them.
    links: list[dict[str, list[str]]] = [{"link": []}] if path.startswith(addresses.DOWNLOADS) else []
    is_open = links or settings.PICASSO.access == "open" or (method == "options" and tells_everybody(path))
    everybody: list[dict[str, list[str]]] = [{}] if is_open else []
    return [{"bearer": scopes}, {"session": scopes}, *links, *everybody]


def tells_everybody(path: str) -> bool:
    """Whether OPTIONS needs no credential: where not the address but what is sent decides what one may."""
    return path.startswith((addresses.UPLOAD, addresses.UPLOADS, addresses.ME, addresses.TOKENS))


def parameters(path: str) -> list[dict[str, Any]]:
    return [LANGUAGE] if path in FOR_EVERYBODY else [LANGUAGE, OWNER, PROJECT]
