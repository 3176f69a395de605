"""Links to the bytes of private files: ``?expires=…&signature=…``, for whoever has the address.

The signature is over the path, which has the id, the derivative and the name, and over the expiry.
"""

from __future__ import annotations

import base64
import hmac
import re
import time
from dataclasses import dataclass

from django.conf import settings

from picasso import models
from picasso.access import link_keys, projects
from picasso.access.authenticate import Cache, Credentials, Threads
from picasso.access.link_keys import LinkKey
from picasso.access.principal import Principal, Scope
from picasso.access.projects import Project
from picasso.addresses import DOWNLOADS
from picasso.errors import ExpiredLink, InvalidLink

MAX_SECONDS = 7 * 86_400
"""A link is valid for so long at most."""

STEPS = 8
"""The links in answers change so often during their time, so that repeated lists and caches have the same ones."""

MAC_BYTES = 18
"""144 bits, in 24 characters."""

EXPIRES = re.compile(r"(?:^|&)expires=([1-9][0-9]{0,11})(?=&|$)")
SIGNATURE = re.compile(r"(?:^|&)signature=([1-9][0-9]{0,17})-([A-Za-z0-9_-]{24})(?=&|$)")

SCOPES = frozenset({Scope.FILES_READ})


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs links that expire together."""

    key: LinkKey
    expires: int
    """Unix time."""

    def query(self, path: str) -> str:
        """For a path of `picasso.addresses.DOWNLOADS`, without the escapes of a URL."""
        return f"?expires={self.expires}&signature={self.key.id}-{mac(self.key, path, self.expires)}"


def mac(key: LinkKey, path: str, expires: int) -> str:
    digest = hmac.digest(key.secret, f"{expires}\n{path}".encode(errors="replace"), "sha256")
    return base64.urlsafe_b64encode(digest[:MAC_BYTES]).decode()


def signer_for(principal: Principal) -> Signer | None:
    """For the addresses in answers to this principal. None if plain addresses do: with open access."""
    project = principal.project
    if project is None or project.link_key is None or principal.kind == "open":
        return None
    return Signer(project.link_key, rounded_expiry(time.time(), settings.PICASSO.link_expiry))


def rounded_expiry(now: float, seconds: int) -> int:
    """At most ``seconds`` ahead, and at least seven eighths of that. The same for a while."""
    step = max(1, seconds // STEPS)
    return int(now // step) * step + seconds


@dataclass(frozen=True, slots=True)
class KnownLinkKey:
    key: LinkKey
    project: Project


def find(key_id: str) -> KnownLinkKey | None:
    row = models.LinkKey.objects.select_related("project").filter(pk=int(key_id)).first()
    return KnownLinkKey(link_keys.of_row(row), projects.snapshot(row.project)) if row else None


class SignedLinks:
    """``GET /files/…?expires=…&signature=…``."""

    def __init__(self, threads: Threads) -> None:
        self.known = Cache(find, threads)

    async def principal(self, credentials: Credentials) -> Principal | None:
        """May read what is at this path, and nothing else.

        Raises:
            InvalidLink: whether or not there is such a file. That is not looked up for a wrong signature.
            ExpiredLink: the signature is right.
        """
        is_download = credentials.method in {"GET", "HEAD"} and credentials.path.startswith(DOWNLOADS)
        if not is_download or "signature=" not in credentials.query:
            return None
        expiries, signatures = EXPIRES.findall(credentials.query), SIGNATURE.findall(credentials.query)
        if len(expiries) != 1 or len(signatures) != 1:
            raise InvalidLink
        (expires, (key_id, signature)) = int(expiries[0]), signatures[0]
        known = await self.known.get(key_id)
        if known is None or not hmac.compare_digest(mac(known.key, credentials.path, expires), signature):
            raise InvalidLink
        if expires <= time.time():
            raise ExpiredLink
        return Principal("link", known.project, SCOPES, identity="link")
