"""Certificates, keys and signed messages in ASN.1 (X.690), by the types of their elements.

Nothing of them has a signature. What is certain is the structure of the first levels, and that the outermost element
is as long as the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from picasso.detection.window import Window

CERTIFICATE, CRL, REQUEST = "application/pkix-cert", "application/pkix-crl", "application/pkcs10"
PATH = "application/pkix-pkipath"
KEY, PRIVATE_KEY, ENCRYPTED_KEY = "application/x-x509-key", "application/pkcs8", "application/pkcs8-encrypted"
MESSAGE, SIGNATURE = "application/pkcs7-mime", "application/pkcs7-signature"
CERTIFICATES, STORE = "application/x-pkcs7-certificates", "application/pkcs12"
TIME_QUERY, TIME_REPLY = "application/timestamp-query", "application/timestamp-reply"
OCSP_RESPONSE = "application/ocsp-response"

INTEGER, BIT_STRING, OCTET_STRING, OID, ENUMERATED, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x0A, 0x30, 0x31
TIMES = frozenset((0x17, 0x18))
CONTEXT_0, CONTEXT_1 = 0xA0, 0xA1

PKCS7 = bytes.fromhex("2a864886f70d0107")
SIGNED = PKCS7 + b"\x02"
TIMESTAMPED = bytes.fromhex("2a864886f70d010910011f")
"""RFC 5544, section 2."""

MAX_CHILDREN = 16


@dataclass(frozen=True, slots=True)
class Element:
    tag: int
    start: int
    """Of its content."""
    end: int


def detect_asn1(window: Window) -> str | None:
    """None unless the file is one SEQUENCE, and one of those that are known here."""
    outer = _element(window, 0, window.size)
    if outer is None or outer.tag != SEQUENCE or not window.size - 2 <= outer.end <= window.size:
        return None
    children = list(_children(window, outer))
    tags = tuple(each.tag for each in children)
    read = BY_TAGS.get(tags) or BY_FIRST_TAGS.get(tags[:2]) or _integers_or_path
    return read(window, children)


def _signed(window: Window, children: list[Element]) -> str | None:
    """A certificate, a list of revoked ones, or a request (RFC 5280, 4.1 and 5.1; RFC 2986, 4)."""
    tags = [each.tag for each in _children(window, children[0])]
    if tags[:1] == [CONTEXT_0]:
        tags = tags[1:]
    if tags[:5] == [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE]:
        return CERTIFICATE
    if tags[:3] == [INTEGER, SEQUENCE, SEQUENCE] and tags[3:4] in ([], [CONTEXT_0]):
        return REQUEST
    if tags[:1] == [INTEGER]:
        tags = tags[1:]
    return CRL if tags[:2] == [SEQUENCE, SEQUENCE] and len(tags) > 2 and tags[2] in TIMES else None


def _message(window: Window, children: list[Element]) -> str | None:
    """PKCS #7 and CMS (RFC 5652, section 3)."""
    identifier = _content(window, children[0])
    if identifier == TIMESTAMPED:
        return "application/timestamped-data"
    if not identifier.startswith(PKCS7):
        return None
    inner = next(_children(window, children[1]), None)
    return _signed_data(window, inner) if identifier == SIGNED and inner else MESSAGE


def _signed_data(window: Window, data: Element) -> str:
    """A signature, with what is signed or without; or certificates alone, without signers (RFC 5652, section 5.1)."""
    parts = list(_children(window, data))
    signed = next((each for each in parts if each.tag == SEQUENCE), None)
    has_content = signed is None or len(list(_children(window, signed))) > 1
    has_signers = parts and parts[-1].tag == SET and next(_children(window, parts[-1]), None) is not None
    return SIGNATURE if has_content or has_signers else CERTIFICATES


def _key_and_more(window: Window, children: list[Element]) -> str | None:
    """PKCS #8 (RFC 5208), PKCS #12 (RFC 7292), or the request of a time stamp (RFC 3161, 2.4.1)."""
    version = _content(window, children[0])
    if len(children) > 2 and children[2].tag == OCTET_STRING:
        return PRIVATE_KEY if _begins_with(window, children[1], OID) else None
    if version == b"\3":
        return STORE if _begins_with(window, children[1], OID) else None
    return TIME_QUERY if version == b"\1" and _begins_with(window, children[1], SEQUENCE) else None


def _elliptic_key(window: Window, children: list[Element]) -> str | None:
    """RFC 5915, section 3."""
    others = {each.tag for each in children[2:]}
    return KEY if _content(window, children[0]) == b"\1" and others <= {CONTEXT_0, CONTEXT_1} else None


def _encrypted_key(window: Window, children: list[Element]) -> str | None:
    return ENCRYPTED_KEY if _begins_with(window, children[0], OID) else None


def _public_key(window: Window, children: list[Element]) -> str | None:
    return KEY if _begins_with(window, children[0], OID) else None


def _reply_or_path(window: Window, children: list[Element]) -> str | None:
    """A reply of a time-stamp authority (RFC 3161, 2.4.2), or two certificates in a row."""
    first, second = children
    if _begins_with(window, first, INTEGER) and _begins_with(window, second, OID):
        return TIME_REPLY
    return _integers_or_path(window, children)


def _integers_or_path(window: Window, children: list[Element]) -> str | None:
    """An RSA or DSA key (RFC 8017, A.1), or certificates in a row (X.509, ``PkiPath``)."""
    tags = {each.tag for each in children}
    if tags == {INTEGER} and len(children) in {2, 6, 9}:
        return KEY
    is_path = tags == {SEQUENCE} and all(
        [each.tag for each in _children(window, child)] == [SEQUENCE, SEQUENCE, BIT_STRING] for child in children
    )
    return PATH if is_path else None


def _begins_with(window: Window, parent: Element, tag: int) -> bool:
    first = next(_children(window, parent), None)
    return first is not None and first.tag == tag


def _content(window: Window, element: Element) -> bytes:
    return window.at(element.start, min(element.end - element.start, 16))


def _children(window: Window, parent: Element) -> Iterator[Element]:
    position = parent.start
    for _ in range(MAX_CHILDREN):
        element = _element(window, position, parent.end)
        if element is None or element.tag == 0:
            return
        yield element
        position = element.end


def _element(window: Window, position: int, end: int) -> Element | None:
    """The element at an offset; None if it does not fit in. One of indefinite length lasts until the end."""
    header = window.at(position, 8)
    if len(header) < 2 or header[0] & 0x1F == 0x1F or position + 2 > end:
        return None
    length, start = header[1], position + 2
    if length == 0x80:
        return Element(header[0], start, end)
    if length > 0x80:
        count = length & 0x7F
        if count > 4:
            return None
        length, start = int.from_bytes(header[2 : 2 + count], "big"), start + count
    return Element(header[0], start, start + length) if start + length <= end else None


Reader = Callable[[Window, list[Element]], str | None]

# By the tags of the elements on the first level, and by the first two of them.
BY_TAGS: Mapping[tuple[int, ...], Reader] = {
    (SEQUENCE, SEQUENCE, BIT_STRING): _signed,
    (OID, CONTEXT_0): _message,
    (SEQUENCE, OCTET_STRING): _encrypted_key,
    (SEQUENCE, BIT_STRING): _public_key,
    (SEQUENCE, SEQUENCE): _reply_or_path,
    (ENUMERATED, CONTEXT_0): lambda window, children: OCSP_RESPONSE,
}
BY_FIRST_TAGS: Mapping[tuple[int, ...], Reader] = {
    (INTEGER, SEQUENCE): _key_and_more,
    (INTEGER, OCTET_STRING): _elliptic_key,
}
