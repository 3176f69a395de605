"""Where the service is, and the key for it: from arguments, the environment, or what `picasso login` has written."""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

URL, KEY, PROJECT = VARIABLES = ("PICASSO_URL", "PICASSO_KEY", "PICASSO_PROJECT")


@dataclass(frozen=True, slots=True)
class Login:
    url: str
    key: str | None = field(repr=False)
    """A key or a token; None where none is needed."""
    project: str | None = None


def resolve(url: str | None, key: str | None, project: str | None = None) -> Login:
    """Arguments first, then ``PICASSO_URL``, ``PICASSO_KEY`` and ``PICASSO_PROJECT``, then the stored login.

    Without any of them the service is at `default_url`. An empty key is none. The stored key is sent to the stored URL
    only. Raises ValueError for what is no URL or key.
    """
    stored = load()
    chosen = check_url(url or os.environ.get(URL) or (stored.url if stored else default_url()))
    is_stored = stored is not None and stored.url == chosen
    known = os.environ.get(KEY) or (stored.key if stored and is_stored else None)
    named = project or os.environ.get(PROJECT) or (stored.project if stored and is_stored else None)
    if named and not re.fullmatch(r"[!-~]+", named):
        raise ValueError(f"{named!r} is not the name of a project.")
    return Login(chosen, check_key(known if key is None else key), named)


def default_url() -> str:
    """Of a service on this machine; ``PICASSO_PORT`` is the setting of that one."""
    return f"http://127.0.0.1:{os.environ.get('PICASSO_PORT') or 8000}"


def check_url(url: str) -> str:
    """The base without a slash at its end, and without the path of the API. Raises ValueError."""
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("The address must not have a user name or password; use a key.")
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.query
        or parts.fragment
        or not has_port(parts)
    ):
        raise ValueError(f"{url!r} is not the address of a service, such as https://files.example.com.")
    return url.rstrip("/").removesuffix("/api/v1.0")


def has_port(parts: SplitResult) -> bool:
    """Whether the port is a number from 1 to 65535, or is left out."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def check_key(key: str | None) -> str | None:
    """The key without white space around it. Raises ValueError, which does not show it."""
    text = key.strip() if key else key
    if text and not re.fullmatch(r"[!-~]+", text):
        raise ValueError("The key has characters that no key has.")
    return text


def config_file() -> Path:
    """Of the XDG base directories."""
    return base_folder("XDG_CONFIG_HOME", ".config") / "login.json"


def state_folder() -> Path:
    return base_folder("XDG_STATE_HOME", ".local/state")


def base_folder(variable: str, default: str) -> Path:
    folder = os.environ.get(variable, "")
    return (Path(folder) if Path(folder).is_absolute() else Path.home() / default) / "picasso"


def load() -> Login | None:
    """The stored login; None without one, or if the file is broken."""
    try:
        raw = json.loads(config_file().read_text("utf-8"))
        return Login(check_url(raw["url"]), raw.get("key"), raw.get("project"))
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError):
        return None


def save(login: Login) -> Path:
    """Store it, readable for its user only. Returns where."""
    path = config_file()
    write_private(path, json.dumps({"url": login.url, "key": login.key, "project": login.project}))
    return path


def forget() -> bool:
    """Remove the stored login. Whether there was one."""
    try:
        config_file().unlink()
    except FileNotFoundError:
        return False
    return True


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 that is there as a whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
