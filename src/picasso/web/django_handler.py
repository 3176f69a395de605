"""Passes a request on to Django, with its body read completely beforehand.

Django runs in a few threads: more of them would only compete for the GIL. The requests that cost a lot have threads of
their own, so that many of them do not hold up the others.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from a2wsgi.wsgi import build_environ
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import close_old_connections
from django.http import HttpResponse
from django.urls import Resolver404, resolve
from django.utils import translation
from django.views import View

from picasso.access.principal import ENVIRON
from picasso.addresses import ACCOUNT, ADMIN, API, FILES, SCHEMA, SIGN_IN, SIGN_IN_OIDC
from picasso.errors import BadRequest, ClientGone, MethodNotAllowed, NotFound, Unavailable
from picasso.languages.accept import language_of
from picasso.pools import stop_pool
from picasso.web.connection import connection_of
from picasso.web.django_body import Bodies
from picasso.web.request import METHODS, AsgiScope, Request, Send, encoded

THREADS = 4

# Checking a password takes a part of a second on purpose, and making the schema half a second. An identity provider may
# take many seconds to answer.
SIGN_INS = frozenset({SIGN_IN, ACCOUNT, f"{ADMIN}login/", f"{ADMIN}password_change/"})
COSTLY_THREADS = 2
MAX_COSTLY = 64

# The largest bodies: of the admin's forms, which name each selected row, and of JSON.
MAX_FORM = 2**20
MAX_JSON = 64 * 2**10

# Many clients always send `{}` or `null`.
NO_BODY = 16
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

MAX_PARAMETERS = 200

# Their views are called without Django's middleware, which takes as long as half a page of files and does nothing for
# them. Errors are answered with it: they are in the reader's language.
NO_ID = UUID(int=0)
ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PLAIN = frozenset({FILES, f"{FILES}{NO_ID}/"})
"""Addresses; one with an id stands for all ids."""
PLAIN_HEADERS = {"X-Frame-Options": "DENY"}

BUSY = "Too many requests of this kind are waiting. Please try again."


class DjangoHandler:
    def __init__(self) -> None:
        django = WithPrincipal()
        self._threads = Pool(django, THREADS)
        self._costly = Pool(django, COSTLY_THREADS, MAX_COSTLY)
        self._bodies = Bodies()

    def stop(self) -> None:
        """A view that still runs is not waited for: it may itself wait for the loop."""
        self._threads.stop()
        self._costly.stop()

    async def __call__(self, request: Request) -> None:
        async with self.received(request) as call:
            await call(request.send)

    @asynccontextmanager
    async def received(self, request: Request) -> AsyncIterator[DjangoCall]:
        """A context with the whole request, for which Django can be called more than once."""
        require_plain(request)
        path = with_slash(request.path)
        # In ASGI `path` includes `root_path`; Django makes its links from both.
        scope = {**request.scope, "path": request.scope["root_path"] + path}
        pool = self._costly if is_costly(request.method, path) else self._threads
        limit = body_limit(request, path) if has_body(request) or request.method not in METHODS else 0
        async with self._bodies.read(request, limit) as body:
            yield DjangoCall(request, pool, scope, body)


@dataclass(frozen=True, slots=True)
class DjangoCall:
    """A request that has arrived."""

    request: Request
    pool: Pool
    scope: AsgiScope
    body: bytes

    async def __call__(self, send: Send) -> None:
        async with self.request.watch_connection():
            answer = await self.pool(self.scope, self.body)
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            await send({"type": "http.response.body", "body": answer.body})


@dataclass(frozen=True, slots=True)
class Answer:
    """What Django answers. All of it is in memory: such answers are small, and a slow client occupies no thread."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Pool:
    """Django in some threads."""

    def __init__(self, django: WithPrincipal, threads: int, most: int | None = None) -> None:
        """More than ``most`` requests at a time are refused."""
        self._django = django
        self._count = threads
        self._most = most
        self._requests = 0
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="django")

    def stop(self) -> None:
        stop_pool(self._threads, self._count)

    async def __call__(self, scope: AsgiScope, body: bytes) -> Answer:
        """Raises `Unavailable`, and `ClientGone` if the client left before a thread was free."""
        if self._most is not None and self._requests >= self._most:
            raise Unavailable(BUSY)
        self._requests += 1
        try:
            environ = cast("dict[str, Any]", build_environ(cast("Any", scope), cast("Any", BytesIO(body))))
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._django, environ)
        finally:
            self._requests -= 1


