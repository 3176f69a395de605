"""Accepting an import: everything that can be refused without asking the other server is refused here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction

from picasso.access import audit, quotas, token_limits
from picasso.access.principal import Principal, Scope
from picasso.access.projects import Project
from picasso.access.token_limits import TokenLimits
from picasso.conf import Conf
from picasso.errors import Forbidden, KeyReused, TooManyImports
from picasso.imports import states
from picasso.imports.fetch import require_host
from picasso.limits.subjects import subject_of_address
from picasso.models import Import
from picasso.outbound import Guard, Target, in_field, parse_target
from picasso.process.pipelines import pipelines
from picasso.receive.new_file import clean_name
from picasso.receive.terms import Terms, Wishes, decide
from picasso.receive.token_use import require_unused

# Of a project.
MAX_UNFINISHED = 10_000


@dataclass(frozen=True, slots=True)
class NewImport:
    """What a client asks for."""

    url: str
    name: str
    wishes: Wishes
    sha256: str
    """In hex; empty for any content."""
    key: str | None = None
    """Idempotency-Key: the same one creates no second import."""


def create(conf: Conf, principal: Principal, wanted: NewImport, address: str = "") -> Import:
    """Write down that a URL is to be fetched. ``address`` is that of the client.

    If an earlier request of this principal had the same key: the import that it has created.

    Raises:
        KeyReused: the earlier request asked for something else.
        Unauthorized, Forbidden, InvalidField: the principal, its project or the pipeline does not allow it.
        InvalidUrl, AddressNotAllowed: the URL is refused as it stands. Its name is resolved later.
        QuotaExceeded, TooManyImports, TokenUsedUp
    """
    principal.require(Scope.FILES_WRITE)
    require_imports(conf, principal)
    if found := repeated(principal, wanted):
        return found
    terms = decide(principal, wanted.wishes, pipelines())
    with in_field("url"):
        target = parse_target(wanted.url)
        Guard(conf.outbound_allowed, conf.outbound_ports).check_target(target)
    assert principal.project
    require_room(principal.project, terms.owner, principal.limits, target)
    try:
        with transaction.atomic():
            row = Import.everywhere.create(
                **columns(principal, wanted, terms), host=target.host, address=origin(address)
            )
            audit.record("import.create", "import", row.pk, project=terms.project_id, host=target.host)
    except IntegrityError:  # the same request at the same time was faster
        if found := repeated(principal, wanted):
            return found
        raise
    row.refresh_from_db()
    return row


def repeated(principal: Principal, wanted: NewImport) -> Import | None:
    """What an earlier request with this key has created. Raises `KeyReused`."""
    if wanted.key is None:
        return None
    found = Import.objects.of(principal.project_id).filter(idempotency_key=key_of(principal, wanted.key)).first()
    if found and found.request_fingerprint != fingerprint(wanted):
        raise KeyReused
    return found


def key_of(principal: Principal, key: str) -> str:
    """Each principal has its own keys: what another one sent with the same key is not found."""
    return hashlib.sha256("\0".join((str(principal.project_id), principal.identity, key)).encode()).hexdigest()


def fingerprint(wanted: NewImport) -> str:
    text = json.dumps([wanted.url, wanted.name, wanted.sha256, asdict(wanted.wishes)], default=str, sort_keys=True)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def require_imports(conf: Conf, principal: Principal) -> None:
    """Raises `Forbidden`."""
    if not conf.imports:
        raise Forbidden("This service imports no files.")
    if principal.limits and not principal.limits.imports:
        raise Forbidden("This token imports no files: its claim imports is not true.")


def require_room(project: Project, owner: str, limits: TokenLimits | None, target: Target) -> None:
    """Raises `Forbidden`, `QuotaExceeded`, `TooManyImports`, `TokenUsedUp`."""
    require_host(project, target)
    require_unused(limits)
    if quotas.is_limited(project):
        quotas.check_early(project, owner, quotas.Announced())
    if Import.objects.of(project.id).filter(states.UNFINISHED)[MAX_UNFINISHED - 1 : MAX_UNFINISHED].exists():
        raise TooManyImports(f"The project has {MAX_UNFINISHED} imports that have not ended, and may not have more.")


def columns(principal: Principal, wanted: NewImport, terms: Terms) -> dict[str, object]:
    return {
        "project_id": terms.project_id,
        "owner": terms.owner,
        "principal": principal.identity,
        "key": principal.key_id,
        "limits": token_limits.to_json(terms.limits),
        "url": wanted.url,
        "name": clean_name(wanted.name),
        "pipeline": terms.pipeline,
        "visibility": terms.visibility,
        "expires_at": terms.expires_at,
        "tags": list(terms.tags),
        "attributes": dict(terms.attributes),
        "webhook_url": terms.webhook_url,
        "sha256": wanted.sha256,
        **({"idempotency_key": key_of(principal, wanted.key)} if wanted.key is not None else {}),
        "request_fingerprint": fingerprint(wanted) if wanted.key is not None else "",
    }


def origin(address: str) -> str:
    return subject_of_address(address) if address else ""
