"""Every knob, typed, once: the environment becomes a `Conf`, or one error that lists all that is wrong with it.

A field's metadata holds its environment variable and its meaning; `docs/settings.md` has a heading for each, and a
test holds the two together.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import Field, dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal
from urllib.parse import urlsplit

from picasso.addresses import RESERVED

Profile = Literal["development", "production"]

UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
UNITS |= {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}


class ConfError(Exception):
    """The environment does not make a configuration; the message names every fault, a line each."""


def size(text: str) -> int:
    """Bytes from ``5GiB``, ``500 MB``, ``1024``."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower())
    if not match or match[2] not in UNITS:
        raise ValueError("is not a size such as 500MB, 5GiB or 1024")
    return int(float(match[1]) * UNITS[match[2]])


def positive(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,8}", text.strip()):
        raise ValueError("is not a whole number above 0")
    return int(text)


def port(text: str) -> int:
    if not 0 < positive(text) < 65536:
        raise ValueError("is not a port")
    return int(text)


def flag(text: str) -> bool:
    try:
        return {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
        }[text.strip().lower()]
    except KeyError:
        raise ValueError("is neither true nor false") from None


def words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[\s,]+", text) if word)


def one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"is none of {', '.join(allowed)}")
        return text

    return parse


def folder(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError("begins with ~ and an unknown user") from None


def existing_file(text: str) -> Path:
    if not (path := folder(text)).is_file():
        raise ValueError("is not a file")
    return path


def found_file(name: str) -> Path | None:
    """A file of the folder that the service is started in."""
    path = Path(name).absolute()
    return path if path.is_file() else None


def base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("is not a URL such as https://files.example.com")
    path = clean_path(parts.path)
    # A proxy may take it off or pass it on; one that begins our own could be either.
    if path and any(f"{own}/".startswith(f"{path}/") or f"{path}/".startswith(f"{own}/") for own in RESERVED):
        raise ValueError("has a path that is one of the service's own")
    return f"{parts.scheme}://{parts.netloc}{path}"


def clean_path(text: str) -> str:
    """A path to be served below, such as ``/picasso``, without a slash at its end; empty for ``/``."""
    path = text.rstrip("/")
    if not re.fullmatch(r"(/[\w.~-]+)*", path, re.ASCII) or {".", ".."} & {*path.split("/")}:
        raise ValueError("has a path with more than letters, digits and -._~ between slashes")
    return path


def networks(text: str) -> tuple[str, ...]:
    found = words(text)
    try:
        [ip_network(one) for one in found if one != "*"]
    except ValueError:
        raise ValueError("is neither * nor a list of addresses and networks such as 10.0.0.0/8") from None
    return found


def origins(text: str) -> tuple[str, ...]:
    """As browsers write them: in lower case, without a path, and without the port that goes without saying."""
    found = words(text)
    origin = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9]\d{0,4})?")
    implied = re.compile(r"http://.*:80|https://.*:443")
    if found != ("*",) and not all(origin.fullmatch(one) and not implied.fullmatch(one) for one in found):
        raise ValueError("is neither * nor a list of origins such as https://app.example.com")
    return found


def database_url(text: str) -> str:
    if urlsplit(text).scheme not in {"sqlite", "postgres", "postgresql"}:
        raise ValueError("is neither sqlite:///… nor postgres://…")
    return text


def broker_url(text: str) -> str:
    if urlsplit(text).scheme not in {"memory", "amqp", "amqps"}:
        raise ValueError("is neither memory:// nor amqp://…")
    return text


