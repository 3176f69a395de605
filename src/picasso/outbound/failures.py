"""Faults of the HTTP library as our own errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from picasso.outbound.errors import (
    AnswerIncomplete,
    ConnectionFailed,
    HostNotFound,
    InvalidAnswer,
    OutboundError,
    RemoteTimedOut,
    TlsFailed,
)

# The first class that fits decides.
KINDS: tuple[tuple[type[BaseException], type[OutboundError]], ...] = (
    (TimeoutError, RemoteTimedOut),
    (aiohttp.ClientConnectorDNSError, HostNotFound),
    (aiohttp.ClientSSLError, TlsFailed),
    (aiohttp.ClientConnectorCertificateError, TlsFailed),
    (aiohttp.ClientPayloadError, AnswerIncomplete),
    (aiohttp.ClientConnectionError, ConnectionFailed),
    (OSError, ConnectionFailed),
    (aiohttp.ClientError, InvalidAnswer),
    (aiohttp.http_exceptions.HttpProcessingError, InvalidAnswer),
)


@contextmanager
def as_outbound() -> Iterator[None]:
    """Raise `OutboundError` for all that the library raises."""
    try:
        yield
    except OutboundError:
        raise
    except tuple(library for library, _ in KINDS) as error:
        raise next(ours for library, ours in KINDS if isinstance(error, library)) from error
