"""From a URL as somebody wrote it to the one that is requested: with one spelling for each host.

Whatever two readers could understand differently is refused: user names, backslashes, spaces, zone ids.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, urlsplit, urlunsplit

import idna
from yarl import URL

from picasso.outbound.errors import InvalidUrl
from picasso.outbound_rules import Address

MAX_URL = 8192

DEFAULT_PORTS = {"http": 80, "https": 443}

NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*", re.ASCII)

# The last label of such a host makes it an IPv4 address, or nothing (WHATWG URL, "ends in a number").
NUMBER = re.compile(r"(0x[0-9a-f]*|\d+)", re.ASCII)

# Reserved and unreserved characters of RFC 3986, and what is percent-encoded already.
KEPT = "%/:@!$&'()*+,;=~-._?[]"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    url: URL
    """Normalised, without a fragment."""
    host: str
    """In lower case and ASCII, or an address in its one spelling, without brackets."""
    port: int
    address: Address | None
    """If the host is an address."""

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.url.scheme, self.host, self.port


def parse_target(text: str) -> Target:
    """Raises `InvalidUrl`."""
    if len(text) > MAX_URL:
        raise InvalidUrl(f"The URL is longer than {MAX_URL} characters.")
    if re.search(r"[\x00-\x20\x7f\\]", text):
        raise InvalidUrl("The URL has a space, a backslash or a control character.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidUrl from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise InvalidUrl("The URL must begin with http:// or https:// and the name of a host.")
    if "@" in parts.netloc:
        raise InvalidUrl("The URL must not have a user name or a password.")
    if port == 0:
        raise InvalidUrl("The URL has an invalid port.")
    host = parse_host(parts.netloc, parts.hostname)
    path, query = quoted(parts.path), quoted(parts.query)
    url = build(parts.scheme, host, port, path or "/", query)
    return Target(url, str(host), port or DEFAULT_PORTS[parts.scheme], None if isinstance(host, str) else host)


def quoted(text: str) -> str:
    """Raises `InvalidUrl`. Bytes of a Location that are not UTF-8 stay what they are, as in browsers."""
    try:
        return quote(text, safe=KEPT, errors="surrogateescape")
    except UnicodeEncodeError:
        raise InvalidUrl from None


def build(scheme: str, host: str | Address, port: int | None, path: str, query: str) -> URL:
    netloc = f"[{host}]" if isinstance(host, IPv6Address) else str(host)
    netloc += f":{port}" if port else ""
    try:
        return URL(urlunsplit((scheme, netloc, path, query, "")), encoded=True)
    except ValueError:
        raise InvalidUrl from None


def parse_host(netloc: str, host: str) -> str | Address:
    """A name or an address. Raises `InvalidUrl`."""
    if netloc.startswith("["):
        return parse_ipv6(host)
    ascii_host = to_ascii(host).removesuffix(".")
    if NUMBER.fullmatch(ascii_host.rsplit(".", 1)[-1]):
        return parse_ipv4(ascii_host)
    if not NAME.fullmatch(ascii_host):
        raise InvalidUrl("The URL has an invalid host.")
    return ascii_host


def to_ascii(host: str) -> str:
    """Wide digits, ideographic full stops and the like become what they stand for (UTS 46)."""
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(idna.uts46_remap(host, std3_rules=False, transitional=False), strict=False).decode()
    except (idna.IDNAError, UnicodeError):
        raise InvalidUrl("The URL has an invalid host.") from None


def parse_ipv4(text: str) -> IPv4Address:
    """Of one to four numbers, which may be octal or hexadecimal: so the resolver of the system reads them as well."""
    try:
        return IPv4Address(socket.inet_aton(text))
    except (OSError, AddressValueError):
        raise InvalidUrl("The URL has an invalid address.") from None


def parse_ipv6(text: str) -> IPv6Address:
    try:
        if "%" in text:
            raise InvalidUrl("The URL has an address with a zone.")
        return IPv6Address(text)
    except AddressValueError:
        raise InvalidUrl("The URL has an invalid address.") from None
