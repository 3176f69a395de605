"""What a processor is given and what it gives back. Knows neither Django nor Celery nor HTTP.

A processor decodes strangers' bytes, so it runs in a confined child (see ``contain.py``) that may be killed at any
instruction: it can read its one file, write its one folder, and reach nothing else.
Third parties implement `Processor` and register it in the entry-point group ``picasso.processors``; the built-in ones
pass through the same gate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]

GROUP = "picasso.processors"


@dataclass(frozen=True, slots=True)
class Source:
    """One stored file, to be read only."""

    path: Path
    media_type: str
    """What the content was found to be, never what the client declared."""
    options: Mapping[str, JSON] = field(default_factory=dict)
    """What the pipeline says; `options.given` makes the processor's `Options` of it."""
    progress: Callable[[float], None] = lambda _: None
    """To be called with how much of the work is done, 0 to 1, by work that takes more than a few seconds."""


@dataclass(frozen=True, slots=True)
class NoOptions:
    """Of a processor with nothing to choose."""


@dataclass(frozen=True, slots=True)
class Derivative:
    """A file that the processor wrote into the folder it was given."""

    role: str
    """Its part, in kebab-case and unique within the processor: ``thumbnail-256``."""
    file: str
    """Its plain name in the folder: no path parts."""
    media_type: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Facts are small (64 KiB as JSON at most); whatever is larger is a derivative."""

    facts: Mapping[str, JSON]
    derivatives: tuple[Derivative, ...] = ()


class ProcessorError(Exception):
    """The file's own fault: trying again would end the same way.

    ``code`` is kebab-case and stable (``corrupt``, ``too-many-pixels``, ``protected``, ``unsupported-format``);
    ``sentence`` is public, and names neither paths nor libraries.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class Processor(Protocol):
    """Anything else that it raises is taken as a fault of the machine or of the processor, and tried again."""

    name: ClassVar[str]
    """Unique among the installed processors; the key of its facts."""
    media_types: ClassVar[tuple[str, ...]]
    """Shell-style patterns of the types it wants: ``image/*``. One that begins with ``!`` takes types out again."""
    queue: ClassVar[str]
    """``quick`` (seconds) or ``heavy`` (minutes)."""
    on_request: ClassVar[bool] = False
    """Whether it runs only in pipelines that name it."""
    Options: ClassVar[type] = NoOptions
    """A frozen dataclass of what an operator may choose, with defaults; see `picasso.process.options`."""

    @staticmethod
    def prepare() -> None:
        """Import what is heavy. Called once per fork server, so that a child costs a fork instead of an import."""

    def __call__(self, source: Source, folder: Path) -> Result:
        """Read ``source`` and write derivatives into the empty ``folder``."""
