"""Which internals of other libraries Picasso uses, and a check that the installed versions still have them.

An internal can change in any release, without notice. So each one that Picasso uses is listed here, and
pyproject.toml allows only versions that were tested. A program checks its internals at its start: `require` ends it
with a clear message, and where a slower way exists, `faults` tells the caller to take that one.
`tests/unit/test_compatibility.py` fails when a new release has moved something.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

DISTRIBUTION = "picasso-server"


class Incompatible(Exception):
    """An installed library lacks something that Picasso needs. The message is for the operator."""


@dataclass(frozen=True, slots=True)
class Object:
    """A module, class or constant that must exist, and attributes that it must have.

    An attribute of a class may also be one that its ``__init__`` sets.
    """

    path: str
    """``module`` or ``module:name.name``."""
    attributes: tuple[str, ...] = ()

    def faults(self) -> Iterator[str]:
        owner = resolve(self.path)
        for name in self.attributes:
            if not hasattr(owner, name) and name not in set_by_init(owner):
                yield f"{self.path} has no {name}"


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method that must accept these parameters, by these names and in this order.

    Further parameters may follow if they are optional. A method that Picasso overrides (``exact``) may have none.
    """

    path: str
    parameters: tuple[str, ...]
    exact: bool = False

    def faults(self) -> Iterator[str]:
        found = [p for p in inspect.signature(resolve(self.path)).parameters.values() if p.kind not in VARIADIC]
        more = found[len(self.parameters) :]
        named = tuple(p.name for p in found[: len(self.parameters)])
        if named != self.parameters or (more and self.exact) or any(p.default is p.empty for p in more):
            yield f"{self.path} takes ({', '.join(p.name for p in found)}), not ({', '.join(self.parameters)})"


VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Accepts:
    """A function that must accept these keyword arguments, wherever they stand."""

    path: str
    keywords: tuple[str, ...]

    def faults(self) -> Iterator[str]:
        known = inspect.signature(resolve(self.path)).parameters
        for name in self.keywords:
            if name not in known:
                yield f"{self.path} does not accept {name}="


@dataclass(frozen=True, slots=True, eq=False)
class Returns:
    """A function that must return a mapping with these keys. It is called with ``arguments``."""

    path: str
    arguments: tuple[Any, ...]
    keys: tuple[str, ...]

    def faults(self) -> Iterator[str]:
        returned = resolve(self.path)(*self.arguments)
        for key in self.keys:
            if key not in returned:
                yield f"{self.path} returns no {key}"


Need = Object | Function | Accepts | Returns


@dataclass(frozen=True, slots=True)
class Hook:
    """One place where Picasso relies on internals."""

    libraries: tuple[str, ...]
    """The distributions whose internals these are."""
    used_by: str
    """Our module."""
    needs: tuple[Need, ...]


def overrides(owner: str, **methods: str) -> tuple[Function, ...]:
    """Methods that a subclass of Picasso replaces: by name, their parameters after ``self``."""
    return tuple(Function(f"{owner}.{name}", ("self", *names.split()), exact=True) for name, names in methods.items())


_HTTPTOOLS = "uvicorn.protocols.http.httptools_impl"

