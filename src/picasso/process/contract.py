"""The interface between Picasso and a processor. It needs no Django, no Celery and no HTTP.

A processor decodes untrusted files. It therefore runs in a confined child process (see `picasso.process.confinement`)
that can read one file and write to one folder, has no network, and may be killed at any moment. Third parties implement
`Processor` and register the class in the entry-point group ``picasso.processors``. The built-in processors are
registered in the same way. The guide is ``docs/processors.md``; `picasso.testing` has the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Protocol

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]

GROUP = "picasso.processors"


@dataclass(frozen=True, slots=True)
class Source:
    """The stored file to process. Read-only."""

    path: Path
    media_type: str
    """Detected from the content, never the type that the client declared."""
    options: Mapping[str, JSON] = field(default_factory=dict)
    """The options of the pipeline. `options.parse_options` turns them into the processor's `Options`."""
    progress: Callable[[float], None] = lambda _: None
    """Work that takes more than a few seconds calls this with the fraction that is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class NoOptions:
    """For a processor without options."""


@dataclass(frozen=True, slots=True)
class Derivative:
    """A file that the processor wrote into its output folder."""

    role: str
    """What it is, in kebab-case and unique within the processor: ``thumbnail-256``."""
    file: str
    """Its name in the folder, without path parts."""
    media_type: str
    width: int | None = None
    """In pixels, for pictures and videos; so is ``height``."""
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Facts may take 64 KiB as JSON. What is larger belongs into a derivative."""

    facts: Mapping[str, JSON]
    derivatives: tuple[Derivative, ...] = ()


class ProcessorError(Exception):
    """The file itself is at fault, so the job fails at once: trying again would end in the same way.

    ``code`` is kebab-case and stable (``corrupt``, ``too-many-pixels``, ``protected``, ``unsupported-format``).
    ``sentence`` is public. It names no paths and no libraries. ``facts`` are what could be found all the same: they are
    kept like those of a `Result`.
    """

    def __init__(self, code: str, sentence: str, facts: Mapping[str, JSON] | None = None) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.facts: Mapping[str, JSON] = facts or {}


class Processor(Protocol):
    """Every exception but `ProcessorError` is a fault of the machine or the processor: the job is tried again."""

    name: ClassVar[str]
    """In kebab-case, unique among the installed processors. Its facts are under this key."""
    media_types: ClassVar[tuple[str, ...]]
    """Shell-style patterns of the types that it processes: ``image/*``. A pattern that begins with ``!`` excludes
    types.
    """
    queue: ClassVar[str]
    """``quick`` (seconds) or ``heavy`` (minutes)."""
    on_request: ClassVar[bool] = False
    """Whether it runs only in pipelines that name it."""
    Options: ClassVar[type] = NoOptions
    """A frozen dataclass of the options that an operator may set, with defaults. See `picasso.process.options`."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Top-level modules that it imports and that an operator may not have installed. Without them it is not available.
    """
    extra: ClassVar[str] = ""
    """The extra of its distribution that installs ``requires``: ``images``, as in ``picasso[images]``."""

    @staticmethod
    def prepare() -> None:
        """Import heavy libraries. Called once per fork server, so that a child costs a fork instead of an import.

        It must start no threads: children would not have them.
        """

    def __call__(self, source: Source, folder: Path) -> Result:
        """Read ``source`` and write derivatives into the empty ``folder``."""


class Reader(Protocol):
    """Bytes of a stored file, from start to end."""

    def read(self, size: int) -> bytes:
        """The next bytes, at most ``size``; empty at the end. May raise `OSError`."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class StoredSource:
    """The stored file that a `ServiceProcessor` sends to its service. Read-only."""

    open: Callable[[int, int], Reader]
    """Opens the bytes from the first position up to the second. May raise `OSError`."""
    size: int
    """Bytes."""
    media_type: str
    options: Mapping[str, JSON]
    failures: int
    """How many attempts at this job have failed before."""
    check: Callable[[], None] = lambda: None
    """To be called at least every second. It raises if the attempt is to end; let that exception pass."""
    progress: Callable[[float], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a scanner has found out about a file, and what is to become of it."""

    scan: Literal["clean", "infected", "not-scanned"]
    action: Literal["serve", "quarantine", "delete"]
    facts: Mapping[str, JSON]
    code: str = ""
    """Of the file's error if it is not served."""
    sentence: str = ""
    """Public; of that error."""


class ServiceAway(Exception):
    """The service of a `ServiceProcessor` can't be reached. The job waits until it can; no failure is counted."""


class ServiceFailed(Exception):
    """The service had no answer for this file. The job is tried again, up to a limit."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class ServiceProcessor(Protocol):
    """A processor that lets a service over the network look at the file. It is registered like a `Processor`.

    It runs in the worker and not in a confined child, because it needs the network. So it must not decode the file: it
    passes the bytes on, and checks the answer. Each worker makes one instance, without arguments, which is called by
    several threads at once.
    """

    service: ClassVar[Literal[True]] = True
    """Tells it from a `Processor`."""
    name: ClassVar[str]
    media_types: ClassVar[tuple[str, ...]]
    queue: ClassVar[str]
    """``service``, whose worker runs as many jobs at once as the service takes."""
    on_request: ClassVar[bool] = False
    Options: ClassVar[type] = NoOptions
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def ping(self) -> None:
        """Called every few seconds after a `ServiceAway`, until it no longer raises it."""

    def __call__(self, source: StoredSource) -> Result | Verdict:
        """Facts without derivatives. Raises `ProcessorError`, `ServiceAway`, `ServiceFailed`."""
