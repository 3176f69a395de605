"""Counts each request for its sender, and refuses what is too many (docs/limits.md)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial

from picasso import addresses
from picasso.access.principal import Kind, Principal
from picasso.access.projects import Project
from picasso.errors import PicassoError, Unauthorized
from picasso.limits.attempts import Attempts
from picasso.limits.counters import Taken
from picasso.limits.fields import fields, refusal
from picasso.limits.limiter import Limiter
from picasso.limits.subjects import subject_of_address
from picasso.rate_policies import Policies, Policy, parse_project_rates
from picasso.web.request import Request

log = logging.getLogger(__name__)

# The policy of a principal. All others are counted by their address.
POLICIES: Mapping[Kind, str] = {"key": "key", "token": "token", "session": "user"}

LISTS = frozenset(
    {
        addresses.FILES,
        addresses.JOBS,
        f"{addresses.JOBS}count/",
        addresses.EVENTS,
        f"{addresses.API}trash/",
        f"{addresses.API}audit/",
    }
)

NEIGHBOURS = "/neighbours/"
"""The end of the address of a file's neighbours, which takes the filters of the list."""

FIGURES = frozenset(
    {
        addresses.QUEUES,
        f"{addresses.JOBS}summary/",
        f"{addresses.SYSTEM}metrics/",
        f"{addresses.SYSTEM}checks/",
        f"{addresses.SYSTEM}storage/",
        f"{addresses.FILES}days/",
    }
)

# A password takes a tenth of a second to check. How many may be wrong is counted by `picasso.access.sign_in_locks`.
SIGN_IN = (addresses.SIGN_IN, addresses.ACCOUNT, f"{addresses.ADMIN}login/", f"{addresses.ADMIN}password_change/")

BULK_ACTIONS = frozenset({f"{addresses.JOBS}retry/", f"{addresses.JOBS}cancel/", addresses.FILE_BATCHES})

COSTLY = BULK_ACTIONS | FIGURES


class Rates:
    def __init__(self, limiter: Limiter, policies: Policies) -> None:
        self._limiter = limiter
        self._policies = policies
        self._attempts = Attempts()

    async def require_few_failures(self, request: Request) -> None:
        """Raises `RateLimited` if the address has sent too many wrong credentials, before one more is looked at.

        So nobody learns whether a later guess is right.
        """
        if policy := self._policies.get("failure"):
            await self._left(policy, address_of(request))

    async def _left(self, policy: Policy, subject: str) -> int:
        taken = await self._limiter.take(policy, subject, 0)
        if not taken.allowed:
            raise refusal(taken)
        return max(1, taken.remaining)

    async def begin_attempt(self, request: Request) -> None:
        """Before a credential is looked up: wait until all that are looked up for this address may be wrong.

        To be followed by `count_failure` if it is wrong, and by `end_attempt`. Raises `RateLimited`.
        """
        if policy := self._policies.get("failure"):
            subject = address_of(request)
            await self._attempts.begin(subject, partial(self._left, policy, subject))

    def end_attempt(self, request: Request) -> None:
        if "failure" in self._policies:
            self._attempts.end(address_of(request))

    async def count_failure(self, request: Request, fault: PicassoError) -> None:
        """Count a wrong credential. Raises `RateLimited` if other processes have counted too many meanwhile."""
        policy = self._policies.get("failure")
        if policy and is_guess(fault):
            await self._take(request, [(policy, address_of(request))])

    async def count(self, request: Request, principal: Principal) -> None:
        """Count the request for whoever sends it. Raises `RateLimited`."""
        await self._take(request, self._charges(request, principal))

    async def _take(self, request: Request, charges: Sequence[tuple[Policy, str]]) -> None:
        """Every answer to the request gets the fields of what was counted."""
        found: list[Taken] = []
        for policy, subject in charges:
            taken = await self._limiter.take(policy, subject)
            if not taken.allowed:
                raise refusal(taken, found)
            found.append(taken)
        add_fields(request, found)

    def _charges(self, request: Request, principal: Principal) -> list[tuple[Policy, str]]:
        rates = rates_of(principal.project)
        named = ((rates.get(name, self._policies.get(name)), subject) for name, subject in subjects(request, principal))
        return [(policy, subject) for policy, subject in named if policy]


def subjects(request: Request, principal: Principal) -> Iterator[tuple[str, str]]:
    """Each policy that may count the request, and the subject that it counts for."""
    name = POLICIES.get(principal.kind, "address")
    subject = address_of(request) if name == "address" else principal.credential or principal.identity
    yield name, subject
    if costly := costly_policy(request):
        yield costly, address_of(request) if costly == "sign-in" else subject
    if principal.project:
        if principal.owner:
            yield "owner", f"{principal.project.id}:{principal.owner}"
        yield "requests", str(principal.project.id)


def costly_policy(request: Request) -> str:
    """The policy of an address that takes more work than others; empty for all others."""
    path = request.path if request.path.endswith("/") else f"{request.path}/"
    if path == addresses.IMPORTS and request.method == "POST":
        return "import"
    if path in COSTLY or (is_list(path) and request.scope["query_string"]):
        return "list"
    if is_sign_in(request.method, path):
        return "sign-in"
    return "schema" if path == addresses.SCHEMA else ""


def is_list(path: str) -> bool:
    return path in LISTS or (path.startswith(addresses.FILES) and path.endswith(NEIGHBOURS))


def is_sign_in(method: str, path: str) -> bool:
    """A form with a password or a code, and each step over the identity provider, which the service asks then."""
    return path.startswith(SIGN_IN) if method == "POST" else path.startswith(addresses.SIGN_IN_OIDC)


def rates_of(project: Project | None) -> Mapping[str, Policy | None]:
    """What the project has set, by policy; None where it is switched off."""
    return parsed(json.dumps(project.rates), project.name) if project and project.rates else {}


@lru_cache(maxsize=1024)
def parsed(rates: str, project: str) -> Mapping[str, Policy | None]:
    try:
        return parse_project_rates(json.loads(rates))
    except ValueError as fault:  # written past the API
        log.warning("the rates of the project %s do not apply: they %s", project, fault)
        return {}


def is_guess(fault: PicassoError) -> bool:
    """Whether a credential was wrong, and not just missing.

    What is valid no longer is no guess: many people behind one address may have an old page open.
    """
    return type(fault) is not Unauthorized and not fault.code.startswith("expired-")


def address_of(request: Request) -> str:
    """The subject of the client's address, as trusted proxies report it."""
    client = request.scope.get("client")
    return subject_of_address(client[0] if client else "")


def add_fields(request: Request, taken: Sequence[Taken]) -> None:
    """Add the RateLimit fields to the answer, whoever sends it."""
    if taken:
        request.add_headers(fields(taken))
