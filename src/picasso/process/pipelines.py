"""Pipelines: which processors run for which types, with which options, on which queue. Read from ``picasso.toml``.

Without this file there is one pipeline, ``default``. It runs every installed processor that is not ``on_request``.
The file is checked at start. An error message names the line. See ``docs/pipelines.md``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.conf import settings

from picasso.conf import Conf, ConfError
from picasso.process import registry
from picasso.process.contract import JSON, Processor
from picasso.process.options import parse_options
from picasso.queue_names import QUEUES

if TYPE_CHECKING:
    from picasso.jobs.states import Step

DEFAULT = "default"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
TYPE_PATTERN = re.compile(r"!?[a-z*?]+/[a-z0-9.+*?-]+")

# Priorities below 0 are for background work (`reprocess`), which runs only if nothing else waits.
PRIORITIES = range(101)

KeyPath = tuple[str, ...]
"""The keys that lead to a value in the file: ``("pipelines", "default", "image", "queue")``."""


class PipelineError(Exception):
    """The value at ``path`` is wrong; ``sentence`` says why."""

    def __init__(self, path: KeyPath, sentence: str) -> None:
        super().__init__(sentence)
        self.path = path


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
    processors: Mapping[str, ProcessorConfig] = field(default_factory=dict)
    """Those that can run here, and with ``assume_decoders`` those of other machines too."""
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


class Pipelines:
    """All pipelines, by name. There is always a ``default``."""

    def __init__(self, pipelines: Collection[Pipeline]) -> None:
        self._pipelines = {pipeline.name: pipeline for pipeline in pipelines}
        self.plan = lru_cache(maxsize=4096)(self._plan)  # called for each upload

    def __contains__(self, name: str) -> bool:
        return name in self._pipelines

    def __iter__(self) -> Iterator[Pipeline]:
        return iter(self._pipelines.values())

    def __getitem__(self, name: str) -> Pipeline:
        return self._pipelines[name]

    def _plan(self, pipeline: str, media_type: str) -> Plan:
        """Raises `KeyError` if there is no such pipeline."""
        chosen = self[pipeline]
        return Plan(chosen.name, chosen.version, chosen.steps(media_type))

    def options(self, pipeline: str, processor: str) -> Mapping[str, JSON]:
        """The current options. Jobs of a pipeline that no longer exists get those of ``default``."""
        default = self[DEFAULT]
        owner = self._pipelines.get(pipeline, default)
        config = owner.processors.get(processor) or default.processors.get(processor)
        return config.options if config else {}


@cache
def pipelines() -> Pipelines:
    """The pipelines of this process's settings. Raises `ConfError`."""
    conf: Conf = settings.PICASSO
    return load(conf)


