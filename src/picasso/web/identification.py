"""Finds the principal of a request. Wrong credentials cost their address, and it can't have more of them looked up."""

from __future__ import annotations

from picasso.access.authenticate import Authenticator, Credentials
from picasso.access.principal import ENVIRON
from picasso.errors import NetworkNotAllowed, Unauthorized
from picasso.web.rates import Rates
from picasso.web.recheck import Recheck
from picasso.web.request import Request


class Identification:
    def __init__(self, authenticate: Authenticator, rates: Rates) -> None:
        self._authenticate = authenticate
        self._rates = rates

    async def __call__(self, request: Request, credentials: Credentials) -> None:
        """Give the request its principal. Raises as `Authenticator`, and `RateLimited`."""
        if not may_be_guess(credentials):
            return await self._identify(request, credentials)
        await self._rates.begin_attempt(request)
        try:
            await self._identify(request, credentials)
        except (Unauthorized, NetworkNotAllowed) as fault:
            await self._rates.count_failure(request, fault)
            raise
        finally:
            self._rates.end_attempt(request)

    async def _identify(self, request: Request, credentials: Credentials) -> None:
        principal = await self._authenticate(credentials)
        request.scope[ENVIRON] = principal
        request.recheck = Recheck(self._authenticate, credentials, principal)


def may_be_guess(credentials: Credentials) -> bool:
    """Whether there is something to guess. Not what a proxy may use for itself, as ``Basic``."""
    return bool(credentials.bearer) or "token=" in credentials.query
