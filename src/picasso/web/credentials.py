"""What a request carries to say who sends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from picasso.access.authenticate import Credentials
from picasso.access.principal import Principal
from picasso.errors import BadRequest, InvalidField, InvalidToken
from picasso.web.identification import Identification
from picasso.web.request import Request

# Who sends a form may be said by a field of it: a plain form of HTML can set no header.
UNNAMED = frozenset({"anonymous", "open"})


def credentials_of(request: Request) -> Credentials:
    headers = request.headers
    return Credentials(
        authorization=headers.get("authorization", ""),
        cookie=headers.get("cookie", ""),
        query=request.scope.get("query_string", b"").decode("latin-1"),
        method=request.method,
        path=request.path,
        address=request.client_address,
        project=narrowing(headers, "Picasso-Project"),
        owner=as_utf8(narrowing(headers, "Picasso-Owner")),
    )


def narrowing(headers: Mapping[str, str], name: str) -> str:
    """The value of a header that narrows what the request sees; empty without it.

    An empty header narrows nothing, although its sender wanted that: `InvalidField`.
    """
    value = headers.get(name.lower())
    if value is not None and not value.strip():
        raise InvalidField(name, f"{name} is empty. Leave the header out to act without it.")
    return value or ""


def as_utf8(value: str) -> str:
    """The value of a header that was read as Latin-1. Raises `BadRequest`."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise BadRequest("Picasso-Owner is not UTF-8.") from None


Admit = Callable[[Request], Awaitable[None]]


class FormSender:
    """The sender of a form: the principal of the request, or of the token in a field of the form."""

    def __init__(self, request: Request, identify: Identification, admit: Admit) -> None:
        """``admit`` is asked whether the principal of the request may send what it announces."""
        self._request = request
        self._identify = identify
        self._admit = admit

    @property
    def principal(self) -> Principal:
        return self._request.principal

    async def identify(self, token: str) -> None:
        """Raises `Unauthorized`, or `BadRequest` if the request has another credential."""
        if self.principal.kind not in UNNAMED:
            raise BadRequest("Send one credential only: either `Authorization`, or `token` once.")
        if token.startswith("pk_"):
            raise InvalidToken("A key must not be in a form: it is the secret of a server. Use a token.")
        credentials = credentials_of(self._request).with_bearer(token)
        await self._identify(self._request, credentials)
        await self._admit(self._request)
