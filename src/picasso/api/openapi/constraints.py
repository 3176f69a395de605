"""What values of parameters and bodies may be, where drf-spectacular can't see it from the views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picasso import addresses
from picasso.access.owners import MAX_OWNER
from picasso.api.openapi.installation import pipeline_names
from picasso.events.filter import MAX_PAGE, MAX_PATTERNS, MAX_WAIT
from picasso.events.types import FAMILIES, TYPES
from picasso.metadata import MAX_TAG
from picasso.query_values import MAX_NUMBER, MAX_TEXT

NO_NUL = r"^[^\x00]*$"


def line(longest: int = MAX_TEXT) -> dict[str, Any]:
    """A text without a line break, which stands between several values of a filter."""
    return {**text(longest), "pattern": r"^[^\x00\n]*$"}


def text(longest: int = MAX_TEXT) -> dict[str, Any]:
    return {"minLength": 1, "maxLength": longest, "pattern": NO_NUL}


def number(least: int, most: int = MAX_NUMBER) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


CONTROL = r"\x00-\x1f\x7f-\x9f"
TAG = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_TAG,
    "pattern": rf"^[^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*$",
}
PRINTABLE = r"^[ \p{L}\p{M}\p{N}\p{P}\p{S}]+$"
"""As `str.isprintable`: no control characters, and no spaces but the one. By categories of Unicode, as in ECMA-262."""
NAMES_OF_TYPES = "|".join(name.replace(".", r"\.") for name in TYPES)
ONE_TYPE = rf"({NAMES_OF_TYPES}|({'|'.join(sorted(FAMILIES))})\.\*|\*)"
"""Of an event, or of several: ``file.processed``, ``file.*``, ``*``."""

TYPE = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/(\*|[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*)"

PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "owner": {"minLength": 1, "maxLength": MAX_OWNER, "pattern": PRINTABLE},
    **{name: line(64) for name in ("processor", "pipeline", "error")},
    **{name: text() for name in ("action", "actor", "target", "address")},
    "name": line(255),
    "after": number(0),
    "limit": number(1, MAX_PAGE),
    "wait": number(0, MAX_WAIT),
    "size_min": number(0),
    "size_max": number(0),
    "sha256": {"pattern": "^[0-9A-Fa-f]{64}$"},
    "type": {"pattern": f"^{ONE_TYPE}(,{ONE_TYPE}){{0,{MAX_PATTERNS - 1}}}$"},
    "media_type": {"pattern": f"^{TYPE}(,{TYPE}){{0,9}}$"},
}
"""Of parameters that are not in paths, by name."""


def of_parameter(path: str, parameter: Mapping[str, Any]) -> dict[str, Any]:
    """Its schema with all constraints."""
    if parameter["name"] == "pipeline" and path.startswith((addresses.UPLOAD, addresses.UPLOADS)):
        return {"type": "string", **pipeline_names()}
    known = {} if parameter["in"] == "path" or "enum" in parameter["schema"] else PARAMETERS.get(parameter["name"], {})
    # A list in one parameter: without a value it is one empty word.
    least = {"minItems": 1} if parameter["schema"].get("type") == "array" else {}
    return {**known, **least, **parameter["schema"]}
