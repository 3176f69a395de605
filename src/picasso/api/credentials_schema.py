"""The credentials in the OpenAPI document: which there are, and which each operation takes. See docs/access.md."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from picasso import addresses
from picasso.api.upload_schema import header, problems

SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key (`pk_…`) of a server, or a token (a JWT) for a browser or an app. A token may also "
        "be in the query, as `token`. A service with open access needs no credential.",
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

CREDENTIALS: list[dict[str, list[str]]] = [{"bearer": []}, {"session": []}]
"""One of them is enough."""

LINK_OR_NOTHING: list[dict[str, list[str]]] = [{"link": []}, {}]
"""For the bytes of files: public ones are for everybody."""

FOR_EVERYBODY = frozenset({addresses.SCHEMA})
"""Besides the health checks."""

OWNER = header("Picasso-Owner", "With a key: act for this end user of the application only (UTF-8).", maxLength=255)
PROJECT = header(
    "Picasso-Project",
    "The name of the project, for a key with `service:admin` and for people in several projects.",
    maxLength=64,
)

REFUSED = problems(
    s400="Something is malformed.",
    s401="The credential is missing or not valid.",
    s403="The credential does not allow this.",
    s404="There is no such thing, or it is of another project or owner.",
)


def with_credentials(path: str, operation: dict[str, Any]) -> dict[str, Any]:
    """The operation with what it takes to say who asks, and the answers to wrong credentials."""
    if path in FOR_EVERYBODY:
        return {**operation, "security": []}
    links = LINK_OR_NOTHING if path.startswith(addresses.DOWNLOADS) else []
    return {
        **operation,
        "parameters": [*operation.get("parameters", []), OWNER, PROJECT],
        "security": [*CREDENTIALS, *links],
        "responses": dict(sorted({**REFUSED, **operation["responses"]}.items())),
    }