class WithPrincipal:
    """Django as a WSGI application whose requests carry their principal: see `picasso.api.principal`."""

    def __init__(self) -> None:
        self._django = WSGIHandler()

    def __call__(self, environ: dict[str, Any]) -> Answer:
        scope = environ["asgi.scope"]
        if connection_of(scope).gone:
            raise ClientGone
        environ[ENVIRON] = scope[ENVIRON]
        return plain_answer(environ) or self._whole_answer(environ)

    def _whole_answer(self, environ: dict[str, Any]) -> Answer:
        head: list[Any] = []
        found = self._django(environ, cast("Any", lambda status, headers, *_: head.extend((status, headers))))
        try:
            body = b"".join(found)
        finally:
            found.close()  # ends what Django has begun with the request
        status, headers = head
        named = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return Answer(int(status.partition(" ")[0]), named, body)


def plain_answer(environ: dict[str, Any]) -> Answer | None:
    """As Django with its middleware would answer; None where it has to be asked."""
    path: str = environ["PATH_INFO"]
    ids = ID.findall(path)
    kind = path.replace(ids[0], str(NO_ID)) if ids else path
    if environ["REQUEST_METHOD"] != "GET" or kind not in PLAIN:
        return None
    answer = None
    try:
        with translation.override(language_of(environ.get("HTTP_ACCEPT_LANGUAGE", ""))):
            found = view_at(kind)(WSGIRequest(environ), **({"pk": UUID(ids[0])} if ids else {}))
        answer = rendered(found) if found.status_code in {200, 304} else None
    finally:
        # A connection that has ended is found by the fault of a statement, which is then answered by Django. To ask
        # beforehand takes as long as a statement.
        if answer is None:
            close_old_connections()
    return answer


def rendered(found: HttpResponse) -> Answer:
    if hasattr(found, "render"):
        found = found.render()
    headers = {**found.headers, **PLAIN_HEADERS, "Content-Length": str(len(found.content))}
    return Answer(found.status_code, encoded(headers), found.content)


@cache
def view_at(path: str) -> Callable[..., Any]:
    return resolve(path).func


def is_costly(method: str, path: str) -> bool:
    return path == SCHEMA or path.startswith(SIGN_IN_OIDC) or (path in SIGN_INS and method == "POST")


def require_plain(request: Request) -> None:
    """Refuse what no client of Django's addresses sends, and what Django would answer with an internal error.

    PostgreSQL takes no NUL, and an address or a cookie can hide one: ``%00``, ``\\000``.
    """
    if "\0" in request.path:
        raise NotFound
    query: bytes = request.scope["query_string"]
    if query.count(b"&") >= MAX_PARAMETERS:
        raise BadRequest(f"The address has more than {MAX_PARAMETERS} parameters.")
    if b"%00" in query and request.path.startswith(ADMIN):
        raise BadRequest("A parameter of the address contains a NUL.")
    if "\\000" in request.headers.get("cookie", ""):
        raise BadRequest("A cookie contains a NUL.")


def has_body(request: Request) -> bool:
    return bool(request.content_length) or "transfer-encoding" in request.headers


def body_limit(request: Request, path: str) -> int:
    """How many bytes a body to this address may have.

    A request that is refused anyway is refused here, before its body is read: `NotFound`, `MethodNotAllowed`,
    `Unauthorized`, `Forbidden`.
    """
    try:
        found = resolve(path).func
    except Resolver404:
        raise NotFound from None
    view: type[View] | None = getattr(found, "view_class", None)
    if view is None:
        return MAX_FORM
    if request.method not in (allowed := methods(view)):
        raise MethodNotAllowed(allowed)
    check_permissions(view, request)
    takes_body = request.method in WITH_BODY and getattr(view, "takes_body", True)
    return getattr(view, "max_body", MAX_JSON) if takes_body else NO_BODY


def check_permissions(view: type[View], request: Request) -> None:
    """As the view itself does, which then also checks what depends on its object."""
    stub: Any = SimpleNamespace(method=request.method, META=request.scope)
    instance: Any = view()
    instance.request = stub
    for permission in getattr(instance, "get_permissions", list)():
        permission.has_permission(stub, instance)


def with_slash(path: str) -> str:
    """The path of the API with the slash at its end, which clients may leave out. Other paths stay as they are."""
    return f"{path}/" if f"{path}/".startswith(API) and not path.endswith("/") else path


def methods(view: type[View]) -> list[str]:
    """In the order of Django's own `Allow`. A view with GET also has HEAD."""
    return [name.upper() for name in view.http_method_names if hasattr(view, "get" if name == "head" else name)]