def load(conf: Conf) -> Pipelines:
    """Raises `ConfError`. Its message names the file, the line and what is wrong there."""
    name = conf.config.name if conf.config else ""
    text = ""
    try:
        text = conf.config.read_text("utf-8") if conf.config else ""
        return Pipelines(list(parser(conf).parse(tomllib.loads(text))))
    except OSError as error:
        raise ConfError(f"{name} can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfError(f"{name} is not valid TOML: {error}") from error
    except PipelineError as error:
        keys = ".".join(error.path)
        raise ConfError(f"{name}, line {line_of(error.path, text)}: {keys}: {error}") from error


def built_in_options(conf: Conf) -> Mapping[str, Mapping[str, JSON]]:
    """Options that come from settings, by processor. A pipeline's own options take precedence."""
    return {"image": {"max_pixels": conf.max_image_pixels}}


def parser(conf: Conf) -> Parser:
    unavailable = {} if conf.assume_decoders else registry.unavailable()
    return Parser(registry.registered(), unavailable, built_in_options(conf))


@dataclass(frozen=True, slots=True)
class Parser:
    """Reads pipelines. All methods raise `PipelineError`."""

    registered: Mapping[str, type[Processor]]
    """All processors."""
    unavailable: Mapping[str, registry.MissingLibraries]
    """Those that a pipeline may not name, because libraries are missing."""
    built_in: Mapping[str, Mapping[str, JSON]]

    def parse(self, document: Mapping[str, Any]) -> Iterator[Pipeline]:
        """Each pipeline of a file."""
        check_keys(document, {"pipelines"}, ())
        tables = get_table(document, "pipelines", ())
        for name in {DEFAULT: None, **tables}:
            path = ("pipelines", name)
            if not NAME.fullmatch(name) or len(name) > 64:
                raise PipelineError(path, "the name of a pipeline must be kebab-case and have at most 64 characters")
            yield self.pipeline(name, get_table(tables, name, ("pipelines",)), path)

    def pipeline(self, name: str, table: Mapping[str, Any], path: KeyPath) -> Pipeline:
        for key in table:
            if key in self.unavailable:
                self.check_installed(key, (*path, key))
        check_keys(table, {"version", "priority", "processors", *self.registered}, path)
        names = self.processor_names(table, path)
        available = [each for each in names if each not in self.unavailable]
        return Pipeline(
            name,
            get_integer(table, "version", 1, range(1, 2**31), path),
            get_integer(table, "priority", 0, PRIORITIES, path),
            MappingProxyType(
                {key: self.processor(key, get_table(table, key, path), (*path, key)) for key in available}
            ),
            frozenset(names).difference(available),
        )

    def processor_names(self, table: Mapping[str, Any], path: KeyPath) -> list[str]:
        """The processors of a pipeline: its list, or all but those on request, and those that have a table.

        Without a list, processors whose libraries are missing belong to it too.
        """
        with_tables = [name for name in table if name in self.registered]
        if "processors" not in table:
            return [name for name, each in self.registered.items() if not each.on_request or name in with_tables]
        names = get_strings(table, "processors", (), path)
        for name in names:
            self.check_installed(name, (*path, "processors"))
        for name in with_tables:
            if name not in names:
                raise PipelineError((*path, name), "is not in the list of this pipeline's processors")
        return list(dict.fromkeys(names))

    def check_installed(self, name: str, path: KeyPath) -> None:
        if lacking := self.unavailable.get(name):
            hint = f"pip install '{lacking.requirement}'"
            raise PipelineError(path, f"the libraries of the processor {name!r} are not installed ({hint})")
        if name not in self.registered:
            available = ", ".join(each for each in self.registered if each not in self.unavailable)
            raise PipelineError(path, f"there is no processor {name!r} (processors: {available})")

    def processor(self, name: str, table: Mapping[str, Any], path: KeyPath) -> ProcessorConfig:
        processor = self.registered[name]
        check_keys(table, {"types", "queue", "options"}, path)
        types = get_strings(table, "types", processor.media_types, path)
        for pattern in types:
            if not TYPE_PATTERN.fullmatch(pattern):
                hint = f"{pattern!r} is not a pattern of media types such as image/* or !image/gif"
                raise PipelineError((*path, "types"), hint)
        queue = table.get("queue", processor.queue)
        if queue not in QUEUES:
            raise PipelineError((*path, "queue"), f"must be one of {', '.join(QUEUES)}, not {queue!r}")
        options = get_table(table, "options", path)
        check_options(processor, options, path)
        merged = {**self.built_in.get(name, {}), **options}
        return ProcessorConfig(processor.name, types, queue, MappingProxyType(merged))


def check_options(processor: type[Processor], options: Mapping[str, Any], path: KeyPath) -> None:
    """Each option is checked alone first, so that an error names the option's own line."""
    for name, value in options.items():
        try:
            parse_options(processor.Options, {name: value})
        except ValueError as error:
            raise PipelineError((*path, "options", name), str(error)) from error
    try:
        parse_options(processor.Options, options)
    except ValueError as error:
        raise PipelineError((*path, "options"), str(error)) from error


def check_keys(table: Mapping[str, Any], known: Collection[str], path: KeyPath) -> None:
    for name in table:
        if name not in known:
            raise PipelineError((*path, name), f"is not a known key (known keys: {', '.join(sorted(known))})")


def get_table(table: Mapping[str, Any], key: str, path: KeyPath) -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise PipelineError((*path, key), "must be a table")
    return value


def get_integer(table: Mapping[str, Any], key: str, default: int, allowed: range, path: KeyPath) -> int:
    value = table.get(key, default)
    if type(value) is not int or value not in allowed:
        raise PipelineError((*path, key), f"must be an integer from {allowed.start} to {allowed.stop - 1}")
    return value


def get_strings(table: Mapping[str, Any], key: str, default: tuple[str, ...], path: KeyPath) -> tuple[str, ...]:
    value = table.get(key, default)
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise PipelineError((*path, key), "must be a list of strings")
    return tuple(value)


def line_of(path: KeyPath, text: str) -> int:
    """The line (from 1) that sets ``path``, or else the nearest table around it."""
    lines = dict(key_paths(text))
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def key_paths(text: str) -> Iterator[tuple[KeyPath, int]]:
    """For each line that begins a table or a value: its key path and number. TOML's parser reads each line alone."""
    header: KeyPath = ()
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            if path := path_in(line):
                header = path
                yield header, number
        elif path := path_in(f"{line.partition('=')[0]} = 0"):
            yield (*header, *path), number


def path_in(line: str) -> KeyPath:
    """The nested keys of one line of TOML; empty if it is not valid by itself."""
    try:
        value: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while isinstance(value, dict) and value:
        key, value = next(iter(value.items()))
        path.append(key)
    return tuple(path)
