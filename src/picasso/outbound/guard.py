"""Which addresses and ports the service speaks to."""

from __future__ import annotations

from picasso.outbound.errors import AddressNotAllowed
from picasso.outbound.networks import is_public
from picasso.outbound.targets import Target
from picasso.outbound_rules import Address, Rules

PORT_REFUSED = "This service does not speak to port {} (see PICASSO_OUTBOUND_PORTS and PICASSO_OUTBOUND_ALLOWED)."


class Guard:
    """Decides which addresses a client speaks to."""

    def __init__(self, rules: Rules, ports: frozenset[int]) -> None:
        """``rules`` allow what is not public, and other ports than ``ports``."""
        self._rules = rules
        self._ports = ports

    def check(self, host: str, port: int, address: Address) -> None:
        """Raises `AddressNotAllowed`."""
        if any(rule.allows(host, port, address) for rule in self._rules):
            return
        if port not in self._ports:
            raise AddressNotAllowed(PORT_REFUSED.format(port))
        if not is_public(address):
            raise AddressNotAllowed

    def check_target(self, target: Target) -> None:
        """What is known without resolving the name. Raises `AddressNotAllowed`."""
        if target.address:
            self.check(target.host, target.port, target.address)
        else:
            self.check_port(target.host, target.port)

    def check_port(self, host: str, port: int) -> None:
        """Before the host is resolved: whether there is a chance. Raises `AddressNotAllowed`."""
        allowed = any(rule.port in {None, port} and rule.host in {"", host} for rule in self._rules)
        if port not in self._ports and not allowed:
            raise AddressNotAllowed(PORT_REFUSED.format(port))
