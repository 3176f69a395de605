"""Certificates, keys and signed messages in DER."""

from __future__ import annotations

from pathlib import Path

from tests.detection.builders import algorithm, der, integer
from tests.detection.samples import Sample

TITLE = "Certificates and keys"

FILES = Path(__file__).parent / "asn1_files"

RSA, PBES2, SHA1 = "2a864886f70d010101", "2a864886f70d01050d", "2b0e03021a"


def read(name: str) -> bytes:
    """One that OpenSSL wrote."""
    return (FILES / f"{name}.der").read_bytes()


CERTIFICATE = read("certificate")
DIGEST = der(0x30, algorithm(SHA1), der(4, bytes(20)))
MESSAGE = der(0x30, der(6, bytes.fromhex("2a864886f70d010701")), der(0xA0, der(4, bytes(300))))
SIGNED = der(0x30, der(6, bytes.fromhex("2a864886f70d010702")), der(0xA0, der(0x30, integer(3))))
ENVELOPED = der(0x30, der(6, bytes.fromhex("2a864886f70d010703")), der(0xA0, der(0x30, integer(0))))
TIMESTAMPED = der(0x30, der(6, bytes.fromhex("2a864886f70d010910011f")), der(0xA0, der(0x30, integer(1))))

SAMPLES = (
    Sample("application/pkix-cert", "a.cer", CERTIFICATE),
    Sample("application/pkix-crl", "a.crl", read("revoked")),
    Sample("application/pkix-pkipath", "a.pkipath", der(0x30, CERTIFICATE, CERTIFICATE)),
    Sample("application/pkcs10", "a.csr", read("request")),
    Sample("application/pkcs7-mime", "a.p7m", ENVELOPED),
    Sample("application/pkcs7-signature", "a.p7m", read("message")),
    Sample("application/timestamped-data", "a.tsd", TIMESTAMPED),
    Sample("application/pkcs7-signature", "a.p7s", read("signature")),
    Sample("application/x-pkcs7-certificates", "a.p7b", read("certificates")),
    Sample("application/pkcs8", "a.p8", der(0x30, integer(0), algorithm(RSA), der(4, bytes(200)))),
    Sample("application/pkcs8-encrypted", "a.p8e", der(0x30, algorithm(PBES2), der(4, bytes(200)))),
    Sample("application/pkcs12", "a.p12", der(0x30, integer(3), MESSAGE, der(0x30, DIGEST, der(4, bytes(8))))),
    Sample("application/x-x509-key", "a.key", der(0x30, *map(integer, (0, 2**512, 65537, 3, 5, 7, 9, 11, 13)))),
    Sample("application/x-x509-key", "a", der(0x30, algorithm(RSA), der(3, bytes(140)))),
    Sample("application/timestamp-query", "a.tsq", read("query")),
    Sample("application/timestamp-reply", "a.tsr", der(0x30, der(0x30, integer(0)), SIGNED)),
    Sample("application/ocsp-response", "a.ors", der(0x30, der(0x0A, b"\0"), der(0xA0, der(0x30, bytes(60))))),
)
