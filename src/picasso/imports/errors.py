"""What can go wrong with an import besides what `picasso.outbound.errors` has."""

from __future__ import annotations

from picasso.outbound.errors import OutboundError


class RemoteRefused(OutboundError):
    """The other server does not have the file, or does not give it."""

    code = "remote-refused"


class RemoteBusy(OutboundError):
    """The other server can't give the file now."""

    code, temporary = "remote-busy", True

    def __init__(self, detail: str | None = None, retry_after: float = 0.0) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        """Seconds."""


class EncodingNotSupported(OutboundError):
    """The other server compresses its answer in a way that is not understood here."""

    code = "encoding-not-supported"


class StartOver(Exception):
    """What has arrived can't be continued: the content must be fetched from its beginning."""
