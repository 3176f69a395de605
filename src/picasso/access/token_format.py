"""Reads the outside of a JWT (RFC 7519) before anything in it is believed: bounded in size, depth and members."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, NamedTuple, NoReturn

from picasso.errors import InvalidKey, InvalidToken

MAX_HEADER, MAX_CLAIMS, MAX_SIGNATURE = 512, 4096, 128
"""Characters of each part."""
MAX_OBJECTS = 32
"""Objects and arrays in one part, so also their depth."""

PATTERN = re.compile(
    rf"([A-Za-z0-9_-]{{2,{MAX_HEADER}}})\.([A-Za-z0-9_-]{{2,{MAX_CLAIMS}}})\.[A-Za-z0-9_-]{{1,{MAX_SIGNATURE}}}"
)
KEY_ID = re.compile(r"[0-9A-Za-z]{12}")

# Others could name a key, or a place to fetch one from, or change how the claims are read (RFC 8725 §3.10).
HEADER_FIELDS = frozenset({"alg", "kid", "typ"})


class ParsedToken(NamedTuple):
    """Nothing of it is verified."""

    key_id: str
    algorithm: str
    claims: dict[str, Any]
    signed: str
    """The part that the signature is over."""


def parse(text: str) -> ParsedToken:
    """Raises `InvalidToken`, `InvalidKey`."""
    if text.strip("\"'").startswith("pk_"):
        raise InvalidKey("This is a key in quotes. Send it as it is: `Authorization: Bearer pk_…`.")
    match = PATTERN.fullmatch(text)
    if not match and "." not in text and not text.startswith("ey"):
        raise InvalidToken("This is neither a key (pk_…) nor a token.")
    if not match:
        raise InvalidToken("This is not a token: it was cut, or it is too long.")
    header = json_object(match[1])
    key_id, algorithm = header.get("kid"), header.get("alg")
    if header.keys() - HEADER_FIELDS or header.get("typ", "JWT") != "JWT":
        raise InvalidToken("The header of a token has `alg`, `kid` and `typ` (JWT) only.")
    if isinstance(key_id, str) and key_id.startswith("pk_"):
        raise InvalidToken("`kid` is the id of a key without pk_: the 12 characters after it.")
    if not isinstance(key_id, str) or not KEY_ID.fullmatch(key_id) or not isinstance(algorithm, str):
        raise InvalidToken("The header of a token needs `alg`, and in `kid` the id of a key.")
    return ParsedToken(key_id, algorithm, json_object(match[2]), text.rpartition(".")[0])


def json_object(part: str) -> dict[str, Any]:
    """Raises `InvalidToken` also for names that occur twice: parsers disagree about which one counts."""
    try:
        data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        if data.count(b"{") + data.count(b"[") > MAX_OBJECTS:
            raise InvalidToken("The token is nested too deeply.")
        found = json.loads(data.decode(), object_pairs_hook=unique, parse_constant=refuse_constant)
    except ValueError:
        raise InvalidToken("A part of the token is not JSON in base64url, or names something twice.") from None
    if not isinstance(found, dict):
        raise InvalidToken("A part of the token is not a JSON object.")
    return found


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
