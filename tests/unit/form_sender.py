"""What a form needs to know besides its bytes, in its simplest form."""

from __future__ import annotations

from picasso.access.principal import OPEN, Principal


class Anybody:
    """A sender that may do everything."""

    principal: Principal = OPEN

    async def identify(self, token: str) -> None:
        raise AssertionError("this form has no token")


class AnyPipeline(set[str]):
    """Names of pipelines without settings."""

    def visibility(self, name: str) -> str:
        return ""