HTTP_PROTOCOL = Hook(
    ("uvicorn", "httptools"),
    "picasso.web.http_protocol",
    (
        Object("uvicorn.protocols.http.flow_control", ("HIGH_WATER_LIMIT",)),
        Object("uvicorn.protocols.http.flow_control:FlowControl", ("pause_reading", "resume_reading", "write_paused")),
        Object(_HTTPTOOLS, ("HEADER_RE", "HEADER_VALUE_RE")),
        Object(
            f"{_HTTPTOOLS}:HttpToolsProtocol",
            ("cycle", "flow", "headers", "loop", "parser", "pipeline", "scope", "timeout_keep_alive_task", "transport"),
        ),
        *overrides(
            f"{_HTTPTOOLS}:HttpToolsProtocol",
            connection_made="transport",
            connection_lost="exc",
            data_received="data",
            on_message_begin="",
            on_url="url",
            on_header="name value",
            on_headers_complete="",
            on_body="body",
            on_message_complete="",
            pause_writing="",
            resume_writing="",
            timeout_keep_alive_handler="",
            _start_asgi_task="cycle app",
        ),
        Function(f"{_HTTPTOOLS}:HttpToolsProtocol._unset_keepalive_if_required", ("self",)),
        Object(
            f"{_HTTPTOOLS}:RequestResponseCycle",
            (
                *("body", "disconnected", "message_event", "response_complete", "response_started", "scope"),
                *("chunked_encoding", "expected_content_length", "waiting_for_100_continue"),
            ),
        ),
        Function(f"{_HTTPTOOLS}:RequestResponseCycle.receive", ("self",)),
        Object("httptools", ("HttpParserError", "HttpParserUpgrade")),
        Object(
            "httptools:HttpRequestParser", ("feed_data", "get_method", "set_dangerous_leniencies", "should_upgrade")
        ),
    ),
)
"""Without it the application runs on Uvicorn's own protocol: slower, without interim responses and trailers."""

_REQUEST = {
    "type": "http",
    "method": "GET",
    "path": "/",
    "query_string": b"",
    "http_version": "1.1",
    "scheme": "http",
    "headers": [],
    "server": ("localhost", 80),
    "client": ("127.0.0.1", 1),
}

DJANGO_OVER_ASGI = Hook(
    ("a2wsgi", "django"),
    "picasso.web.django_handler",
    (
        Returns("a2wsgi.wsgi:build_environ", (_REQUEST, None), ("asgi.scope",)),
        Function("django.http.request:split_domain_port", ("host",)),
        Function("django.http.request:validate_host", ("host", "allowed_hosts")),
    ),
)

STATEMENTS = Hook(
    ("django",),
    "picasso.prepared",
    (
        Function("django.db.models.sql.compiler:SQLCompiler.get_converters", ("self", "expressions")),
        Function("django.db.models.sql.compiler:SQLCompiler.apply_converters", ("self", "rows", "converters")),
        Object("django.db.models.sql.compiler:SQLCompiler", ("select", "as_sql")),
    ),
)

CELERY_WORKER = Hook(
    ("celery",),
    "picasso.jobs.worker",
    (
        Object("celery.worker.consumer:Consumer.Blueprint", ("default_steps",)),
        Object("celery.worker.components:Pool"),
        Object("celery.apps.worker", ("safe_say",)),
        *overrides("celery.bootsteps:StartStopStep", start="parent", stop="parent", terminate="parent"),
        Accepts("celery:Celery.__init__", ("broker", "set_as_current", "fixups")),
    ),
)

MESSAGES = Hook(
    ("celery",),
    "picasso.jobs.broker",
    (
        Function("celery.app.amqp:AMQP.as_task_v2", ("self", "task_id", "name")),
        Accepts("celery.app.amqp:AMQP.as_task_v2", ("ignore_result",)),
        Object("celery.app.amqp:task_message", ("body", "headers", "properties")),
    ),
)

PUBLISHER = Hook(
    ("kombu", "amqp"),
    "picasso.jobs.relay",
    (
        Object("kombu.transport.pyamqp:Transport", ("driver_type",)),
        Object("kombu.transport.memory:Transport", ("driver_type",)),
        Accepts("amqp:Connection.__init__", ("read_timeout", "write_timeout")),
        Object("amqp:Channel", ("confirm_select", "events")),
        Accepts("amqp:Channel.basic_get", ("queue", "no_ack")),
        Accepts("kombu.transport.memory:Channel.basic_get", ("queue", "no_ack")),
    ),
)

