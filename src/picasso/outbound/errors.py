"""What can go wrong between this service and an address that somebody else chose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from picasso.errors import FieldError, PicassoError


class OutboundError(PicassoError):
    """The other server could not be asked."""

    status, code = 502, "remote-failed"
    temporary = False
    """Whether another try may succeed."""


class InvalidUrl(OutboundError):
    """This is not an http or https URL that can be fetched."""

    status, code = 400, "url-not-valid"


class AddressNotAllowed(OutboundError):
    """The URL leads to an address or a port that this service does not speak to (see PICASSO_OUTBOUND_ALLOWED)."""

    status, code = 400, "address-not-allowed"


class HostNotFound(OutboundError):
    """The name of the host could not be resolved."""

    code, temporary = "host-not-found", True


class ConnectionFailed(OutboundError):
    """The connection to the other server failed, or it was closed."""

    code, temporary = "connection-failed", True


class TlsFailed(OutboundError):
    """No secure connection: the certificate of the other server is not valid, or TLS failed."""

    code = "tls-failed"


class RemoteTimedOut(OutboundError):
    """The other server was too slow."""

    status, code, temporary = 504, "remote-timed-out", True


class InvalidAnswer(OutboundError):
    """The answer of the other server is not valid HTTP, or its header is too large."""

    code, temporary = "answer-not-valid", True


class AnswerIncomplete(OutboundError):
    """The answer of the other server ended too early."""

    code, temporary = "answer-incomplete", True


class AnswerTooLarge(OutboundError):
    """The answer of the other server is too large."""

    code = "answer-too-large"


class RedirectRefused(OutboundError):
    """The other server redirects too often, or to an address that is not followed."""

    code = "redirect-refused"


@contextmanager
def in_field(name: str) -> Iterator[None]:
    """What is wrong with a URL in here is wrong with this field of the request, and says so."""
    try:
        yield
    except OutboundError as fault:
        raise type(fault)(fault.detail, errors=[FieldError(field=name, detail=fault.detail)]) from None
