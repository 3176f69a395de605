"""Asks again who sends a request, while its body arrives: a key may be revoked, or a token expire, in these minutes."""

from __future__ import annotations

import time

from picasso.access.authenticate import Authenticator, Credentials
from picasso.access.principal import Principal, Scope
from picasso.errors import NotFound, PicassoError, Unauthorized, Unavailable

# While a body arrives the sender is asked for so often. It costs no query while the answer is remembered.
BODY_SECONDS = 1.0

# A request that was identified so recently becomes a file without another look. So small uploads cost nothing more.
COMMIT_SECONDS = 0.1


class Recheck:
    """Of one request."""

    def __init__(self, authenticate: Authenticator, credentials: Credentials, principal: Principal) -> None:
        self._authenticate = authenticate
        self._credentials = credentials
        self._principal = principal
        self._asked_at = time.monotonic()
        self.ended = False
        """Whether the sender may not upload any more."""

    async def while_receiving(self) -> None:
        """To be called often while the body arrives. Raises as `before_commit`."""
        await self._require(BODY_SECONDS)

    async def before_commit(self) -> None:
        """When the body has arrived.

        Raises `Unauthorized`, `Forbidden`, `NetworkNotAllowed`, as a new request would; `Unavailable`.
        """
        await self._require(COMMIT_SECONDS)

    async def _require(self, after: float) -> None:
        """Ask again, if it was not asked in the last ``after`` seconds."""
        if time.monotonic() - self._asked_at < after:
            return
        self._asked_at = time.monotonic()
        try:
            principal = await self._authenticate(self._credentials)
            if who(principal) != who(self._principal):
                raise Unauthorized
            if self._principal.may(Scope.FILES_WRITE):  # a form may name its sender later
                principal.require(Scope.FILES_WRITE)
        except Unavailable:
            raise
        except NotFound as fault:  # the project
            self.ended = True
            raise Unauthorized from fault
        except PicassoError:
            self.ended = True
            raise

    async def still_may(self, scope: Scope) -> bool:
        """Whether the sender is still who it was, and has this scope: for long answers. Raises `Unavailable`."""
        try:
            principal = await self._authenticate(self._credentials)
        except Unavailable:
            raise
        except PicassoError:
            return False
        return who(principal) == who(self._principal) and principal.may(scope)

    async def holds(self) -> bool:
        """As `before_commit`. True also if that can't be found out now."""
        if not self.ended:
            try:
                await self.before_commit()
            except Unavailable:
                return True
            except PicassoError:
                return False
        return not self.ended


def who(principal: Principal) -> tuple[object, ...]:
    """For whom an upload is: somebody whose session has ended may be somebody else to the service, or nobody."""
    project = principal.project
    return principal.kind, project and project.id, principal.owner, principal.identity