IN_PROCESS = Hook(
    ("kombu",),
    "picasso.jobs.in_process",
    (
        Object("kombu.transport", ("TRANSPORT_ALIASES",)),
        Object("kombu.transport.memory:Transport", ("Channel", "cycle", "_deliver")),
        *overrides("kombu.transport.memory:Transport", drain_events="connection timeout"),
        *overrides("kombu.transport.memory:Channel", _put="queue message"),
        *overrides("kombu.transport.memory:Channel", basic_ack="delivery_tag multiple"),
        *overrides("kombu.transport.memory:Channel", basic_reject="delivery_tag requeue"),
        *overrides("kombu.transport.memory:Channel", basic_qos="prefetch_size prefetch_count apply_global"),
        Accepts("kombu.utils.scheduling:FairCycle.get", ("callback",)),
    ),
)

# Through our module, which first decides which libmagic is loaded.
_MAGIC = "picasso.detection.libmagic:magic"

DETECTION = Hook(
    ("python-magic",),
    "picasso.detection.libmagic",
    (
        Object(_MAGIC, ("MAGIC_PARAM_REGEX_MAX", "magic_setflags")),
        Object(f"{_MAGIC}.Magic", ("cookie", "flags", "from_buffer", "setparam")),
    ),
)

WEB = (DJANGO_OVER_ASGI, STATEMENTS, DETECTION)
WORKER = (CELERY_WORKER, MESSAGES, PUBLISHER, IN_PROCESS)
HOOKS = (HTTP_PROTOCOL, DJANGO_OVER_ASGI, STATEMENTS, CELERY_WORKER, MESSAGES, PUBLISHER, IN_PROCESS, DETECTION)


def require(*hooks: Hook) -> None:
    """Raise `Incompatible` unless all that the hooks need is there."""
    if messages := [message(hook, found) for hook in hooks if (found := faults(hook))]:
        raise Incompatible("\n".join(messages))


@cache
def faults(hook: Hook) -> tuple[str, ...]:
    """What ``hook`` misses in the installed libraries, a phrase for each."""
    return tuple(fault for need in hook.needs for fault in _faults(need))


def _faults(need: Need) -> Iterator[str]:
    try:
        yield from need.faults()
    except (ImportError, AttributeError, LookupError, TypeError, ValueError) as error:
        yield f"{need.path}: {error}"


def message(hook: Hook, found: tuple[str, ...]) -> str:
    """One paragraph for the operator: what does not fit, why, and what to install."""
    installed = ", ".join(f"{name} {version(name)}" for name in hook.libraries)
    tested = " ".join(f'"{name}{tested_versions().get(name, "")}"' for name in hook.libraries)
    return (
        f"{hook.used_by} does not work with the installed {installed} ({'; '.join(found)})."
        f" Install tested versions: pip install {tested}"
    )


def version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def untested() -> tuple[str, ...]:
    """The libraries with hooks whose installed version is outside the tested range, such as ``uvicorn 0.60.0``."""
    ranges = tested_versions()
    names = [name for hook in HOOKS for name in hook.libraries if name in ranges]
    return tuple(f"{name} {version(name)}" for name in names if not _in_range(name))


def _in_range(library: str) -> bool:
    try:
        return tested_versions()[library].contains(metadata.version(library), prereleases=True)
    except metadata.PackageNotFoundError:
        return False


@cache
def tested_versions() -> dict[str, SpecifierSet]:
    """The range of each dependency, as pyproject.toml has it; empty if Picasso runs without being installed."""
    from packaging.requirements import Requirement

    try:
        required = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or ()]
    except metadata.PackageNotFoundError:
        return {}
    return {each.name: each.specifier for each in required}


def resolve(path: str) -> Any:
    """The object that ``module:name.name`` names. Raises ImportError or AttributeError."""
    module, _, name = path.partition(":")
    owner = import_module(module)
    return attrgetter(name)(owner) if name else owner


def set_by_init(owner: Any) -> frozenset[str]:
    """Names that the constructors of a class use, among them all attributes that they set."""
    found: set[str] = set()
    for base in inspect.getmro(owner) if inspect.isclass(owner) else ():
        code = getattr(base.__dict__.get("__init__"), "__code__", None)
        found.update(code.co_names if code else (), base.__dict__.get("__slots__", ()))
    return frozenset(found)
