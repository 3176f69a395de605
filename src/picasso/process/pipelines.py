"""Pipelines: which processors run for which types, with which options, on which queue. Read from ``picasso.toml``.

Without this file there is one pipeline, ``default``. It runs every installed processor that is not ``on_request``.
The file is checked at start. The error lists every fault with its line. See ``docs/pipelines.md``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.conf import settings

from picasso.conf import Conf, ConfError
from picasso.policy import NO_POLICY, Policy, PolicyError, parse_policy
from picasso.process import registry
from picasso.process.contract import JSON
from picasso.process.options import parse_options
from picasso.process.remote.declared import (
    Configurable,
    RemoteProcessor,
    check_json,
    check_name,
    parse_remote,
    pattern_fault,
)
from picasso.process.toml_places import Fault, KeyPath, fault_lines
from picasso.queue_names import HEAVY, QUEUES, QUICK, SERVICE

if TYPE_CHECKING:
    from picasso.jobs.states import Step

DEFAULT = "default"
SCANNER = "scan"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

MOVABLE = frozenset({QUICK, HEAVY})
"""A processor of one of these queues may be on the other."""

NO_REMOTE: Mapping[str, RemoteProcessor] = MappingProxyType({})

# Priorities below 0 are for background work (`reprocess`), which runs only if nothing else waits.
PRIORITIES = range(101)


@dataclass(frozen=True, slots=True)
class ProcessorConfig:
    """How a pipeline uses one processor."""

    processor: str
    types: tuple[str, ...]
    queue: str
    options: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Pipeline:
    name: str
    version: int = 1
    """The operator raises it when results change. `reprocess` finds files of earlier versions by it."""
    priority: int = 0
    retention_days: int | None = None
    """Its files are deleted after so many days; None for never."""
    processors: Mapping[str, ProcessorConfig] = field(default_factory=dict)
    """Those that can run here, and with ``assume_decoders`` those of other machines too."""
    visibility: str = ""
    """Of its files, ``public`` or ``private``; empty if the project decides."""
    policy: Policy = NO_POLICY
    """Which files it accepts."""
    unavailable: frozenset[str] = frozenset()
    """Processors that belong to this pipeline, but whose libraries are not installed here. They get no jobs. Their
    earlier results are not obsolete: only a process for which this is empty knows which results are.
    """

    def steps(self, media_type: str) -> tuple[Step, ...]:
        """The jobs for a file of this type."""
        from picasso.jobs.states import Step  # imports models; `load` must work before Django is set up

        return tuple(
            Step(each.processor, each.queue, self.priority)
            for each in self.processors.values()
            if registry.matches(each.types, media_type)
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs to create for a new file."""

    pipeline: str
    version: int
    steps: tuple[Step, ...]
    retention_days: int | None = None


class Pipelines:
    """All pipelines, by name. There is always a ``default``."""

    def __init__(self, pipelines: Collection[Pipeline], remote: Mapping[str, RemoteProcessor] = NO_REMOTE) -> None:
        """``remote`` are the declared remote processors, by name."""
        self._pipelines = {pipeline.name: pipeline for pipeline in pipelines}
        self.remote = remote
        self.plan = lru_cache(maxsize=4096)(self._plan)  # called for each upload

    def __contains__(self, name: str) -> bool:
        return name in self._pipelines

    def __iter__(self) -> Iterator[Pipeline]:
        return iter(self._pipelines.values())

    def __getitem__(self, name: str) -> Pipeline:
        return self._pipelines[name]

    def visibility(self, name: str) -> str:
        """Of the files of this pipeline; empty if the project decides."""
        return self._pipelines[name].visibility

    def retention_days(self, name: str) -> int | None:
        """How long the files of a pipeline are kept; None for ever, and for one that no longer exists."""
        pipeline = self._pipelines.get(name)
        return pipeline.retention_days if pipeline else None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._pipelines)

    @property
    def queue_names(self) -> tuple[str, ...]:
        """All queues: those of the workers, and one for each remote processor."""
        return (*QUEUES, *(each.queue for each in self.remote.values()))

    def policy(self, name: str) -> Policy:
        """What a pipeline accepts; everything for one that no longer exists."""
        pipeline = self._pipelines.get(name)
        return pipeline.policy if pipeline else NO_POLICY

    def _plan(self, pipeline: str, media_type: str) -> Plan:
        """Raises `KeyError` if there is no such pipeline."""
        chosen = self[pipeline]
        return Plan(chosen.name, chosen.version, chosen.steps(media_type), chosen.retention_days)

    def options(self, pipeline: str, processor: str) -> Mapping[str, JSON]:
        """The current options. Jobs of a pipeline that no longer exists get those of ``default``."""
        default = self[DEFAULT]
        owner = self._pipelines.get(pipeline, default)
        config = owner.processors.get(processor) or default.processors.get(processor)
        return config.options if config else {}


