"""Pipelines: which processors run for which types, with which options, on which queue. Read from `picasso.toml`.

Without it there is one pipeline, ``default``, in which every installed processor runs that doesn't wait to be asked.
Whatever a file says is checked at start, and what is wrong with it is told with its line. See ``docs/pipelines.md``.
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
from picasso.process.options import given

if TYPE_CHECKING:
    from picasso.jobs.states import Step

DEFAULT = "default"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
TYPE_PATTERN = re.compile(r"!?[a-z*?]+/[a-z0-9.+*?-]+")

# Below 0 is the background's (`reprocess`), which yields to everything that somebody waits for.
PRIORITIES = range(101)

Place = tuple[str, ...]
"""Where in the file: ``("pipelines", "default", "image", "queue")``."""


class Fault(Exception):
    """Something in the file is wrong."""

    def __init__(self, place: Place, sentence: str) -> None:
        super().__init__(sentence)
        self.place = place


@dataclass(frozen=True, slots=True)
class Use:
    """How a pipeline uses one processor."""

    processor: str
    types: tuple[str, ...]
    queue: str
    options: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Pipeline:
    name: str
    version: int = 1
    """The operator raises it when what is made changes; `reprocess` finds files by it."""
    priority: int = 0
    uses: Mapping[str, Use] = field(default_factory=dict)

    def steps(self, media_type: str) -> tuple[Step, ...]:
        from picasso.jobs.states import Step  # needs the tables, and the check at start comes before there are any

        return tuple(
            Step(use.processor, use.queue, self.priority)
            for use in self.uses.values()
            if registry.wants(use.types, media_type)
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs that a new file is to have."""

    pipeline: str
    version: int
    steps: tuple[Step, ...]


class Pipelines:
    """All that there are, by name; ``default`` always is."""

    def __init__(self, pipelines: Collection[Pipeline]) -> None:
        self._pipelines = {pipeline.name: pipeline for pipeline in pipelines}
        self.plan = lru_cache(maxsize=4096)(self._plan)  # asked for each upload

    def __contains__(self, name: str) -> bool:
        return name in self._pipelines

    def __iter__(self) -> Iterator[Pipeline]:
        return iter(self._pipelines.values())

    def __getitem__(self, name: str) -> Pipeline:
        return self._pipelines[name]

    def _plan(self, pipeline: str, media_type: str) -> Plan:
        """Raises `KeyError` for a pipeline that is not there."""
        chosen = self[pipeline]
        return Plan(chosen.name, chosen.version, chosen.steps(media_type))

    def options(self, pipeline: str, processor: str) -> Mapping[str, JSON]:
        """Those of now. A pipeline that was taken out since its jobs were made leaves them the default's."""
        chosen = self._pipelines.get(pipeline, self[DEFAULT])
        use = chosen.uses.get(processor) or self[DEFAULT].uses.get(processor)
        return use.options if use else {}


@cache
def pipelines() -> Pipelines:
    """Those of this process's settings. Raises `ConfError`."""
    conf: Conf = settings.PICASSO
    return load(conf)


def load(conf: Conf) -> Pipelines:
    """Raises `ConfError`, whose message names the file, the line and what is wrong there."""
    name = conf.config.name if conf.config else ""
    text = ""
    try:
        text = conf.config.read_text("utf-8") if conf.config else ""
        return Pipelines(list(read(tomllib.loads(text), built_in_options(conf))))
    except OSError as fault:
        raise ConfError(f"{name} can't be read: {fault.strerror}") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfError(f"{name} is not TOML: {fault}") from fault
    except Fault as fault:
        where = ".".join(fault.place)
        raise ConfError(f"{name}, line {line_of(fault.place, text)}: {where}: {fault}") from fault


def built_in_options(conf: Conf) -> Mapping[str, Mapping[str, JSON]]:
    """What settings say of a processor; a pipeline's own options come before them."""
    return {"image": {"max_pixels": conf.max_image_pixels}}


def read(document: Mapping[str, Any], built_in: Mapping[str, Mapping[str, JSON]]) -> Iterator[Pipeline]:
    """Each pipeline of a file. Raises `Fault`."""
    only(document, {"pipelines"}, ())
    tables = table(document, "pipelines", ())
    for name in {DEFAULT: None, **tables}:
        place = ("pipelines", name)
        if not NAME.fullmatch(name) or len(name) > 64:
            raise Fault(place, "a pipeline's name is in kebab-case, and has 64 characters at most")
        yield pipeline(name, table(tables, name, ("pipelines",)), place, built_in)


