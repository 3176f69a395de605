"""All settings, with their types: the environment becomes a `Conf`, or one error that lists every mistake in it.

The metadata of a field has its environment variable and its parser. `docs/settings.md` describes each setting; a test
checks that none is missing there.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from picasso.addresses import RESERVED
from picasso.outbound_rules import Rules, parse_ports, parse_rules
from picasso.rate_policies import Policies, default_policies, parse_policies
from picasso.redaction import redact

Profile = Literal["development", "production"]
Access = Literal["open", "keys"]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
UNITS |= {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}


class ConfError(Exception):
    """The environment is not a valid configuration. The message has one line per mistake."""


def size(text: str) -> int:
    """Bytes from ``5GiB``, ``500 MB``, ``1024``."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower())
    if not match or match[2] not in UNITS:
        raise ValueError("must be a size such as 500MB, 5GiB or 1024")
    return int(float(match[1]) * UNITS[match[2]])


def positive(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,8}", text.strip()):
        raise ValueError("must be a whole number above 0")
    return int(text)


def whole(text: str) -> int:
    """0 turns the thing off."""
    return 0 if text.strip() == "0" else positive(text)


def port(text: str) -> int:
    if not 0 < positive(text) < 65536:
        raise ValueError("must be a port: 1 to 65535")
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
        raise ValueError("must be true or false") from None


def words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[\s,]+", text) if word)


def languages(text: str) -> tuple[str, ...]:
    """Codes of ISO 639-1, in lower case."""
    found = words(text)
    if not all(re.fullmatch("[a-z]{2}", one) for one in found):
        raise ValueError("must be a list of two-letter language codes such as ru,en")
    return found


def one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return text

    return parse


def folder(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError("must not begin with ~ and the name of an unknown user") from None


def existing_file(text: str) -> Path:
    if not (path := folder(text)).is_file():
        raise ValueError("must be an existing file")
    return path


def file_in_cwd(name: str) -> Path | None:
    """A file in the folder that the service is started in, if it exists."""
    path = Path(name).absolute()
    return path if path.is_file() else None


def base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("must be a URL such as https://files.example.com")
    path = clean_path(parts.path)
    # A proxy may remove this path or leave it. With one of the service's own paths, the two could not be told apart.
    if path and any(f"{own}/".startswith(f"{path}/") or f"{path}/".startswith(f"{own}/") for own in RESERVED):
        raise ValueError("must not have a path that the service itself uses")
    return f"{parts.scheme}://{parts.netloc}{path}"


def issuer_url(text: str) -> str:
    """As the provider names itself; a slash at its end counts."""
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.scheme == "https" or local) or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("must be a URL with https, such as https://login.example.com")
    return text


def clean_path(text: str) -> str:
    """A path prefix such as ``/picasso``, without a slash at its end. Empty for ``/``."""
    path = text.rstrip("/")
    if not re.fullmatch(r"(/[\w.~-]+)*", path, re.ASCII) or {".", ".."} & {*path.split("/")}:
        raise ValueError("must have a path of only letters, digits and -._~ between slashes")
    return path


def networks(text: str) -> tuple[str, ...]:
    found = words(text)
    try:
        [ip_network(one) for one in found if one != "*"]
    except ValueError:
        raise ValueError("must be * or a list of addresses and networks such as 10.0.0.0/8") from None
    return found


def origins(text: str) -> tuple[str, ...]:
    """As browsers write them: in lower case, without a path and without the default port."""
    found = words(text)
    origin = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9]\d{0,4})?")
    default_port = re.compile(r"http://.*:80|https://.*:443")
    if found != ("*",) and not all(origin.fullmatch(one) and not default_port.fullmatch(one) for one in found):
        raise ValueError("must be * or a list of origins such as https://app.example.com")
    return found


class GroupRole(NamedTuple):
    """What the people of a group of the identity provider may do."""

    group: str
    role: str
    project: str
    """The name of a project; empty for all projects."""


def group_roles(text: str) -> tuple[GroupRole, ...]:
    """From ``group=role`` and ``group=role:project``, in a list with commas."""
    found = []
    for each in filter(None, (each.strip() for each in text.split(","))):
        match = re.fullmatch(r"([^=]+)=(viewer|operator|admin)(?::([-\w]+))?", each)
        if not match:
            raise ValueError("must be a list such as staff=admin,support=viewer:shop")
        found.append(GroupRole(match[1].strip(), match[2], match[3] or ""))
    return tuple(found)


def database_url(text: str) -> str:
    if not text.startswith(("sqlite:", "postgres:", "postgresql:")):
        raise ValueError("must be sqlite:///… or postgres://…")
    # django-environ takes a password with # and [ as it is.
    return text if text.startswith("sqlite:") else server_url(text, USER_INFO.sub("", text))


