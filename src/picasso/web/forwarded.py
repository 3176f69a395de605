"""What proxies tell of a request that they pass on: who sent it, and to which scheme, host and path.

It takes the place of what we see ourselves in the ASGI scope, so that nobody who comes after has to know of proxies.
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
from picasso.web.request import Scope, by_name

STANDARD = ("for", "proto", "host")
NAMES = (*STANDARD, "port", "prefix")

# By these a proxy shows itself.
MARKS = re.compile(r"via|forwarded|x-forwarded-.*|x-real-ip")

PAIR = re.compile(r"""\s*([\w!#$%&'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[^\s",;]*)\s*(?:([,;])\s*|$)""", re.ASCII)


class Forwarding:
    def __init__(self, trusted: Collection[str], public_url: str) -> None:
        """``trusted`` are addresses, networks, or ``*``. A public URL overrules what is told of host and path."""
        self._everybody = "*" in trusted
        self._networks = [ip_network(one) for one in trusted if one != "*"]
        self._public = urlsplit(public_url)
        self._trusts = lru_cache(maxsize=1024)(self._is_trusted)

    def apply(self, scope: Scope) -> None:
        """Raises `BadRequest` if what a trusted proxy tells can't be."""
        headers = by_name(scope["headers"])
        trusted = self._trusts(scope["client"][0] if scope["client"] else "")
        if not self._passes_interim(headers, trusted):
            connection_of(scope).interim_allowed = False
        taken_off = self._believe(scope, headers) if trusted else ""
        scope["root_path"] = self._public.path if self._public.netloc else taken_off
        if not taken_off:
            scope["path"] = below(self._public.path, scope["path"])

    def _is_trusted(self, address: str) -> bool:
        if self._everybody or not address:
            return self._everybody
        found = ip_address(address)
        found = getattr(found, "ipv4_mapped", None) or found  # a socket for both kinds sees IPv4 so
        return any(found in network for network in self._networks)

    def _believe(self, scope: Scope, headers: Mapping[str, str]) -> str:
        """Put what is told into ``scope``, but the path that was taken off, which is returned."""
        chains = chains_of(headers)
        # Each proxy vouches for what it adds to the end of a chain. Whom it had the request from stands there as well:
        # if that is a trusted one too, so is what came before.
        depth = 1 + sum(1 for _ in takewhile(self._trusts, map(address_of, reversed(chains["for"]))))
        told = {name: next(filter(None, chain[-depth:]), "") for name, chain in chains.items()}
        if client := address_of(told["for"]):
            scope["client"] = (client, 0)
        if told["proto"]:
            scope["scheme"] = scheme(told["proto"])
        if host := with_port(told["host"] or headers.get("host", ""), told["port"]):
            scope["headers"] = [(k, host.encode("latin-1") if k == b"host" else v) for k, v in scope["headers"]]
        return "".join(prefix(one) for one in chains["prefix"][-depth:])

    def _passes_interim(self, headers: Mapping[str, str], trusted: bool) -> bool:
        """Whether an interim response reaches the client as one.

        nginx, Debian's 1.22 as well as newer ones, takes any but 103 for the answer itself and waits for the end of a
        body that is none (nginx/nginx#1427). So every proxy counts as nginx, but a trusted one that says otherwise.
        """
        if trusted:
            return headers.get("x-picasso-interim") == "yes"
        return self._public.scheme != "https" and not shows_a_proxy(headers)


def shows_a_proxy(headers: Mapping[str, str]) -> bool:
    """nginx for one speaks HTTP/1.0, or closes each connection, unless it is told not to."""
    return headers.get("connection", "").lower() == "close" or any(MARKS.fullmatch(name) for name in headers)


def chains_of(headers: Mapping[str, str]) -> dict[str, list[str]]:
    """What each proxy in turn has told of each thing, the nearest last.

    ``Forwarded`` (RFC 7239) counts only where nothing that it could say is told by X-Forwarded-…: most proxies set
    these, and most of them pass on whatever ``Forwarded`` a client has sent.
    """
    values = {name: headers.get(f"x-forwarded-{name}", "") for name in NAMES}
    chains = {name: [one.strip() for one in value.split(",")] if value else [] for name, value in values.items()}
    if "forwarded" in headers and not any(chains[name] for name in STANDARD):
        elements = list(forwarded(headers["forwarded"]))
        chains |= {name: [element.get(name, "") for element in elements] for name in STANDARD}
    return chains


def forwarded(text: str) -> Iterator[dict[str, str]]:
    """The elements of a ``Forwarded`` header, each with the values of its parameters."""
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
    """The IP address of ``192.0.2.1:80``, ``[2001:db8::1]:80``, ``2001:db8::1``; empty for what is none."""
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
    """``host`` with the port that it lacks. Those of the schemes go without saying, and may be an inner proxy's."""
    if port and not (re.fullmatch(r"[1-9]\d{0,4}", port, re.ASCII) and int(port) < 65536):
        raise BadRequest("Invalid X-Forwarded-Port.")
    domain, given = split_domain_port(host)
    return f"{host}:{port}" if port and domain and not given and port not in {"80", "443"} else host


def prefix(text: str) -> str:
    try:
        return clean_path(text)
    except ValueError as fault:
        raise BadRequest("Invalid X-Forwarded-Prefix.") from fault


def below(root: str, path: str) -> str:
    """The part of ``path`` after ``root``, which a proxy may have taken off."""
    if root and f"{path}/".startswith(f"{root}/"):
        return path[len(root) :] or "/"
    return path
