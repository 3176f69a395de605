"""The name by which a request addresses the service: the header Host (RFC 9112 §3.2).

A page on another site can let its own name lead to the address of this service (DNS rebinding). Then its browser takes
the service for a part of that site, and no rule about origins applies. Only Host differs. So every handler is reached
by an allowed name only.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.http.request import split_domain_port, validate_host

from picasso import addresses
from picasso.errors import BadRequest, HostNotAllowed
from picasso.web.request import AsgiScope, Request

# Load balancers check a machine by its address. No page can have such a name without being on that address already.
ANY_ADDRESS = frozenset({addresses.ALIVE, addresses.READY})


class Hosts:
    def __init__(self, allowed: Collection[str], public_url: str) -> None:
        """``allowed`` are names as in Django's ``ALLOWED_HOSTS``."""
        self._public = urlsplit(public_url).netloc
        self._allowed = list(allowed)
        self._accepts = lru_cache(maxsize=1024)(self._check)

    def check(self, request: Request) -> None:
        """Raises `BadRequest` unless the request has exactly one Host, `HostNotAllowed` for another name."""
        scope = request.scope
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if not hosts and scope["http_version"] == "1.0":
            hosts = [self._host_of_old_client(scope)]
        if len(hosts) != 1:
            raise BadRequest("A request has exactly one Host.")
        if not self._accepts(hosts[0], request.path in ANY_ADDRESS):
            raise HostNotAllowed

    def _check(self, host: bytes, any_address: bool) -> bool:
        domain, _ = split_domain_port(host.decode("latin-1").strip(" \t"))
        return bool(domain) and (validate_host(domain, self._allowed) or (any_address and is_address(domain)))

    def _host_of_old_client(self, scope: AsgiScope) -> bytes:
        """HTTP/1.0 does not require Host. Without one the service's own address takes its place."""
        name, port = scope.get("server") or ("", None)
        own = f"[{name}]" if ":" in name else name
        host = (self._public or (f"{own}:{port}" if port else own)).encode("latin-1")
        scope["headers"] = [*scope["headers"], (b"host", host)]
        return host


def is_address(domain: str) -> bool:
    try:
        return bool(ip_address(domain.strip("[]")))
    except ValueError:
        return False