def broker_url(text: str) -> str:
    if not text.startswith(("memory:", "amqp:", "amqps:")):
        raise ValueError("must be memory:// or amqp://…")
    return server_url(text, text)


USER_INFO = re.compile(r"(?<=://)[^/?]*@")


def server_url(text: str, readable: str) -> str:
    """Refuses URLs in which a part of the password would be taken for a host, a port or a path, and shown in errors."""
    try:
        parts = urlsplit(readable)
        valid = parts.port != 0 and "@" not in parts.path + parts.query
    except ValueError:
        valid = False
    if not valid:
        raise ValueError("can't be read: write special characters of the password as in URLs, such as / as %2F")
    return text


def clamd_url(text: str) -> str:
    if not re.fullmatch(r"tcp://([\w.-]+|\[[0-9a-fA-F:]+\]):[1-9]\d{0,4}|unix:///.+", text, re.ASCII):
        raise ValueError("must be tcp://host:port or unix:///path/to/socket")
    return text


def proxy_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be a URL such as http://proxy.internal:3128")
    return text


def setting(variable: str, parse: Callable[[str], Any], default: Any, *, secret: bool = False) -> Any:
    """A field read from the environment variable. A callable ``default`` gets the fields before it.

    The value of a ``secret`` one is never shown, and may be in a file that ``<variable>_FILE`` names.
    """
    metadata = {"variable": variable, "parse": parse, "default": default, "secret": secret}
    return field(default=None, repr=not secret, metadata=metadata)


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conf:
    """The whole configuration. Sizes are bytes, times are seconds."""

    profile: Profile = setting("PICASSO_PROFILE", one_of("development", "production"), "development")
    host: str = setting("PICASSO_HOST", str, "127.0.0.1")
    port: int = setting("PICASSO_PORT", port, 8000)
    data_dir: Path = setting("PICASSO_DATA_DIR", folder, lambda _: Path("data").absolute())
    database_url: str = setting(
        "DATABASE_URL", database_url, lambda values: f"sqlite:///{values['data_dir']}/picasso.sqlite3", secret=True
    )
    broker_url: str = setting("BROKER_URL", broker_url, "memory://", secret=True)
    secret_key: str = setting("PICASSO_SECRET_KEY", str, "", secret=True)
    debug: bool = setting("PICASSO_DEBUG", flag, False)
    access: Access = setting("PICASSO_ACCESS", one_of("open", "keys"), lambda values: default_access(**values))
    oidc_issuer: str = setting("PICASSO_OIDC_ISSUER", issuer_url, "")
    oidc_client_id: str = setting("PICASSO_OIDC_CLIENT_ID", str, "")
    oidc_client_secret: str = setting("PICASSO_OIDC_CLIENT_SECRET", str, "", secret=True)
    oidc_groups: tuple[GroupRole, ...] = setting("PICASSO_OIDC_GROUPS", group_roles, ())
    oidc_second_factor: tuple[str, ...] = setting("PICASSO_OIDC_SECOND_FACTOR", words, ())
    allowed_hosts: tuple[str, ...] = setting("PICASSO_ALLOWED_HOSTS", words, ("127.0.0.1", "localhost", "[::1]"))
    public_url: str = setting("PICASSO_PUBLIC_URL", base_url, "")
    trusted_proxies: tuple[str, ...] = setting("PICASSO_TRUSTED_PROXIES", networks, ())
    cors_origins: tuple[str, ...] = setting("PICASSO_CORS_ORIGINS", origins, ())
    hsts_seconds: int = setting("PICASSO_HSTS_SECONDS", whole, 31_536_000)
    link_expiry: int = setting("PICASSO_LINK_EXPIRY", positive, 86_400)
    accel_redirect: str = setting("PICASSO_ACCEL_REDIRECT", str, "")
    max_upload_size: int = setting("PICASSO_MAX_UPLOAD_SIZE", size, 5 * 2**30)
    min_free_space: int = setting("PICASSO_MIN_FREE_SPACE", size, 256 * 2**20)
    upload_idle_timeout: int = setting("PICASSO_UPLOAD_IDLE_TIMEOUT", positive, 120)
    min_upload_rate: int = setting("PICASSO_MIN_UPLOAD_RATE", size, 2**10)
    upload_expiry: int = setting("PICASSO_UPLOAD_EXPIRY", positive, 86_400)
    upload_start_timeout: int = setting("PICASSO_UPLOAD_START_TIMEOUT", positive, 900)
    max_unfinished_size: int = setting("PICASSO_MAX_UNFINISHED_SIZE", size, 100 * 2**30)
    max_unfinished_uploads: int = setting("PICASSO_MAX_UNFINISHED_UPLOADS", positive, 10_000)
    max_unfinished_per_client: int = setting("PICASSO_MAX_UNFINISHED_PER_CLIENT", positive, 1_000)
    rates: Policies = setting(
        "PICASSO_RATES", parse_policies, lambda values: default_policies(local=is_local(**values))
    )
    web_processes: int = setting("PICASSO_WEB_PROCESSES", positive, 1)
    quick_jobs: int = setting("PICASSO_QUICK_JOBS", positive, lambda _: max(2, cores()))
    heavy_jobs: int = setting("PICASSO_HEAVY_JOBS", positive, lambda _: max(1, cores() // 2))
    job_time_limit: int = setting("PICASSO_JOB_TIME_LIMIT", positive, 300)
    heavy_job_time_limit: int = setting("PICASSO_HEAVY_JOB_TIME_LIMIT", positive, 3600)
    job_memory_limit: int = setting("PICASSO_JOB_MEMORY_LIMIT", size, 2 * 2**30)
    job_output_limit: int = setting("PICASSO_JOB_OUTPUT_LIMIT", size, 2 * 2**30)
    jobs_per_child: int = setting("PICASSO_JOBS_PER_CHILD", positive, 32)
    languages: tuple[str, ...] = setting("PICASSO_LANGUAGES", languages, ())
    max_image_pixels: int = setting("PICASSO_MAX_IMAGE_PIXELS", whole, 0)
    config: Path | None = setting("PICASSO_CONFIG", existing_file, lambda _: file_in_cwd("picasso.toml"))
    assume_decoders: bool = setting("PICASSO_ASSUME_DECODERS", flag, False)
    clamd: str = setting("PICASSO_CLAMD", clamd_url, "")
    clamd_max_size: int = setting("PICASSO_CLAMD_MAX_SIZE", size, 100 * 2**20)
    scan_jobs: int = setting("PICASSO_SCAN_JOBS", positive, 4)
    outbound_allowed: Rules = setting("PICASSO_OUTBOUND_ALLOWED", parse_rules, ())
    outbound_ports: frozenset[int] = setting("PICASSO_OUTBOUND_PORTS", parse_ports, lambda _: frozenset({80, 443}))
    outbound_proxy: str = setting("PICASSO_OUTBOUND_PROXY", proxy_url, "", secret=True)
    imports: int = setting("PICASSO_IMPORTS", whole, 32)
    import_expiry: int = setting("PICASSO_IMPORT_EXPIRY", positive, 86_400)
    import_days: int = setting("PICASSO_IMPORT_DAYS", positive, 30)
    audit_days: int = setting("PICASSO_AUDIT_DAYS", positive, 365)
    streams_per_client: int = setting("PICASSO_STREAMS_PER_CLIENT", positive, 200)
    events_kept: int = setting("PICASSO_EVENTS_KEPT", positive, 604_800)
    log_level: str = setting("PICASSO_LOG_LEVEL", one_of("debug", "info", "warning", "error"), "info")
    log_format: str = setting("PICASSO_LOG_FORMAT", one_of("console", "json"), "console")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names that the service answers to, in the form of Django's ``ALLOWED_HOSTS``."""
        public = re.sub(r":\d*$", "", urlsplit(self.public_url).netloc)
        return (*self.allowed_hosts, public) if public else self.allowed_hosts

    @property
    def scratch_dir(self) -> Path:
        return self.data_dir / "scratch"

    @property
    def embedded_database(self) -> bool:
        return self.database_url.startswith("sqlite:")

    @property
    def embedded(self) -> bool:
        """Whether each worker has its broker inside its own process."""
        return self.broker_url.startswith("memory:")

    @property
    def secrets(self) -> list[str]:
        """What must not be seen anywhere: the secret key, and the passwords in URLs."""
        passwords = [password_in(url) for url in (self.database_url, self.broker_url, self.outbound_proxy)]
        return [
            secret
            for secret in (self.secret_key, self.oidc_client_secret, *passwords, *map(unquote, passwords))
            if secret
        ]


def password_in(url: str) -> str:
    """The password of a URL, as it is written there. Empty if there is none."""
    match = re.match(r"[a-z]+://[^/?:@]*:([^/?]*)@", url)
    return match[1] if match else ""


def variables() -> dict[str, Field[Any]]:
    """Each environment variable and its field, in the order of the fields."""
    return {f.metadata["variable"]: f for f in fields(Conf)}


def load(environ: Mapping[str, str]) -> Conf:
    """Read the configuration from ``environ``. An empty variable counts as not set.

    Raises:
        ConfError: with one line per mistake.
    """
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for variable, each in variables().items():
        default = each.metadata["default"]
        values[each.name] = default(values) if callable(default) else default
        try:
            if text := given(environ, variable, secret=each.metadata["secret"]):
                values[each.name] = each.metadata["parse"](text)
        except ValueError as error:
            mistakes.append(f"{variable} {error}" + ("" if each.metadata["secret"] else f", not {redact(text)!r}"))
    conf = Conf(**values)
    if mistakes := [*mistakes, *unknown(environ), *contradictions(conf)]:
        raise ConfError("\n".join(mistakes))
    return conf


def given(environ: Mapping[str, str], variable: str, *, secret: bool) -> str:
    """The text of a setting. A secret may also be in a file. Raises `ValueError` if the file can't be read."""
    if (text := environ.get(variable, "")) or not secret or not (path := environ.get(f"{variable}_FILE", "")):
        return text
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ValueError(f"can't be read from {path}, the file in {variable}_FILE: {reason}") from error


def files_of_secrets() -> set[str]:
    """The variables that name a file with a secret."""
    return {f"{variable}_FILE" for variable, each in variables().items() if each.metadata["secret"]}


# `picasso upload` and so on read these; whoever has them set can start the service, too.
OF_CLIENT = frozenset({"PICASSO_URL", "PICASSO_KEY", "PICASSO_PROJECT"})


def unknown(environ: Mapping[str, str]) -> list[str]:
    """Unknown variables. A misspelt one could be a limit that silently does not apply, so nothing starts with it."""
    names = [name for name in environ if name.startswith("PICASSO_") and not name.startswith("PICASSO_TEST_")]
    return [
        f"{name} is not a setting of Picasso{suggestion(name)}"
        for name in names
        if name not in {*variables(), *files_of_secrets(), *OF_CLIENT}
    ]


def suggestion(name: str) -> str:
    """The setting with the most similar name, as the end of a sentence. Empty if there is none."""
    known = {variable.removeprefix("PICASSO_"): variable for variable in variables()}
    nearest = get_close_matches(name.removeprefix("PICASSO_"), known, 1, cutoff=0.7)
    return f". Did you mean {known[nearest[0]]}?" if nearest else ""


def contradictions(conf: Conf) -> list[str]:
    """Values that are valid alone but not together."""
    checks = [
        (
            conf.debug and exposed(conf),
            "PICASSO_DEBUG shows internals of the service: it is allowed only with a loopback PICASSO_HOST",
        ),
        (
            bool(conf.oidc_issuer) and not (conf.oidc_client_id and conf.oidc_groups),
            "PICASSO_OIDC_ISSUER needs PICASSO_OIDC_CLIENT_ID and PICASSO_OIDC_GROUPS too",
        ),
        (
            conf.job_memory_limit < 256 * 2**20,
            "PICASSO_JOB_MEMORY_LIMIT must be at least 256MiB: the processors need that much to start",
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
                "PICASSO_ALLOWED_HOSTS is *: PICASSO_PROFILE=production needs the host names of the service",
            ),
        ]
    return [mistake for wrong, mistake in checks if wrong]


def exposed(conf: Conf) -> bool:
    return conf.host not in LOOPBACK


def is_local(*, profile: str, host: str, **_: Any) -> bool:
    """Whether these are the settings of a developer's own machine."""
    return profile == "development" and host in LOOPBACK


def default_access(**values: Any) -> Access:
    """Without a setting everybody may do everything only on a developer's own machine."""
    return "open" if is_local(**values) else "keys"


def make_data_dir(conf: Conf) -> None:
    """Create the data folder if it does not exist. Raises `ConfError` if that fails, or if it can't be written to."""
    try:
        conf.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfError(f"PICASSO_DATA_DIR: {conf.data_dir} can't be created: {error.strerror}") from error
    if not os.access(conf.data_dir, os.W_OK | os.X_OK):
        raise ConfError(f"PICASSO_DATA_DIR: {conf.data_dir} can't be written to")


def key_file(conf: Conf) -> Path:
    """Where the secret key is that was created because none is set."""
    return conf.data_dir / "secret.key"


def secret_key(conf: Conf) -> str:
    """The secret key. If none is set, one is created once in the data folder, readable by its owner only."""
    if conf.secret_key:
        return conf.secret_key
    path = key_file(conf)
    if not path.exists():
        make_data_dir(conf)
        with NamedTemporaryFile("w", dir=path.parent, prefix="secret.") as new:
            new.write(secrets.token_urlsafe(48))
            new.flush()
            # The link appears at once and complete, and only once: processes that start together must use the same key.
            with suppress(FileExistsError):
                os.link(new.name, path)
    return path.read_text()
