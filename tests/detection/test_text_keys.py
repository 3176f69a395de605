"""Keys and certificates behind what programs print about them."""

from __future__ import annotations

import pytest

from picasso.detection import Window, detect
from tests.cases import cases

PLAIN, CERTIFICATE, KEY = "text/plain", "application/pkix-cert", "application/x-x509-key"
SSH, DH = "application/x-ssh-public-key", "application/x-x509-dh-parameters"

CERT = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PRIVATE = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"

KEYS = {
    "a bundle": ("\n# Issuer: CN=a\n# Subject: CN=a\n" + CERT, CERTIFICATE),
    "a bundle with titles": (
        "##\n## Bundle of CA Root Certificates\n##\n\n\nA Root CA\n=========\n" + CERT,
        CERTIFICATE,
    ),
    "lines of DOS": ("# Issuer: CN=a\r\n\r\n" + CERT.replace("\n", "\r\n"), CERTIFICATE),
    "a connection": ("CONNECTED(00000003)\n---\nCertificate chain\n 0 s:CN = a\n" + CERT, CERTIFICATE),
    "a bag": ("Bag Attributes\n    x: 1\nKey Attributes: <No Attributes>\n" + PRIVATE + CERT, KEY),
    "a text": ("Certificate:\n    Data:\n" + "        Version: 3 (0x2)\n" * 400 + CERT, CERTIFICATE),
    "a request": (
        "Certificate Request:\n    Data:\n" + CERT.replace("CERTIFICATE", "CERTIFICATE REQUEST"),
        "application/pkcs10",
    ),
    "a key": ("RSA Private-Key: (2048 bit, 2 primes)\nmodulus:\n" + PRIVATE, KEY),
    "names": ("subject=CN = a\nissuer=CN = b\n" + CERT, CERTIFICATE),
    "parameters": (CERT.replace("CERTIFICATE", "DH PARAMETERS"), DH),
    "parameters and their text": (
        "DH Parameters: (2048 bit)\n".replace(" P", "-P") + CERT.replace("CERTIFICATE", "X9.42 DH PARAMETERS"),
        DH,
    ),
    "PuTTY": ("PuTTY-User-Key-File-2: ssh-rsa\r\nEncryption: none\r\n", "application/x-putty-private-key"),
    "words about armour": ("-----BEGIN CERTIFICATE----- is how it begins\n", PLAIN),
    "words about SSH": ("ssh-rsa is an algorithm\n", PLAIN),
    "words about PuTTY": ("PuTTY-User-Key-File-s are text\n", PLAIN),
    "a page with an example": ("# How to\n\nDo this:\n\n" + CERT, PLAIN),
    "an example": ("Here is a certificate:\n" + CERT, PLAIN),
    "a bag of words": ("Bag Attributes are words\n", PLAIN),
    "signed words": ("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nwords\n", PLAIN),
}


@cases(("text", "media_type"), KEYS.values(), ids=KEYS)
@cases("name", ["", "a.txt", "cacert.pem"])
def test_keys(text: str, media_type: str, name: str) -> None:
    assert detect(Window.of_bytes(text.encode()), name).media_type == media_type


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 a@b\n", SSH),
        ("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY=\n", SSH),
        ("sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t\n", SSH),
        ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3Nz\n---- END SSH2 PUBLIC KEY ----\n", SSH),
        ("ssh-rsa is an algorithm\n", PLAIN),
        ("words\n", PLAIN),
    ],
)
def test_a_key_of_ssh_needs_its_name(text: str, media_type: str) -> None:
    assert detect(Window.of_bytes(text.encode()), "id.pub").media_type == media_type
    assert detect(Window.of_bytes(text.encode()), "ssh-public-key.txt").media_type == PLAIN
