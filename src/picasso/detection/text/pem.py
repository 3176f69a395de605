"""Keys and certificates in the armour of RFC 7468 and RFC 9580, also behind what OpenSSL prints about them."""

from __future__ import annotations

import re

from picasso.detection.text.sample import Sample

TYPES = {
    **dict.fromkeys(
        ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "CA CERTIFICATE", "ATTRIBUTE CERTIFICATE"),
        "application/pkix-cert",
    ),
    **dict.fromkeys(("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"), "application/pkcs10"),
    "X509 CRL": "application/pkix-crl",
    **dict.fromkeys(("PKCS7", "CMS", "PKCS #7 SIGNED DATA"), "application/pkcs7-mime"),
    "DSA PARAMETERS": "application/x-x509-dsa-parameters",
    "EC PARAMETERS": "application/x-x509-ec-parameters",
    **dict.fromkeys(("DH PARAMETERS", "X9.42 DH PARAMETERS"), "application/x-x509-dh-parameters"),
    "PGP MESSAGE": "application/pgp-encrypted",
    "PGP PUBLIC KEY BLOCK": "application/pgp-keys",
    "PGP PRIVATE KEY BLOCK": "application/pgp-keys",
    "PGP SIGNATURE": "application/pgp-signature",
}
KEY = "application/x-x509-key"

LABEL = r"-----BEGIN ([A-Z0-9 .#]{1,40})-----[ \t]*+(?:\r|\n|\Z)"
BEGINNING = re.compile(LABEL)
LINE = re.compile(rf"(?m)^{LABEL}")

# What programs print before: comments of bundles and the names of their certificates, underlined, or OpenSSL's text.
COMMENTS = re.compile(rf"(?:(?:#[^\n]*+)?+\r?\n|#[^\n]*+\n)*+(?:[^\n]{{1,200}}\n=+\r?\n)?{LABEL}")
OPENSSL = re.compile(
    r"Bag Attributes\s|Key Attributes: |Certificate:\s+Data:|Certificate Request:\s+Data:|Certificate Revocation List"
    r"|subject=|issuer=|CONNECTED\([0-9A-F]{8}\)|depth=\d|[\w-]*? ?(?:Private|Public)-Key: \("
    r"|(?:DH|DSA|EC)-Parameters: \("
)


def pem(sample: Sample) -> str | None:
    """The type of a text that begins with armour."""
    match = BEGINNING.match(sample.text)
    return type_of_label(match[1]) if match else None


def detect_keys(sample: Sample) -> str | None:
    """The type of keys or certificates that other lines precede, or that have no armour."""
    first = sample.text[:1]
    if first == "#":
        match = COMMENTS.match(sample.text)
    elif first in OPENSSL_STARTS and OPENSSL.match(sample.text):
        match = LINE.search(sample.all)
    else:
        return None
    return type_of_label(match[1]) if match else None


OPENSSL_STARTS = frozenset("BKCsidPRDE")


def type_of_label(label: str) -> str | None:
    return TYPES.get(label) or (KEY if label.endswith(("PRIVATE KEY", "PUBLIC KEY")) else None)
