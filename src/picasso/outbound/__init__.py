"""The only code that speaks to an address that somebody else chose. See `picasso.outbound.client`.

This package offers what is known of an address without speaking to it. The client is imported by its module: only
workers need it, and its library takes a fifth of a second to load.

async with Client(Options(rules=conf.outbound_allowed)) as client:
    async with client.request("POST", url, headers={...}, body=b"...", limits=Limits(redirects=0)) as answer:
        answer.status, answer.headers, await answer.read(1024)
"""

from picasso.outbound.errors import (
    AddressNotAllowed,
    AnswerIncomplete,
    AnswerTooLarge,
    ConnectionFailed,
    HostNotFound,
    InvalidAnswer,
    InvalidUrl,
    OutboundError,
    RedirectRefused,
    RemoteTimedOut,
    TlsFailed,
    in_field,
)
from picasso.outbound.guard import Guard
from picasso.outbound.limits import Limits
from picasso.outbound.targets import Target, parse_target

__all__ = [
    "AddressNotAllowed",
    "AnswerIncomplete",
    "AnswerTooLarge",
    "ConnectionFailed",
    "Guard",
    "HostNotFound",
    "InvalidAnswer",
    "InvalidUrl",
    "Limits",
    "OutboundError",
    "RedirectRefused",
    "RemoteTimedOut",
    "Target",
    "TlsFailed",
    "in_field",
    "parse_target",
]
