"""What the service answers, as values. Fields that this client does not know are in ``raw``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

Object: TypeAlias = Mapping[str, Any]

SETTLED = frozenset({"processed", "failed"})
"""States of a file that is not worked on any more."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why processing or an import failed."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Derivative:
    """A file that a processor made, such as a thumbnail."""

    role: str
    url: str
    media_type: str
    size: int
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class File:
    """A file. Lists leave out ``facts``, ``derivatives`` and ``error``.

    A key that may not read files gets what its client knows: of an upload ``id``, ``name`` and ``size``, of a change
    ``id`` and what was changed. ``state`` is empty then.
    """

    id: str
    url: str
    """Where its bytes are."""
    name: str
    size: int
    """Bytes."""
    media_type: str
    declared_type: str
    sha256: str
    uploaded_at: datetime
    state: str
    """``pending``, ``processing``, ``processed`` or ``failed``; empty if it is not known."""
    visibility: str
    owner: str
    expires_at: datetime | None
    quarantined: bool
    scan: str
    tags: tuple[str, ...]
    attributes: Object
    facts: Object
    derivatives: tuple[Derivative, ...]
    error: Failure | None
    raw: Object = field(repr=False)

    @property
    def settled(self) -> bool:
        return self.state in SETTLED


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened; of the type ``reset`` if events before it are not kept any more."""

    seq: int
    type: str
    at: datetime | None
    owner: str
    tags: tuple[str, ...]
    media_type: str
    pipeline: str
    data: Object
    raw: Object = field(repr=False)


@dataclass(frozen=True, slots=True)
class Import:
    """A file that the service fetches from a URL."""

    id: str
    url: str
    state: str
    """``waiting``, ``running``, ``imported``, ``failed`` or ``cancelled``."""
    bytes: int
    size: int | None
    name: str
    file_id: str | None
    """Of the file that it has become."""
    error: Failure | None
    raw: Object = field(repr=False)

    @property
    def ended(self) -> bool:
        return self.state not in {"waiting", "running"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action on many files did with one of them."""

    id: str
    failure: Failure | None
    """None if it was done."""


def parse_outcome(raw: Object) -> Outcome:
    failed = raw["status"] >= 400
    return Outcome(raw["id"], Failure(raw.get("code", ""), raw.get("detail", "")) if failed else None)


def parse_file(raw: Object) -> File:
    return File(
        id=raw["id"],
        url=raw["file"],
        **{name: raw[name] for name in ("name", "size", "media_type", "declared_type", "sha256", "state")},
        uploaded_at=datetime.fromisoformat(raw["uploaded_at"]),
        visibility=raw.get("visibility", ""),
        owner=raw.get("owner", ""),
        expires_at=parse_time(raw.get("expires_at")),
        quarantined=raw.get("quarantined", False),
        scan=raw.get("scan", ""),
        tags=tuple(raw.get("tags", ())),
        attributes=raw.get("attributes", {}),
        facts=raw.get("facts", {}),
        derivatives=tuple(map(parse_derivative, raw.get("derivatives", ()))),
        error=parse_failure(raw.get("error")),
        raw=raw,
    )


def unread_file(file_id: str, name: str = "", size: int = 0) -> File:
    """A file that may not be read."""
    return parse_known({"id": file_id, "name": name, "size": size})


def parse_known(raw: Object) -> File:
    """A file of which only some fields are known."""
    unknown = dict.fromkeys(("file", "name", "media_type", "declared_type", "sha256", "state"), "")
    return replace(parse_file({**unknown, "size": 0, "uploaded_at": datetime.now(UTC).isoformat(), **raw}), raw=raw)


def changed_file(file: File, changes: Object) -> File:
    """The file after these changes, which are as JSON; None removes what it stands for."""
    kept = {name: value for name, value in changes.items() if value is not None}
    if "attributes" in kept:
        merged = {**file.raw.get("attributes", {}), **kept["attributes"]}
        kept["attributes"] = {name: value for name, value in merged.items() if value is not None}
    others = {name: value for name, value in file.raw.items() if name not in changes}
    return parse_known({**others, **kept})


def parse_derivative(raw: Object) -> Derivative:
    return Derivative(**{name: raw.get(name) for name in Derivative.__slots__})  # type: ignore[arg-type]


def parse_failure(raw: Object | None) -> Failure | None:
    return Failure(raw["code"], raw["detail"]) if raw else None


def parse_event(raw: Object) -> Event:
    return Event(
        seq=int(raw["seq"]),
        type=raw["type"],
        at=parse_time(raw.get("at")),
        tags=tuple(raw.get("tags", ())),
        **{name: raw.get(name, "") for name in ("owner", "media_type", "pipeline")},
        data=raw.get("data", {}),
        raw=raw,
    )


def parse_import(raw: Object) -> Import:
    return Import(
        **{name: raw[name] for name in ("id", "url", "state", "bytes", "size", "name")},
        file_id=last_part(raw["file"]) if raw.get("file") else None,
        error=parse_failure(raw.get("error")),
        raw=raw,
    )


def parse_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def last_part(address: str) -> str:
    """The id at the end of an address of the API."""
    return address.partition("?")[0].rstrip("/").rpartition("/")[2]
