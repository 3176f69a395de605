"""Keys of applications: ``pk_<id>_<secret><checksum>``, so that secret scanners find leaked ones.

The checksum tells a mistyped key from one that was revoked, without asking the database. Of the secret only its SHA-256
is stored: 256 random bits need no slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from picasso import models
from picasso.access import audit, key_rows, projects
from picasso.access.link_keys import LinkKey
from picasso.access.principal import Principal, Scope
from picasso.access.projects import Project
from picasso.errors import Conflict, ExpiredKey, Forbidden, InvalidKey, NetworkNotAllowed, RevokedKey

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 12
SECRET_LENGTH = 43  # 256 bits
CHECKSUM_LENGTH = 6

SCOPES = {str(scope): scope for scope in Scope}

FIRST_ADMIN = "first administrator"

MAX_NAME = 100
MAX_NETWORKS = 100

GRACE, MAX_GRACE = timedelta(days=1), timedelta(days=30)
"""How long a key that is rotated stays valid: usually, and at most."""

PATTERN = re.compile(
    rf"pk_(\w{{{ID_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH}}})([0-9A-Za-z]{{{CHECKSUM_LENGTH}}})", re.ASCII
)


class ParsedKey(NamedTuple):
    id: str
    secret_hash: str


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What a process remembers of a key, to verify it without the database."""

    id: str
    lineage: str
    secret_hash: str
    project: Project
    scopes: frozenset[Scope]
    networks: tuple[str, ...]
    expires_at: datetime | None
    revoked_at: datetime | None
    public_key: str

    def principal(self, secret_hash: str, address: str) -> Principal:
        """On whose behalf a request with this secret is made, that comes from this address.

        Raises `RevokedKey`, `ExpiredKey`, `NetworkNotAllowed`.
        """
        if not hmac.compare_digest(secret_hash, self.secret_hash):
            raise RevokedKey
        self.require_valid()
        if self.networks and not within(address, self.networks):
            raise NetworkNotAllowed
        name = f"key:{self.lineage}"
        return Principal("key", self.project, self.scopes, identity=name, credential=name, key_id=self.id)

    def require_valid(self) -> None:
        """Raises `RevokedKey`, `ExpiredKey`."""
        now = datetime.now(UTC)
        if self.revoked_at and self.revoked_at <= now:
            raise RevokedKey
        if self.expires_at and self.expires_at <= now:
            raise ExpiredKey


