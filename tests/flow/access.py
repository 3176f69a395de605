"""An application that lets nobody in without a credential, and keys and tokens for it."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import jwt

from picasso import models
from picasso.access import keys, tokens
from picasso.access.principal import PROJECT_SCOPES, Scope
from picasso.web.app import WebApp
from tests.flow.asgi import Exchange, ask, with_app

T = TypeVar("T")

API = "/api/v1.0/"
FILES, UPLOAD, UPLOADS = f"{API}files/", f"{API}upload/", f"{API}uploads/"


def project(name: str = "default", **fields: Any) -> models.Project:
    return models.Project.objects.update_or_create(name=name, defaults=fields)[0]


def new_key(name: str = "default", scopes: frozenset[Scope] = PROJECT_SCOPES, **fields: Any) -> tuple[models.Key, str]:
    """A key of the project with this name."""
    return keys.create(project(name), name, scopes, **fields)


def with_keys(folder: Path, call: Callable[[WebApp], Awaitable[T]], **conf: Any) -> T:
    return with_app(folder, call, **{"access": "keys", **conf})


def claims(**more: Any) -> dict[str, Any]:
    return {"aud": "picasso", "exp": int(time.time()) + 600, **more}


def token(key: models.Key, **more: Any) -> str:
    """As an application signs it. A claim that is None is left out."""
    values = {name: value for name, value in claims(**more).items() if value is not None}
    return jwt.encode(values, tokens.signing_secret(key.pk), "HS256", headers={"kid": key.pk})


async def send(
    app: WebApp, method: str, path: str, credential: str = "", body: bytes = b"", **headers: object
) -> Exchange:
    """A request with a key or a token."""
    more = {"authorization": f"Bearer {credential}"} if credential else {}
    return await ask(app, method, path, body, **{**headers, **more})


async def put(app: WebApp, credential: str = "", name: str = "a.txt", body: bytes = b"content\n") -> Exchange:
    return await send(app, "PUT", f"{UPLOAD}{name}", credential, body)


async def get(app: WebApp, path: str, credential: str = "") -> Exchange:
    return await send(app, "GET", path, credential)


def code(answer: Exchange) -> tuple[int | None, str]:
    return answer.status, json.loads(answer.body or b"{}").get("code", "")


def form(*parts: tuple[str, bytes], file: bytes | None = b"content\n", boundary: str = "wall") -> bytes:
    """Fields, then the file; or a part of the name ``file`` among the fields where it is to be."""
    found = b""
    for name, value in [*parts, *([("file", file)] if file is not None else [])]:
        extra = '; filename="a.txt"' if name == "file" else ""
        found += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode()
        found += value + b"\r\n"
    return found + f"--{boundary}--\r\n".encode()


async def post_form(app: WebApp, body: bytes, credential: str = "", **headers: object) -> Exchange:
    kind = "multipart/form-data; boundary=wall"
    return await send(app, "POST", UPLOAD, credential, body, content_type=kind, **headers)
