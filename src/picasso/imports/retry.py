"""Trying an import again that has failed. What is refused for a new one is refused here."""

from __future__ import annotations

import uuid

from django.db import transaction

from picasso.access import audit
from picasso.access.principal import Principal
from picasso.access.projects import Projects
from picasso.access.token_limits import from_json
from picasso.conf import Conf
from picasso.errors import Conflict
from picasso.imports import queries, states
from picasso.imports.create import require_imports, require_room
from picasso.models import Import
from picasso.outbound import parse_target


def retry(conf: Conf, principal: Principal, pk: uuid.UUID) -> Import:
    """failed → waiting.

    Raises:
        NotFound
        Conflict: it has not failed.
        Unauthorized, Forbidden: the principal or the project does not allow it, or not any more.
        QuotaExceeded, TooManyImports, TokenUsedUp
    """
    row = queries.get(principal, pk)
    require_imports(conf, principal)
    require_failed(row, done=row.state == states.State.FAILED)
    require_room(Projects().get(row.project_id), row.owner, from_json(row.limits), parse_target(row.url))
    with transaction.atomic():
        if done := states.again(row):
            audit.record("import.retry", "import", row.pk, project=row.project_id)
    row.refresh_from_db()
    require_failed(row, done=done)
    return row


def require_failed(row: Import, *, done: bool) -> None:
    """Raises `Conflict`."""
    if not done:
        raise Conflict(f"An import in the state {row.state} can't be retried.")