def queues(conf: Conf) -> tuple[str, ...]:
    """Those that have a worker process here: ``service`` only if something uses it. Raises `ConfError`."""
    uses_services = any(config.queue == SERVICE for each in load(conf) for config in each.processors.values())
    return QUEUES if conf.clamd or uses_services else tuple(name for name in QUEUES if name != SERVICE)


@cache
def pipelines() -> Pipelines:
    """The pipelines of this process's settings. Raises `ConfError`."""
    conf: Conf = settings.PICASSO
    return load(conf)


def load(conf: Conf) -> Pipelines:
    """Raises `ConfError`. Its message has one line per fault: the file, the line and what is wrong there."""
    name = conf.config.name if conf.config else ""
    text = ""
    try:
        text = conf.config.read_text("utf-8") if conf.config else ""
        document = tomllib.loads(text)
    except OSError as error:
        raise ConfError(f"{name} can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfError(f"{name} is not valid TOML: {error}") from error
    reader = parser(conf).with_remote(document)
    found = reader.parse(document)
    if not conf.clamd:
        for path in scanning(found):
            reader.report(path, "needs the address of the virus scanner: PICASSO_CLAMD")
    if reader.faults:
        raise ConfError("\n".join(f"{name}, {line}" for line in fault_lines(reader.faults, text)))
    return Pipelines(found, reader.remote)


def scanning(found: Collection[Pipeline]) -> list[KeyPath]:
    """The pipelines that scan, as the place of a fault."""
    return [("pipelines", each.name, SCANNER) for each in found if SCANNER in each.processors]


def built_in_options(conf: Conf) -> Mapping[str, Mapping[str, JSON]]:
    """Options that come from settings, by processor. A pipeline's own options take precedence."""
    return {"image": {"max_pixels": conf.max_image_pixels}}


def parser(conf: Conf) -> Parser:
    unavailable = {} if conf.assume_decoders else registry.unavailable()
    return Parser(registry.registered(), unavailable, built_in_options(conf))


@dataclass(frozen=True, slots=True)
class Parser:
    """Reads pipelines and collects the faults of the file. In the place of a wrong value it uses the default."""

    registered: Mapping[str, Configurable]
    """All processors, the remote ones too."""
    unavailable: Mapping[str, registry.MissingLibraries]
    """Those that a pipeline may not name, because libraries are missing."""
    built_in: Mapping[str, Mapping[str, JSON]]
    faults: list[Fault] = field(default_factory=list)
    remote: Mapping[str, RemoteProcessor] = field(default_factory=dict)

    def with_remote(self, document: Mapping[str, Any]) -> Parser:
        """With the remote processors that the file declares."""
        tables = self.table(document, "remote", ())
        remote = {name: self.remote_processor(name, tables) for name in tables}
        return replace(self, registered={**self.registered, **remote}, remote=MappingProxyType(remote))

    def remote_processor(self, name: str, tables: Mapping[str, Any]) -> RemoteProcessor:
        path = ("remote", name)
        check_name(name, self.registered, partial(self.report, path))
        return parse_remote(
            name, self.table(tables, name, ("remote",)), lambda key, why: self.report((*path, key), why)
        )

    def report(self, path: KeyPath, sentence: str) -> None:
        self.faults.append(Fault(path, sentence))

    def parse(self, document: Mapping[str, Any]) -> list[Pipeline]:
        """Each pipeline of a file."""
        self.check_keys(document, {"pipelines", "remote"}, ())
        tables = self.table(document, "pipelines", ())
        found = []
        for name in {DEFAULT: None, **tables}:
            path = ("pipelines", name)
            if not NAME.fullmatch(name) or len(name) > 64:
                self.report(path, "the name of a pipeline must be kebab-case and have at most 64 characters")
            found.append(self.pipeline(name, self.table(tables, name, ("pipelines",)), path))
        return found

    def pipeline(self, name: str, table: Mapping[str, Any], path: KeyPath) -> Pipeline:
        keys = {"version", "priority", "retention_days", "visibility", "processors", "policy", *self.registered}
        for key, value in table.items():
            if key in self.unavailable or (isinstance(value, dict) and key not in keys):
                self.check_installed(key, (*path, key))
                keys.add(key)
        self.check_keys(table, keys, path)
        names = self.processor_names(table, path)
        available = [each for each in names if each not in self.unavailable]
        return Pipeline(
            name,
            self.integer(table, "version", 1, range(1, 2**31), path),
            self.integer(table, "priority", 0, PRIORITIES, path),
            self.integer(table, "retention_days", 1, range(1, 36_501), path) if "retention_days" in table else None,
            MappingProxyType(
                {key: self.processor(key, self.table(table, key, path), (*path, key)) for key in available}
            ),
            self.choice(table, "visibility", ("public", "private"), path),
            self.policy(self.table(table, "policy", path), (*path, "policy")),
            frozenset(names).difference(available),
        )

    def policy(self, table: Mapping[str, Any], path: KeyPath) -> Policy:
        try:
            return parse_policy(table)
        except PolicyError as error:
            place = error.field.partition("[")[0]
            self.report((*path, *(place.split(".", 1) if place else ())), error.sentence)
            return NO_POLICY

    def processor_names(self, table: Mapping[str, Any], path: KeyPath) -> list[str]:
        """The processors of a pipeline: its list, or all but those on request, and those that have a table.

        Without a list, processors whose libraries are missing belong to it too.
        """
        with_tables = [name for name in table if name in self.registered]
        if "processors" not in table:
            return [name for name, each in self.registered.items() if not each.on_request or name in with_tables]
        names = self.strings(table, "processors", tuple(with_tables), path)
        for name in names:
            self.check_installed(name, (*path, "processors"))
        for name in with_tables:
            if name not in names:
                self.report((*path, name), "is not in the list of this pipeline's processors")
        return [name for name in dict.fromkeys(names) if name in self.registered]

    def check_installed(self, name: str, path: KeyPath) -> None:
        if lacking := self.unavailable.get(name):
            hint = f"pip install '{lacking.requirement}'"
            self.report(path, f"the libraries of the processor {name!r} are not installed ({hint})")
        elif name not in self.registered:
            available = ", ".join(each for each in self.registered if each not in self.unavailable)
            self.report(path, f"no processor {name!r} is installed (installed: {available})")

    def processor(self, name: str, table: Mapping[str, Any], path: KeyPath) -> ProcessorConfig:
        processor = self.registered[name]
        self.check_keys(table, {"types", "queue", "options"}, path)
        types = self.strings(table, "types", processor.media_types, path)
        for hint in filter(None, map(pattern_fault, types)):
            self.report((*path, "types"), hint)
        queue = self.queue(table, processor, path)
        options = self.table(table, "options", path)
        self.check_options(processor, options, path)
        merged = {**self.built_in.get(name, {}), **options}
        return ProcessorConfig(processor.name, types, queue, MappingProxyType(merged))

    def queue(self, table: Mapping[str, Any], processor: Configurable, path: KeyPath) -> str:
        queue = table.get("queue", processor.queue)
        if queue != processor.queue and queue not in QUEUES:
            self.report((*path, "queue"), f"must be one of {', '.join(QUEUES)}, not {queue!r}")
        elif queue != processor.queue and not {queue, processor.queue} <= MOVABLE:
            self.report((*path, "queue"), f"{processor.name} can't be on the queue {queue}")
        return str(queue)

    def check_options(self, processor: Configurable, options: Mapping[str, Any], path: KeyPath) -> None:
        """Each option is checked alone first, so that a fault names the option's own line."""
        alone = [self.accepts(processor, {name: value}, (*path, "options", name)) for name, value in options.items()]
        if all(alone):
            self.accepts(processor, options, (*path, "options"))

    def accepts(self, processor: Configurable, options: Mapping[str, Any], path: KeyPath) -> bool:
        """Whether the processor accepts these options."""
        try:
            if processor.Options:
                parse_options(processor.Options, options)
            else:
                check_json(options)
        except ValueError as error:
            self.report(path, str(error))
            return False
        return True

    def check_keys(self, table: Mapping[str, Any], known: Collection[str], path: KeyPath) -> None:
        for name in table:
            if name not in known:
                self.report((*path, name), f"is not a known key (known keys: {', '.join(sorted(known))})")

    def table(self, table: Mapping[str, Any], key: str, path: KeyPath) -> Mapping[str, Any]:
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        self.report((*path, key), "must be a table")
        return {}

    def integer(self, table: Mapping[str, Any], key: str, default: int, allowed: range, path: KeyPath) -> int:
        value = table.get(key, default)
        if type(value) is int and value in allowed:
            return value
        self.report((*path, key), f"must be an integer from {allowed.start} to {allowed.stop - 1}")
        return default

    def choice(self, table: Mapping[str, Any], key: str, allowed: tuple[str, ...], path: KeyPath) -> str:
        """Empty if there is no such key."""
        value = table.get(key, "")
        if isinstance(value, str) and value in {"", *allowed}:
            return value
        self.report((*path, key), f"must be one of {', '.join(allowed)}, not {value!r}")
        return ""

    def strings(self, table: Mapping[str, Any], key: str, default: tuple[str, ...], path: KeyPath) -> tuple[str, ...]:
        value = table.get(key, default)
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.report((*path, key), "must be a list of strings")
        return default
