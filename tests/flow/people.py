"""People with their browsers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyotp
import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import User
from django.test import Client

from picasso.access import projects, second_factor
from picasso.access.principal import ANONYMOUS, ENVIRON, OPEN, PROJECT_SCOPES, Principal, Scope
from picasso.models import Membership, Project, SecondFactor
from picasso.storage.folder import Folder
from picasso.web.app import WebApp
from tests.flow.asgi import Exchange, ask
from tests.flow.http import client

PASSWORD = "a quite long password 7"
NEW_PASSWORD = "another long password 8"
FILES, SIGN_IN, CODE, ACCOUNT = "/api/v1.0/files/", "/sign-in/", "/sign-in/code/", "/account/"

PEOPLE = "/api/v1.0/people/"

EVERYTHING = replace(OPEN, scopes=frozenset(Scope), identity="key:a")

Role = Membership.Role


def admin_of(project: Project) -> Principal:
    return replace(OPEN, kind="session", project=projects.snapshot(project), scopes=PROJECT_SCOPES, identity="user:0")


def post(principal: Principal, path: str, **body: Any) -> Any:
    """To ``people/``."""
    return client(principal).post(f"{PEOPLE}{path}", body, content_type="application/json")


def new_browser(**more: Any) -> Client:
    return Client(**{ENVIRON: ANONYMOUS}, **more)  # type: ignore[arg-type] # any key of a WSGI environ


def fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same hash with less work: these tests sign in hundreds of times."""
    monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 1)
    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 1024)


def signed_in(browser: Client, password: str = PASSWORD, name: str = "ann", **more: str) -> Any:
    return browser.post(SIGN_IN, {"username": name, "password": password, **more})


def ask_as(browser: Client, folder: Path, *requests: tuple[str, str], **headers: str) -> list[Exchange]:
    """What the real application answers to requests with the browser's cookies, which lets nobody in without any."""
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())

    async def run() -> list[Exchange]:
        app = WebApp(replace(settings.PICASSO, access="keys"), Folder(folder))
        app.start()
        try:
            return [await ask(app, method, path, b"", cookie=cookie, **headers) for method, path in requests]
        finally:
            await app.stop()

    return asyncio.run(run())


def is_inside(browser: Client) -> bool:
    return bool(browser.get(ACCOUNT).status_code == 200)


def code_of(user: User, offset: int = 0) -> str:
    """What the app shows now, or so many steps later."""
    secret = second_factor.cipher.decrypt(SecondFactor.objects.get(user=user).secret)
    assert secret
    return pyotp.TOTP(secret).at(for_time=int(time.time()), counter_offset=offset)


def set_up_second_factor(user: User) -> list[str]:
    """The recovery codes; the code of the present step is used."""
    second_factor.enrol(user)
    codes = second_factor.confirm(user, code_of(user))
    assert codes
    return codes
