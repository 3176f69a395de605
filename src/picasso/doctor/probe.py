"""An upload that a check creates, and deletes when it has ended."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from picasso import addresses
from picasso.access.principal import Scope
from picasso.doctor.site import Answer, Site, Unreachable

TUS = {"Tus-Resumable": "1.0.0"}
CONTENT = {**TUS, "Content-Type": "application/offset+octet-stream"}
METADATA = f"filename {b64encode(b'picasso-doctor.txt').decode()}"


def may_delete(site: Site) -> bool:
    """Whether a file that a check stores can be deleted again. Raises `Unreachable`."""
    return Scope.FILES_DELETE in site.ask("GET", f"{addresses.API}me/").json().get("scopes", [])


class Refused(Exception):
    """The service does not take the probe. The message is a sentence."""


@dataclass(frozen=True, slots=True)
class Probe:
    """An unfinished upload by tus."""

    site: Site
    created: Answer

    @property
    def id(self) -> str:
        return self.created.header("Location").rstrip("/").rpartition("/")[2]

    @property
    def path(self) -> str:
        return addresses.UPLOADS + self.id


@contextmanager
def upload(site: Site, size: int, headers: Mapping[str, str] | None = None) -> Iterator[Probe]:
    """Raises `Unreachable`, `Refused`."""
    probe = Probe(site, create(site, size, headers))
    try:
        yield probe
    finally:
        with suppress(Unreachable):
            site.ask("DELETE", probe.path, TUS)


def create(site: Site, size: int, headers: Mapping[str, str] | None = None) -> Answer:
    """Raises `Unreachable`, `Refused`."""
    fields = {**TUS, "Upload-Length": str(size), "Upload-Metadata": METADATA, **(headers or {})}
    created = site.ask("POST", addresses.UPLOADS, fields)
    if created.status != 201 or not created.header("Location"):
        raise Refused(f"A resumable upload can't be created: the answer is {created.why}.")
    return created


def new_key() -> str:
    return f"doctor-{secrets.token_hex(8)}"
