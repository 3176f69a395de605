"""The only code that speaks to an address that somebody else chose. See `picasso.outbound.client`.

async with Client(Options(rules=conf.outbound_allowed)) as client:
    async with client.request("POST", url, headers={...}, body=b"...", limits=Limits(redirects=0)) as answer:
        answer.status, answer.headers, await answer.read(1024)
"""

from picasso.outbound.client import Client, Options
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
)
from picasso.outbound.limits import Limits
from picasso.outbound.resolver import Guard
from picasso.outbound.response import Response
from picasso.outbound.targets import Target, parse_target

__all__ = [
    "AddressNotAllowed",
    "AnswerIncomplete",
    "AnswerTooLarge",
    "Client",
    "ConnectionFailed",
    "Guard",
    "HostNotFound",
    "InvalidAnswer",
    "InvalidUrl",
    "Limits",
    "Options",
    "OutboundError",
    "RedirectRefused",
    "RemoteTimedOut",
    "Response",
    "Target",
    "TlsFailed",
    "parse_target",
]
