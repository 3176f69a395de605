"""The client's address, scheme, host and path prefix, as trusted proxies report them in headers.

They replace the connection's own values in the ASGI scope, so that the rest of the code need not know about proxies.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from itertools import takewhile
from urllib.parse import urlsplit

from django.http.request import split_domain_port

from picasso.conf import clean_path
from picasso.errors import BadRequest
from picasso.web.connection import connection_of
from picasso.web.request import AsgiScope

STANDARD = ("for", "proto", "host")
NAMES = (*STANDARD, "port", "prefix")

# Headers that only proxies add, and the beginning of others.
PROXY_HEADERS = frozenset({"via", "forwarded", "x-real-ip"})
PROXY_PREFIX = "x-forwarded-"

PAIR = re.compile(r"""\s*([\w!#$%&'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[^\s",;]*)\s*(?:([,;])\s*|$)""", re.ASCII)


class Forwarding:
    def __init__(self, trusted: Collection[str], public_url: str) -> None:
        """``trusted`` are addresses, networks, or ``*``. A public URL overrides the reported host and prefix."""
        self._trusts_all = "*" in trusted
        self._networks = [ip_network(one) for one in trusted if one != "*"]
        self._public = urlsplit(public_url)
        self._trusts = lru_cache(maxsize=1024)(self._is_trusted)

    def apply(self, scope: AsgiScope, headers: Mapping[str, str]) -> None:
        """Change the scope, which has these headers. Raises `BadRequest` for an invalid one of a trusted proxy."""
        trusted = self._trusts(scope["client"][0] if scope["client"] else "")
        if not self._passes_interim(headers, trusted):
            connection_of(scope).interim_allowed = False
        removed_prefix = self._apply_headers(scope, headers) if trusted else ""
        scope["root_path"] = self._public.path if self._public.netloc else removed_prefix
        if not removed_prefix:
            scope["path"] = without_prefix(self._public.path, scope["path"])

    def _is_trusted(self, address: str) -> bool:
        if self._trusts_all or not address:
            return self._trusts_all
        found = ip_address(address)
        found = getattr(found, "ipv4_mapped", None) or found  # how a dual-stack socket sees IPv4
        return any(found in network for network in self._networks)

    def _apply_headers(self, scope: AsgiScope, headers: Mapping[str, str]) -> str:
        """Put the reported values into ``scope``. Returns the path prefix that the proxies removed."""
        chains = chains_of(headers)
        # Each proxy adds to the end of a chain, and reports there who sent it the request. If the sender is a trusted
        # proxy as well, what that one added is trusted too.
        depth = 1 + sum(1 for _ in takewhile(self._trusts, map(address_of, reversed(chains["for"]))))
        reported = {name: next(filter(None, chain[-depth:]), "") for name, chain in chains.items()}
        if client := address_of(reported["for"]):
            scope["client"] = (client, 0)
        if reported["proto"]:
            scope["scheme"] = scheme(reported["proto"])
        if host := with_port(reported["host"] or headers.get("host", ""), reported["port"]):
            scope["headers"] = [(k, host.encode("latin-1") if k == b"host" else v) for k, v in scope["headers"]]
        return "".join(prefix(one) for one in chains["prefix"][-depth:])

    def _passes_interim(self, headers: Mapping[str, str], trusted: bool) -> bool:
        """Whether an interim response reaches the client as such.

        nginx (1.22 as well as newer ones) takes any interim response but 103 for the final one and waits for the end of
        its body, which never comes (nginx/nginx#1427). So every proxy is treated as nginx, unless a trusted one says
        otherwise.
        """
        if trusted:
            return headers.get("x-picasso-interim") == "yes"
        return self._public.scheme != "https" and not has_proxy(headers)


def has_proxy(headers: Mapping[str, str]) -> bool:
    """Whether a proxy sent the request. nginx by default uses HTTP/1.0 or closes each connection."""
    if headers.get("connection", "").lower() == "close" or not PROXY_HEADERS.isdisjoint(headers):
        return True
    return any(name.startswith(PROXY_PREFIX) for name in headers)


def chains_of(headers: Mapping[str, str]) -> dict[str, list[str]]:
    """What each proxy has reported, by name, the nearest proxy last.

    ``Forwarded`` (RFC 7239) is used only if there is no X-Forwarded-… header: most proxies set those, and most pass on
    a ``Forwarded`` header that a client has sent.
    """
    values = {name: headers.get(f"x-forwarded-{name}", "") for name in NAMES}
    chains = {name: [one.strip() for one in value.split(",")] if value else [] for name, value in values.items()}
    if "forwarded" in headers and not any(chains[name] for name in STANDARD):
        elements = list(forwarded(headers["forwarded"]))
        chains |= {name: [element.get(name, "") for element in elements] for name in STANDARD}
    return chains


def forwarded(text: str) -> Iterator[dict[str, str]]:
    """The elements of a ``Forwarded`` header, each a dict of its parameters. Raises `BadRequest`."""
    element: dict[str, str] = {}
    position = 0
    while position < len(text):
        pair = PAIR.match(text, position)
        if not pair:
            raise BadRequest("Invalid Forwarded.")
        value = pair[2]
        element[pair[1].lower()] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        if pair[3] == ",":
            yield element
            element = {}
        position = pair.end()
    yield element


def address_of(node: str) -> str:
    """The IP address in ``192.0.2.1:80``, ``[2001:db8::1]:80`` or ``2001:db8::1``. Empty if there is none."""
    bare = re.sub(r"^\[(.*)\](?::\d+)?$|^([^:]*):\d+$", r"\1\2", node)
    try:
        return str(ip_address(bare))
    except ValueError:
        return ""


def scheme(proto: str) -> str:
    if proto.lower() not in {"http", "https"}:
        raise BadRequest("Invalid X-Forwarded-Proto.")
    return proto.lower()


def with_port(host: str, port: str) -> str:
    """``host`` with this port, if it has none. Not with 80 and 443: they are defaults, and may be an inner proxy's."""
    if port and not (re.fullmatch(r"[1-9]\d{0,4}", port, re.ASCII) and int(port) < 65536):
        raise BadRequest("Invalid X-Forwarded-Port.")
    domain, given = split_domain_port(host)
    return f"{host}:{port}" if port and domain and not given and port not in {"80", "443"} else host


def prefix(text: str) -> str:
    try:
        return clean_path(text)
    except ValueError as fault:
        raise BadRequest("Invalid X-Forwarded-Prefix.") from fault


def without_prefix(root: str, path: str) -> str:
    """``path`` without the prefix ``root``. A proxy may already have removed it."""
    if root and f"{path}/".startswith(f"{root}/"):
        return path[len(root) :] or "/"
    return path
