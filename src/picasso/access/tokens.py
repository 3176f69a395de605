"""Upload tokens: JWTs (RFC 7519, RFC 8725) of a key, for browsers and apps. See ``docs/access.md``.

A token is made by the service, or signed by the application itself. It never has more than its key, and ends with it.

The libraries are imported where they are used: they take a fifth of a second, and many processes never need them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from django.conf import settings

from picasso.access import token_format
from picasso.access.authenticate import Cache, Credentials
from picasso.access.claims import ClaimError, Claims, parse_claims
from picasso.access.keys import KnownKey, within
from picasso.access.principal import Principal
from picasso.access.token_format import ParsedToken
from picasso.errors import BadRequest, ExpiredToken, InvalidToken, NetworkNotAllowed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

AUDIENCE = "picasso"
MAX_SECONDS = 86_400
"""A token is valid for so long at most."""
LEEWAY = 60
"""Seconds by which clocks may differ."""
MAX_KNOWN = 10_000

IN_QUERY = re.compile(r"(?:^|&)token=([^&]*)")

# One sentence for a wrong signature, an unknown key and another algorithm, so that nobody learns which keys exist.
WRONG = "The token is not signed with a key of this service."


def prepare() -> None:
    """Load the libraries, so that the first token need not wait for them."""
    for module in ("jwt", "cryptography.hazmat.primitives.serialization"):
        import_module(module)


def signing_secret(key_id: str) -> str:
    """With which an application signs tokens of its key by HS256: the bytes of this text are the secret.

    It is derived (HMAC as a key derivation function), so that the database has no copy of it.
    """
    secret = hmac.digest(settings.SECRET_KEY.encode(), b"picasso token signing 1 " + key_id.encode(), "sha256")
    return f"ps_{key_id}_{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"


def sign(key_id: str, claims: Mapping[str, object]) -> str:
    import jwt

    return jwt.encode(dict(claims), signing_secret(key_id), "HS256", headers={"kid": key_id})


def new_token_id() -> str:
    return uuid.uuid4().hex


@lru_cache(maxsize=256)
def parse_public_key(pem: str) -> Ed25519PublicKey:
    """Raises `ValueError`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("must be a public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("must be an Ed25519 key")  # noqa: TRY004 - of the text
    return key


def verification_key(algorithm: str, key: KnownKey) -> str | Ed25519PublicKey:
    """The algorithm chooses the secret, so a public key is never taken for one. Raises `InvalidToken`."""
    if algorithm == "HS256":
        return signing_secret(key.id)
    if algorithm == "EdDSA" and key.public_key:
        try:
            return parse_public_key(key.public_key)
        except ValueError:
            pass  # written past the API
    raise InvalidToken(WRONG)


def verify(text: str, parsed: ParsedToken, key: KnownKey) -> Claims:
    """Raises `InvalidToken`, `ExpiredToken`."""
    import jwt

    secret = verification_key(parsed.algorithm, key)
    options: Any = {"require": ["exp", "aud"]}
    try:
        # Seconds are compared again below, and each time the token is used.
        jwt.decode(text, secret, [parsed.algorithm], options, audience=AUDIENCE, leeway=LEEWAY)
        claims = parse_claims(parsed.claims, lambda jti: identity_of(key, parsed, jti))
    except jwt.ExpiredSignatureError:
        raise ExpiredToken from None
    except jwt.ImmatureSignatureError:
        raise InvalidToken("The token is not valid yet.") from None
    except (jwt.InvalidSignatureError, jwt.DecodeError):
        raise InvalidToken(WRONG) from None
    except (jwt.PyJWTError, ClaimError) as fault:
        raise InvalidToken(str(fault)) from None
    except (ValueError, TypeError, OverflowError):
        raise InvalidToken from None
    if claims.project not in {None, key.project.name}:
        raise InvalidToken("The token is for another project than its key.")
    if claims.expires_at > time.time() + MAX_SECONDS + LEEWAY:
        raise InvalidToken("exp is more than 24 hours ahead.")
    return claims


def identity_of(key: KnownKey, parsed: ParsedToken, jti: str) -> str:
    """A hash, because ``jti`` may be longer than a column. Without it: of what was signed.

    The text of a signature would not do: its last character has bits that do not count.
    """
    return hashlib.sha256(f"{key.lineage} {jti or parsed.signed}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token that was verified, with the state of its key then."""

    claims: Claims
    key: KnownKey
    principal: Principal


class BearerTokens:
    """``Authorization: Bearer`` with a JWT, or ``?token=``."""

    def __init__(self, keys: Cache[KnownKey | None]) -> None:
        self._keys = keys
        self._known: OrderedDict[bytes, tuple[str, KnownToken]] = OrderedDict()

    async def principal(self, credentials: Credentials) -> Principal | None:
        """Raises `Unauthorized`, `BadRequest` for a request with two credentials."""
        token = token_in(credentials)
        return await self._of_token(token, credentials.address) if token else None

    async def _of_token(self, text: str, address: str) -> Principal:
        """Raises `Unauthorized`, `NetworkNotAllowed`."""
        name = hashlib.sha256(text.encode(errors="replace")).digest()  # memory has no copy of the token
        key_id, known = self._known.get(name, ("", None))
        parsed = None if known else token_format.parse(text)
        key = await self._keys.get(parsed.key_id if parsed else key_id)
        if key is None:
            raise InvalidToken(WRONG)
        if known is None or known.key is not key:
            known = self._verified(text, parsed, key, known)
            self._remember(name, key.id, known)
        now = time.time()
        if known.claims.expires_at + LEEWAY < now:
            raise ExpiredToken
        if known.claims.not_before - LEEWAY > now:
            raise InvalidToken("The token is not valid yet.")
        key.require_valid()
        # Not those of the key: its tokens are for browsers, which are elsewhere.
        if known.claims.networks and not within(address, known.claims.networks):
            raise NetworkNotAllowed
        return known.principal

    def _verified(self, text: str, parsed: ParsedToken | None, key: KnownKey, known: KnownToken | None) -> KnownToken:
        if known and (known.key.public_key, known.key.project.name) == (key.public_key, key.project.name):
            claims = known.claims  # the key was read again, and verifies what it has verified before
        else:
            claims = verify(text, parsed or token_format.parse(text), key)
        return KnownToken(claims, key, principal_with(claims, key))

    def _remember(self, name: bytes, key_id: str, known: KnownToken) -> None:
        self._known[name] = key_id, known
        self._known.move_to_end(name)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)


def principal_with(claims: Claims, key: KnownKey) -> Principal:
    """An owner's tokens follow each other, so an upload belongs to the owner and not to one of them."""
    name = f"token:{claims.limits.token}"
    return Principal(
        "token",
        key.project,
        claims.scopes & key.scopes,
        owner=claims.owner,
        identity=name if claims.owner is None else f"owner:{claims.owner}",
        limits=claims.limits,
        credential=name,
        key_id=key.id,
    )


def token_in(credentials: Credentials) -> str:
    """The token of a request; empty without one. Raises `BadRequest` for two credentials, `InvalidToken`."""
    bearer = "" if credentials.bearer.startswith("pk_") else credentials.bearer
    found = IN_QUERY.findall(credentials.query) if "token=" in credentials.query else []
    if not found:
        return bearer
    if len(found) > 1 or credentials.authorization:
        raise BadRequest("Send one credential only: either `Authorization`, or `token` once.")
    token = unquote(found[0])
    if token.strip("\"'").startswith("pk_"):
        raise InvalidToken("A key must not be in an address: it is the secret of a server. Use a token, or the header.")
    return token
