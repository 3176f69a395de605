"""How much unfinished uploads may take: their bytes and their number, of all together, of a client, of a project.

What counts is what has arrived, plus a window for what comes next; not what a client has announced. So announcing
takes nothing from anybody else, and a request for a large upload extends its reservation while its bytes arrive.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, cast

from django.db import connection
from django.db.models import Sum

from picasso.access.principal import OPEN
from picasso.access.quotas import parse
from picasso.conf import Conf
from picasso.errors import PicassoError, QuotaAsked, QuotaExceeded, TooManyUploads, UnfinishedFull
from picasso.jobs import sql
from picasso.models import Upload

# Reserved for the bytes that come next. A request asks for more each time half of it is used.
WINDOW = 64 * 2**20

# One bigint for the transaction lock under which the reservations are added up.
QUOTA_LOCK = 0x5049_4341_5353_4F00

MAX_FINALS, MAX_CLIENT_FINALS = 1_000, 100
"""The number of unfinished final uploads: of all, and of one client."""

# A plain request with an Idempotency-Key has a row, but ends with its connection. All projects have a positive id:
# without this condition SQLite chooses another index, which needs the rows too.
RESUMABLE = "finished_at IS NULL AND protocol <> 'plain' AND project_id > 0"

Where = Mapping[str, "int | str"]
"""Values of columns that some uploads have in common."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of uploads. Sizes are in bytes, times in seconds."""

    max_size: int
    """The largest upload."""
    max_unfinished: int
    """Of all unfinished uploads together."""
    expiry: int
    """After its last byte an unfinished upload lives so long."""
    start_timeout: int
    """An upload without a byte lives so long."""
    max_uploads: int
    """The number of unfinished uploads."""
    max_client_uploads: int
    """The number of unfinished uploads of one client."""

    @property
    def client_share(self) -> int:
        """Of the unfinished uploads of one client. One of the largest size is always possible."""
        return min(self.max_unfinished, max(self.max_unfinished // 2, self.max_size))

    def life(self, row: Upload, offset: int) -> int:
        """For how many seconds after its last byte, or its creation, an unfinished upload lives.

        A final upload and its parts wait for each other, with a byte or without. The bytes of a plain request are
        elsewhere.
        """
        waits = row.is_final or row.final_id or row.protocol == Upload.Protocol.PLAIN
        return self.expiry if offset or waits else self.start_timeout


def limits_of(conf: Conf) -> Limits:
    return Limits(
        max_size=conf.max_upload_size,
        max_unfinished=conf.max_unfinished_size,
        expiry=conf.upload_expiry,
        start_timeout=min(conf.upload_start_timeout, conf.upload_expiry),
        max_uploads=conf.max_unfinished_uploads,
        max_client_uploads=conf.max_unfinished_per_client,
    )


@dataclass(frozen=True, slots=True)
class Bound:
    """What some unfinished uploads may take together. None is no limit."""

    uploads: Where
    bytes: int | None
    number: int | None
    finals: bool = False
    """Whether only final uploads count."""

    def too_large(self, used: int, size: int) -> PicassoError:
        return UnfinishedFull()

    def too_many(self) -> PicassoError:
        return TooManyUploads()


class ClientBound(Bound):
    """Of one client: a principal, or an address."""

    def too_large(self, used: int, size: int) -> PicassoError:
        return UnfinishedFull("Your unfinished uploads use all the space that one client may use.")

    def too_many(self) -> PicassoError:
        return TooManyUploads(
            f"You have {self.number} unfinished uploads of this kind, and one client may not have more."
        )


class ProjectBound(Bound):
    """The quotas of a project."""

    whose: ClassVar = "the project"

    def too_large(self, used: int, size: int) -> PicassoError:
        return QuotaExceeded("unfinished_bytes", self.whose, self.bytes or 0, used, QuotaAsked(size, "upload needs"))

    def too_many(self) -> PicassoError:
        return TooManyUploads(f"The quota concurrent_uploads of {self.whose} allows {self.number} unfinished uploads.")


class OwnerBound(ProjectBound):
    """The quotas of an owner in a project."""

    whose: ClassVar = "this owner"


Usage = tuple[Bound, int, int]
"""A bound with the bytes and the number of the unfinished uploads within it."""

# (bytes, id of the upload)
RESERVE = "UPDATE picasso_upload SET reserved = %s WHERE id = %s"

# (project): its quotas, and those of each owner in it
QUOTAS = "SELECT quotas, owner_quotas FROM picasso_project WHERE id = %s"


def lock_quota() -> None:
    """In a transaction that makes a reservation: until its end nobody else reserves, so no two use the same space."""
    for step in lock_steps():
        sql.rows(*step)


def lock_steps() -> list[sql.Step]:
    return [("SELECT pg_advisory_xact_lock(%s)", QUOTA_LOCK)] if connection.vendor == "postgresql" else []


def reserve_step(upload_id: uuid.UUID, size: int) -> sql.Step:
    return RESERVE, size, upload_id


def require_room(limits: Limits, row: Upload, size: int, then: Sequence[sql.Step], *, new: bool) -> None:
    """Refuse an upload that is to have ``size`` bytes, or to be one more, if there is no room. As `lock_quota`.

    ``then`` makes the reservation. It goes with the questions, in one message, so an error has to end the transaction.

    Raises `UnfinishedFull`, `TooManyUploads`, `QuotaExceeded`.
    """
    own = 0 if new else row.reserved
    for bound, reserved, number in usage_around(limits, row, then):
        if new and bound.number is not None and number >= bound.number:
            raise bound.too_many()
        if bound.bytes is not None and size and reserved - own + size > bound.bytes:
            raise bound.too_large(reserved - own, size)


def usage_around(limits: Limits, row: Upload, then: Sequence[sql.Step]) -> Iterator[Usage]:
    """What an upload counts in, and what is in use there: asked in one message, after the lock and before ``then``."""
    bounds = list(bounds_of(limits, row))
    usual, finals = ([bound for bound in bounds if bound.finals == only] for only in (False, True))
    groups = [*(bound.uploads for bound in usual), *groups_of_project(row)]
    locks = lock_steps()
    steps = [*locks, (QUOTAS, row.project_id), sums_step(groups)]
    if finals:
        steps.append(sums_step([bound.uploads for bound in finals], finals=True))
    (quotas,), sums, *more = sql.run_together(*steps, *then)[len(locks) :]
    yield from counted([*usual, *quotas_of(row, *quotas)], sums)
    if finals:
        yield from counted(finals, more[0])


def bounds_of(limits: Limits, row: Upload) -> Iterator[Bound]:
    """What an upload counts in besides the quotas of its project; the narrowest last.

    So a client learns first what is nobody's own fault.
    """
    yield Bound({}, limits.max_unfinished, limits.max_uploads)
    if row.is_final:
        yield Bound({}, None, MAX_FINALS, finals=True)
    for client in clients_of(row):
        yield ClientBound(client, limits.client_share, limits.max_client_uploads)
        if row.is_final:
            yield ClientBound(client, None, MAX_CLIENT_FINALS, finals=True)


def clients_of(row: Upload) -> Iterator[Where]:
    """Who began it, as far as that tells clients apart; and from where."""
    if row.principal not in {"", OPEN.identity}:
        yield {"project_id": cast("int", row.project_id), "principal": row.principal}
    if row.address:
        yield {"address": row.address}


def groups_of_project(row: Upload) -> list[Where]:
    """The uploads of its project, and those of its owner there."""
    project: Where = {"project_id": cast("int", row.project_id)}
    return [project, {**project, "owner": row.owner}]


def quotas_of(row: Upload, of_project: Any, of_owner: Any) -> Iterator[Bound]:
    """Of the `groups_of_project`. Read in the same transaction: a changed quota holds at once."""
    project, owner = groups_of_project(row)
    quotas = parse(decoded(of_project))
    yield ProjectBound(project, quotas.unfinished_bytes, quotas.concurrent_uploads)
    quotas = parse(decoded(of_owner) if row.owner else {}, "owner_quotas")
    yield OwnerBound(owner, quotas.unfinished_bytes, quotas.concurrent_uploads)


def decoded(value: Any) -> Any:
    """Of a column with JSON, which a database may give as text."""
    return json.loads(value) if isinstance(value, str) else value


def unfinished(project_id: int, owner: str | None) -> dict[str, int]:
    """What the quotas of a project, or of an owner in it, count of unfinished uploads, by the names of the quotas."""
    uploads: Where = {"project_id": project_id} if owner is None else {"project_id": project_id, "owner": owner}
    ((_, size, number),) = counted([Bound(uploads, None, None)], sql.rows(*sums_step([uploads])))
    return {"unfinished_bytes": size, "concurrent_uploads": number}


def sums_step(groups: Sequence[Where], *, finals: bool = False) -> sql.Step:
    """The bytes and the numbers of the unfinished uploads in each group. One query, which an index alone can answer."""
    values = [value for group in groups for value in group.values()]
    return (sums_statement(tuple(map(tuple, groups)), finals), *values, *values)


def counted(bounds: Sequence[Bound], sums: sql.Rows) -> Iterator[Usage]:
    """``sums`` is what a `sums_step` for these bounds has returned."""
    (found,) = sums
    return zip(bounds, map(int, found[: len(bounds)]), found[len(bounds) :], strict=True)


@cache
def sums_statement(groups: tuple[tuple[str, ...], ...], finals: bool) -> str:
    """The columns are names from the model. The ORM took longer to build it than the database to run it."""
    filters = [" AND ".join(f"{column} = %s" for column in columns) or "true" for columns in groups]
    sizes = (f"coalesce(sum(reserved) FILTER (WHERE {each}), 0)" for each in filters)
    numbers = (f"count(*) FILTER (WHERE {each})" for each in filters)
    only = " AND parts IS NOT NULL" if finals else ""
    return f"SELECT {', '.join([*sizes, *numbers])} FROM picasso_upload WHERE {RESUMABLE}{only}"  # noqa: S608


def reserved_bytes() -> int:
    """The reservations of all unfinished uploads."""
    return Upload.everywhere.filter(finished_at=None).aggregate(total=Sum("reserved"))["total"] or 0