def knob(variable: str, parse: Callable[[str], Any], default: Any) -> Any:
    """A field read from ``variable``. A callable ``default`` is given the fields before it."""
    return field(default=None, metadata={"variable": variable, "parse": parse, "default": default})


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conf:
    """The whole configuration. Sizes are bytes, times are seconds."""

    profile: Profile = knob("PICASSO_PROFILE", one_of("development", "production"), "development")
    host: str = knob("PICASSO_HOST", str, "127.0.0.1")
    port: int = knob("PICASSO_PORT", port, 8000)
    data_dir: Path = knob("PICASSO_DATA_DIR", folder, lambda _: Path("data").absolute())
    database_url: str = knob("DATABASE_URL", database_url, lambda got: f"sqlite:///{got['data_dir']}/picasso.sqlite3")
    broker_url: str = knob("BROKER_URL", broker_url, "memory://")
    secret_key: str = knob("PICASSO_SECRET_KEY", str, "")
    debug: bool = knob("PICASSO_DEBUG", flag, False)
    allowed_hosts: tuple[str, ...] = knob("PICASSO_ALLOWED_HOSTS", words, ("127.0.0.1", "localhost", "[::1]"))
    public_url: str = knob("PICASSO_PUBLIC_URL", base_url, "")
    trusted_proxies: tuple[str, ...] = knob("PICASSO_TRUSTED_PROXIES", networks, ())
    cors_origins: tuple[str, ...] = knob("PICASSO_CORS_ORIGINS", origins, ())
    accel_redirect: str = knob("PICASSO_ACCEL_REDIRECT", str, "")
    max_upload_size: int = knob("PICASSO_MAX_UPLOAD_SIZE", size, 5 * 2**30)
    min_free_space: int = knob("PICASSO_MIN_FREE_SPACE", size, 256 * 2**20)
    upload_idle_timeout: int = knob("PICASSO_UPLOAD_IDLE_TIMEOUT", positive, 120)
    upload_expiry: int = knob("PICASSO_UPLOAD_EXPIRY", positive, 86_400)
    max_unfinished_size: int = knob("PICASSO_MAX_UNFINISHED_SIZE", size, 100 * 2**30)
    web_processes: int = knob("PICASSO_WEB_PROCESSES", positive, 1)
    quick_jobs: int = knob("PICASSO_QUICK_JOBS", positive, lambda _: max(2, cores()))
    heavy_jobs: int = knob("PICASSO_HEAVY_JOBS", positive, lambda _: max(1, cores() // 2))
    job_time_limit: int = knob("PICASSO_JOB_TIME_LIMIT", positive, 300)
    heavy_job_time_limit: int = knob("PICASSO_HEAVY_JOB_TIME_LIMIT", positive, 3600)
    job_memory_limit: int = knob("PICASSO_JOB_MEMORY_LIMIT", size, 2 * 2**30)
    job_output_limit: int = knob("PICASSO_JOB_OUTPUT_LIMIT", size, 2 * 2**30)
    jobs_per_child: int = knob("PICASSO_JOBS_PER_CHILD", positive, 32)
    max_image_pixels: int = knob("PICASSO_MAX_IMAGE_PIXELS", positive, 64_000_000)
    config: Path | None = knob("PICASSO_CONFIG", existing_file, lambda _: found_file("picasso.toml"))
    log_level: str = knob("PICASSO_LOG_LEVEL", one_of("debug", "info", "warning", "error"), "info")
    log_format: str = knob("PICASSO_LOG_FORMAT", one_of("console", "json"), "console")

    @property
    def media_dir(self) -> Path:
        return self.data_dir / "media"

    @property
    def scratch_dir(self) -> Path:
        return self.data_dir / "scratch"

    @property
    def embedded(self) -> bool:
        """Whether the broker lives inside each worker, so that there is none to look after."""
        return self.broker_url.startswith("memory:")


def variables() -> dict[str, Field[Any]]:
    """Each environment variable and the field it fills, in the order of the fields."""
    return {f.metadata["variable"]: f for f in fields(Conf)}


def load(environ: Mapping[str, str]) -> Conf:
    """The configuration that ``environ`` asks for. An empty variable counts as not set.

    Raises:
        ConfError: with a line for every fault.
    """
    got: dict[str, Any] = {}
    faults: list[str] = []
    for variable, knob_ in variables().items():
        default = knob_.metadata["default"]
        got[knob_.name] = default(got) if callable(default) else default
        if text := environ.get(variable, ""):
            try:
                got[knob_.name] = knob_.metadata["parse"](text)
            except ValueError as fault:
                faults.append(f"{variable} {fault}: {text!r}")
    conf = Conf(**got)
    if faults := [*faults, *unknown(environ), *contradictions(conf)]:
        raise ConfError("\n".join(faults))
    return conf


def unknown(environ: Mapping[str, str]) -> list[str]:
    """A misspelt variable is a limit that silently does not hold, so it stops the start."""
    names = [name for name in environ if name.startswith("PICASSO_") and not name.startswith("PICASSO_TEST_")]
    return [f"{name} is not a setting of Picasso" for name in names if name not in variables()]


def contradictions(conf: Conf) -> list[str]:
    """What each value allows but all of them together do not."""
    checks = [
        (
            conf.debug and exposed(conf),
            "PICASSO_DEBUG would show the service's insides to the world: it needs a loopback PICASSO_HOST",
        ),
        (
            conf.job_memory_limit < 256 * 2**20,
            "PICASSO_JOB_MEMORY_LIMIT is below 256MiB, too little to load the processors",
        ),
    ]
    if conf.profile == "production":
        checks += [
            (
                conf.database_url.startswith("sqlite"),
                "DATABASE_URL is SQLite: PICASSO_PROFILE=production needs PostgreSQL",
            ),
            (conf.embedded, "BROKER_URL is the in-process broker: PICASSO_PROFILE=production needs RabbitMQ"),
            (
                len(conf.secret_key) < 32,
                "PICASSO_SECRET_KEY is missing or shorter than 32 characters: PICASSO_PROFILE=production needs one",
            ),
            (conf.debug, "PICASSO_DEBUG is on: PICASSO_PROFILE=production refuses it"),
            (
                "*" in conf.allowed_hosts,
                "PICASSO_ALLOWED_HOSTS is *: PICASSO_PROFILE=production needs the names it is reached by",
            ),
        ]
    return [fault for wrong, fault in checks if wrong]


def exposed(conf: Conf) -> bool:
    return conf.host not in {"127.0.0.1", "localhost", "::1"}


def kept_secret(conf: Conf) -> str:
    """The secret key; on a laptop one that is made once and kept, readable by its owner only, in the data folder."""
    if conf.secret_key:
        return conf.secret_key
    path = conf.data_dir / "secret.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent, prefix="secret.") as new:
            new.write(secrets.token_urlsafe(48))
            new.flush()
            # Whole or not at all, and only once: processes that start together must agree on it.
            with suppress(FileExistsError):
                os.link(new.name, path)
    return path.read_text()
