"""An authenticator of WebAuthn in software, which also does what no real one would."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 1, 4, 64
ES256 = {1: 2, 3: -7, -1: 1}
"""The first members of a COSE key: elliptic curve, ES256, P-256."""


def text_of(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """Has one passkey."""

    origin: str
    count: int = 0
    verifies: bool = True
    """Whether it asks for a fingerprint or a PIN."""
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    user: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: str, **lies: Any) -> str:
        """What a browser sends for `creation_options`."""
        asked = json.loads(options)
        self.user = asked["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({**ES256, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        data = self._data(asked["rp"]["id"], ATTESTED, **lies)
        data += bytes(16) + len(self.id).to_bytes(2) + self.id + public
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"], **lies)
        return self._answer(clientDataJSON=text_of(client), attestationObject=text_of(attestation))

    def get(self, options: str, **lies: Any) -> str:
        """What a browser sends for `request_options`."""
        asked = json.loads(options)
        self.count += 1
        data = self._data(asked["rpId"], 0, **lies)
        client = self._client("webauthn.get", asked["challenge"], **lies)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        handle = lies.get("handle", self.user)
        return self._answer(
            clientDataJSON=text_of(client),
            authenticatorData=text_of(data),
            signature=text_of(signature),
            userHandle=handle,
        )

    def _data(self, rp: str, flags: int, **lies: Any) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(lies.get("host", rp).encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _client(self, kind: str, asked: str, **lies: Any) -> bytes:
        found = {"type": kind, "challenge": lies.get("challenge", asked), "origin": lies.get("origin", self.origin)}
        return json.dumps({**found, "crossOrigin": False}).encode()

    def _answer(self, **response: str) -> str:
        own = text_of(self.id)
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": response})
