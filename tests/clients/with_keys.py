"""What tests know of a service that asks for keys."""

from __future__ import annotations

from dataclasses import dataclass

from tests.stack import Stack


@dataclass(frozen=True)
class WithKeys:
    """A service that asks for keys, and lets people sign in at a provider at ``issuer_port``."""

    stack: Stack
    key: str
    """Of the project ``default``."""
    signing_secret: str
    issuer_port: int
