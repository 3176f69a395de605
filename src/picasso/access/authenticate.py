"""Finds the principal of a request by its credentials.

The database is asked in threads, and its answers are kept for `KEPT_SECONDS`. So a revoked key, or a changed setting of
a project, takes effect within that time in every process.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Generic, NamedTuple, Protocol, TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from picasso.access import keys, projects
from picasso.access.owners import require_owner
from picasso.access.principal import ANONYMOUS, OPEN, Principal, Scope
from picasso.access.projects import KEPT_SECONDS, MAX_KEPT
from picasso.errors import Forbidden, NotFound, RevokedKey, Unavailable
from picasso.pools import stop_pool

T = TypeVar("T")

THREADS = 2

USED_SECONDS = 60.0

ACT_FOR_OWNERS = frozenset({"key", "open"})


class Credentials(NamedTuple):
    """What a request carries to say who sends it."""

    authorization: str
    """The header Authorization; empty without one."""
    cookie: str
    """The header Cookie; empty without one."""
    query: str
    """The query of the URL, as sent."""
    method: str
    path: str
    """Without the prefix that the service is mounted at."""
    address: str
    """The IP address of the client; empty if it is not known."""
    project: str
    """The header Picasso-Project: the name of the project that is meant, where the credential is good for several."""
    owner: str = ""
    """The header Picasso-Owner: the end user for whom the request is made."""

    @property
    def given(self) -> bool:
        """Whether there may be a credential at all."""
        return bool(self.authorization or self.cookie or self.query)

    @property
    def bearer(self) -> str:
        """The token of ``Authorization: Bearer …``; empty without one."""
        scheme, _, token = self.authorization.partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def with_bearer(self, token: str) -> Credentials:
        """With this token, and none in the URL."""
        return self._replace(authorization=f"Bearer {token}", query="")


class Scheme(Protocol):
    """One kind of credential."""

    async def principal(self, credentials: Credentials) -> Principal | None:
        """None if the request carries no credential of this kind. Raises `Unauthorized` if it is not valid."""


class Cache(Generic[T]):
    """Answers of the database, each kept for some seconds; the oldest go first. Used on the loop's thread only."""

    def __init__(self, read: Callable[[str], T], threads: Threads) -> None:
        self._read = read
        self._threads = threads
        self._kept: OrderedDict[str, tuple[float, T]] = OrderedDict()

    async def get(self, name: str) -> T:
        """Raises `Unavailable`."""
        kept = self._kept.get(name)
        if kept and kept[0] > time.monotonic():
            return kept[1]
        end = time.monotonic() + KEPT_SECONDS  # since it was read, however long the answer took
        value = await self._threads.run(self._read, name)
        self._kept[name] = (end, value)
        self._kept.move_to_end(name)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return value


class Threads:
    """The threads that ask the database for credentials."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="access")

    async def run(self, call: Callable[[str], T], argument: str) -> T:
        """Raises `Unavailable`."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._ask, call, argument)

    def submit(self, call: Callable[[str], None], argument: str) -> None:
        """Without waiting for it. A fault of the database is ignored."""

        def quietly() -> None:
            with suppress(DatabaseError, InterfaceError, Unavailable):
                self._ask(call, argument)

        self._pool.submit(quietly)

    def _ask(self, call: Callable[[str], T], argument: str) -> T:
        """Once more if the connection has ended since it was used; asking before whether it lives costs as much."""
        try:
            try:
                return call(argument)
            except (OperationalError, InterfaceError):
                connection.close()
                return call(argument)
        except (OperationalError, InterfaceError) as fault:
            connection.close()
            raise Unavailable("The database is unavailable. Please try again.") from fault

    def stop(self) -> None:
        stop_pool(self._pool, THREADS)


class Authenticator:
    """Asks each scheme in turn. Without any credential: everybody is `OPEN` where the access is, else `ANONYMOUS`."""

    def __init__(self, schemes: Sequence[Scheme], otherwise: Scheme | None = None) -> None:
        self._without = (otherwise,) if otherwise else ()
        self._schemes = (*schemes, *self._without)

    async def __call__(self, credentials: Credentials) -> Principal:
        """Raises `Unauthorized` for a credential that is not valid, `Unavailable`."""
        for scheme in self._schemes if credentials.given else self._without:
            if principal := await scheme.principal(credentials):
                return acting_for(principal, credentials.owner) if credentials.owner else principal
        return ANONYMOUS


def acting_for(principal: Principal, owner: str) -> Principal:
    """The same principal, but it sees and makes the files of this end user only.

    Whoever sees the files of all owners may narrow that. Raises `Forbidden` for others, `InvalidField`.
    """
    if principal.owner == owner:
        return principal
    if principal.owner is not None or principal.kind not in ACT_FOR_OWNERS:
        raise Forbidden("Only a key may name an owner.")
    require_owner("Picasso-Owner", owner)
    return replace(principal, owner=owner, identity=f"owner:{owner}")


class OpenAccess:
    """Everybody may do everything in the project ``default``."""

    def __init__(self, threads: Threads) -> None:
        self._projects = Cache(lambda _: projects.read(projects.DEFAULT.id), threads)
        self._principal = OPEN
        """The one that was answered last."""

    async def principal(self, credentials: Credentials) -> Principal | None:
        """Raises `Forbidden` for another project: it would get what is of this one."""
        if credentials.project not in {"", projects.DEFAULT.name}:
            raise Forbidden("Without a key there is only the project `default`.")
        project = await self._projects.get("")
        if project is not self._principal.project:
            self._principal = replace(OPEN, project=project)
        return self._principal


class BearerKeys:
    """``Authorization: Bearer pk_…``."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self.known = Cache(keys.find, threads)
        self._projects = Cache(projects.find, threads)
        self._used: dict[str, float] = {}

    async def principal(self, credentials: Credentials) -> Principal | None:
        if not credentials.bearer.startswith("pk_"):
            return None
        parsed = keys.parse(credentials.bearer)
        known = await self.known.get(parsed.id)
        if known is None:
            raise RevokedKey
        principal = known.principal(parsed.secret_hash, credentials.address)
        self._mark_used(parsed.id)
        return await self._in_project(principal, credentials.project)

    async def _in_project(self, principal: Principal, name: str) -> Principal:
        """An administrator of the service may act in each project, by its name. Raises `Forbidden`, `NotFound`."""
        if not name or (principal.project and principal.project.name == name):
            return principal
        if not principal.may(Scope.SERVICE_ADMIN):
            raise Forbidden("This key belongs to one project, and may not act in another.")
        project = await self._projects.get(name)
        if project is None:
            raise NotFound("There is no project of this name.")
        return replace(principal, project=project)

    def _mark_used(self, key_id: str) -> None:
        now = time.monotonic()
        if now > self._used.get(key_id, 0.0):
            if len(self._used) > MAX_KEPT:
                self._used.clear()
            self._used[key_id] = now + USED_SECONDS
            self._threads.submit(keys.mark_used, key_id)