def pipeline(name: str, told: Mapping[str, Any], place: Place, built_in: Mapping[str, Any]) -> Pipeline:
    installed = registry.processors()
    only(told, {"version", "priority", "processors", *installed}, place)
    return Pipeline(
        name,
        whole(told, "version", 1, range(1, 2**31), place),
        whole(told, "priority", 0, PRIORITIES, place),
        MappingProxyType(
            {
                each: use(installed[each], table(told, each, place), (*place, each), built_in.get(each, {}))
                for each in chosen(told, place)
            }
        ),
    )


def chosen(told: Mapping[str, Any], place: Place) -> list[str]:
    """The processors of a pipeline: those it lists, or all but those on request, and whichever it has a table for."""
    installed = registry.processors()
    tables = [name for name in told if name in installed]
    if "processors" not in told:
        return [name for name, each in installed.items() if not each.on_request or name in tables]
    listed = texts(told, "processors", (), place)
    for name in listed:
        if name not in installed:
            raise Fault((*place, "processors"), f"there is no processor {name!r} (there is: {', '.join(installed)})")
    for name in tables:
        if name not in listed:
            raise Fault((*place, name), "is not among this pipeline's processors")
    return list(dict.fromkeys(listed))


def use(processor: type[Processor], told: Mapping[str, Any], place: Place, built_in: Mapping[str, JSON]) -> Use:
    only(told, {"types", "queue", "options"}, place)
    types = texts(told, "types", processor.media_types, place)
    for pattern in types:
        if not TYPE_PATTERN.fullmatch(pattern):
            raise Fault((*place, "types"), f"{pattern!r} is not a pattern of media types such as image/* or !image/gif")
    queue = told.get("queue", processor.queue)
    if queue not in registry.QUEUES:
        raise Fault((*place, "queue"), f"there is no queue {queue!r} (there is: {', '.join(registry.QUEUES)})")
    own = table(told, "options", place)
    check_options(processor, own, place)
    return Use(processor.name, types, queue, MappingProxyType({**built_in, **own}))


def check_options(processor: type[Processor], options: Mapping[str, Any], place: Place) -> None:
    """One by one first, so that the line at fault is that of the option."""
    for name, value in options.items():
        try:
            given(processor.Options, {name: value})
        except ValueError as fault:
            raise Fault((*place, "options", name), str(fault)) from fault
    try:
        given(processor.Options, options)
    except ValueError as fault:
        raise Fault((*place, "options"), str(fault)) from fault


def only(told: Mapping[str, Any], known: Collection[str], place: Place) -> None:
    for name in told:
        if name not in known:
            raise Fault((*place, name), f"is not known here (known is: {', '.join(sorted(known))})")


def table(told: Mapping[str, Any], name: str, place: Place) -> Mapping[str, Any]:
    found = told.get(name, {})
    if not isinstance(found, dict):
        raise Fault((*place, name), "is not a table")
    return found


def whole(told: Mapping[str, Any], name: str, default: int, allowed: range, place: Place) -> int:
    found = told.get(name, default)
    if type(found) is not int or found not in allowed:
        raise Fault((*place, name), f"is not a whole number from {allowed.start} to {allowed.stop - 1}")
    return found


def texts(told: Mapping[str, Any], name: str, default: tuple[str, ...], place: Place) -> tuple[str, ...]:
    found = told.get(name, default)
    if not isinstance(found, list | tuple) or not all(isinstance(each, str) for each in found):
        raise Fault((*place, name), "is not a list of texts")
    return tuple(found)


def line_of(place: Place, text: str) -> int:
    """The line (from 1) on which ``place``, or the nearest that encloses it, is written."""
    lines = dict(places(text))
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def places(text: str) -> Iterator[tuple[Place, int]]:
    """What each line that begins a table or a value writes. TOML's own parser reads each by itself."""
    header: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            if found := path_in(line):
                header = found
                yield header, number
        elif found := path_in(f"{line.partition('=')[0]} = 0"):
            yield (*header, *found), number


def path_in(line: str) -> Place:
    """The nested keys that a line of TOML makes, or none if it can't stand alone."""
    try:
        found: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while isinstance(found, dict) and found:
        name, found = next(iter(found.items()))
        path.append(name)
    return tuple(path)