def random_text(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def checksum(text: str) -> str:
    """The CRC-32 in base 62."""
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def parse(text: str) -> ParsedKey:
    """Raises `InvalidKey` for a text that was never a key: it was mistyped or cut."""
    match = PATTERN.fullmatch(text)
    if not match or checksum(text[:-CHECKSUM_LENGTH]) != match[3]:
        raise InvalidKey
    return ParsedKey(match[1], hash_of(match[2]))


def create(
    project: models.Project,
    name: str,
    scopes: Collection[Scope],
    *,
    networks: Collection[str] = (),
    expires_at: datetime | None = None,
    public_key: str = "",
    created_by: str = "",
    lineage: str = "",
) -> tuple[models.Key, str]:
    """A new key, and its text, which is shown once and not stored."""
    key_id, secret = random_text(ID_LENGTH), random_text(SECRET_LENGTH)
    text = f"pk_{key_id}_{secret}"
    with transaction.atomic():
        row = models.Key.objects.create(
            id=key_id,
            project=project,
            name=name,
            secret_hash=hash_of(secret),
            scopes=sorted(scopes),
            networks=list(networks),
            expires_at=expires_at,
            public_key=public_key,
            created_by=created_by,
            lineage=lineage or key_id,
        )
        audit.record("key.create", "key", key_id, project=project.pk, name=name, scopes=sorted(scopes))
    return row, text + checksum(text)


def find(key_id: str) -> KnownKey | None:
    found = key_rows.read(key_id)
    return known(*found) if found else None


def known(row: models.Key, link_key: LinkKey | None = None) -> KnownKey:
    return KnownKey(
        id=row.pk,
        lineage=row.lineage,
        secret_hash=row.secret_hash,
        project=projects.snapshot(row.project, link_key),
        scopes=frozenset(SCOPES[scope] for scope in row.scopes if scope in SCOPES),
        networks=tuple(row.networks),
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        public_key=row.public_key,
    )


def mark_used(key_id: str) -> None:
    """To the minute: a key that is used all the time is written once a minute."""
    models.Key.objects.filter(pk=key_id).exclude(last_used_at__gt=timezone.now() - timedelta(minutes=1)).update(
        last_used_at=timezone.now()
    )


def network(text: str) -> str:
    """An IP address or a network as it is stored, such as ``10.0.0.0/8``. Raises `ValueError`."""
    return str(ip_network(text, strict=False))


def within(address: str, networks: Collection[str]) -> bool:
    """Whether an IP address is in one of the networks. An IPv4 address that is mapped to IPv6 counts as IPv4."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or found
    return any(mapped in ip_network(network, strict=False) for network in networks)


def state_of(row: models.Key) -> str:
    """``active``, ``expired`` or ``revoked``."""
    if row.revoked_at:
        return "revoked"
    return "expired" if row.expires_at and row.expires_at <= timezone.now() else "active"


def of_project(project_id: int) -> QuerySet[models.Key]:
    """Its keys, newest first, with those that were revoked or have expired."""
    return models.Key.objects.filter(project=project_id)


def require_grantable(principal: Principal, scopes: Collection[Scope]) -> None:
    """Nobody gives a key more than they have. Raises `Forbidden`."""
    if principal.owner is not None:
        raise Forbidden("A key sees all files of its project, and you see those of one owner only.")
    if missing := sorted(set(scopes) - principal.scopes):
        raise Forbidden(f"A key can't have scopes that you do not have: {', '.join(missing)}.")


def revoke(key: models.Key) -> bool:
    """End a key in all processes within seconds; False if it was revoked already."""
    with transaction.atomic():
        revoked = models.Key.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()) == 1
        if revoked:
            audit.record("key.revoke", "key", key.pk, project=key.project_id, name=key.name)
    return revoked


def rotate(key: models.Key, grace: timedelta, created_by: str) -> tuple[models.Key, str]:
    """A successor with the same rights, which continues the same unfinished uploads. The old one ends after ``grace``.

    Raises `Conflict` for a key that is revoked or has expired, or that has a successor already.
    """
    end = timezone.now() + grace
    with transaction.atomic():
        locked = models.Key.objects.select_for_update().get(pk=key.pk)
        if locked.revoked_at or (locked.expires_at and locked.expires_at <= timezone.now()):
            raise Conflict("This key has ended, so it can't be rotated. Create a new one.")
        successors = models.Key.objects.filter(lineage=locked.lineage, created_at__gt=locked.created_at)
        if successor := successors.order_by("created_at").values_list("pk", flat=True).first():
            raise Conflict(f"This key was rotated already: its successor is {successor}. Rotate that one.")
        new, text = create(
            locked.project,
            locked.name,
            [Scope(scope) for scope in locked.scopes],
            networks=locked.networks,
            expires_at=locked.expires_at,
            public_key=locked.public_key,
            created_by=created_by,
            lineage=locked.lineage,
        )
        locked.expires_at = min(locked.expires_at or end, end)
        locked.save(update_fields=["expires_at"])
        audit.record("key.rotate", "key", locked.pk, project=locked.project_id, successor=new.pk)
    return new, text


def any_exist() -> bool:
    """Whether there has ever been a key, of any project."""
    return models.Key.objects.exists()


def administrator_known() -> bool:
    """Whether there is a person who may administer, or a key that may and is not revoked."""
    if models.Membership.objects.filter(role=models.Membership.Role.ADMIN).exists():
        return True
    scopes = models.Key.objects.filter(revoked_at=None).order_by().values_list("scopes", flat=True)
    return any(Scope.PROJECT_ADMIN in of_key for of_key in scopes.iterator())


def create_first_admin() -> str | None:
    """If there has never been a key: one that may do everything. Only one, however many processes start together."""
    if any_exist():
        return None
    with transaction.atomic():
        # The row of the project is the lock.
        project = models.Project.objects.select_for_update().get(pk=models.DEFAULT_PROJECT)
        if any_exist():
            return None
        return create(project, FIRST_ADMIN, frozenset(Scope), created_by="first start")[1]
