"""``/api/v1.0/jobs/``: what workers elsewhere send goes to its handlers, the rest to Django."""

from __future__ import annotations

from picasso.web.claims import ClaimHandler, is_claim
from picasso.web.derivatives import DerivativeHandler, is_derivative
from picasso.web.request import Handler, Request


class JobsHandler:
    def __init__(self, claims: ClaimHandler, derivatives: DerivativeHandler, django: Handler) -> None:
        self._claims = claims
        self._derivatives = derivatives
        self._django = django

    async def __call__(self, request: Request) -> None:
        if is_claim(request):
            await self._claims(request)
        elif is_derivative(request):
            await self._derivatives(request)
        else:
            await self._django(request)

    def stop(self) -> None:
        self._derivatives.stop()
