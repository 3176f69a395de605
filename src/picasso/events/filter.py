"""Which events somebody follows: what they may see, and what they want of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.db.models import Q

from picasso.access.owners import narrowed
from picasso.access.principal import Principal, Scope
from picasso.errors import InvalidField
from picasso.events.record import EventRecord
from picasso.events.types import OF_OPERATORS, is_pattern, matches
from picasso.query_values import MAX_NUMBER, identifier, whole_number

MAX_PATTERNS = 20
MAX_TAG = 255
MAX_PAGE, PAGE = 1000, 100
MAX_WAIT = 60

FILTERS = ("type", "file", "owner", "tag")
STREAM_PARAMETERS = ("after", *FILTERS)
LIST_PARAMETERS = (*STREAM_PARAMETERS, "limit", "wait")

Parameters = Mapping[str, Sequence[str]]
"""The values of each parameter of a query."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Followers with the same filter see the same."""

    project_id: int
    owner: str | None = None
    """Only events of this owner."""
    types: tuple[str, ...] = ()
    """Types and patterns; all types if there is none."""
    file_id: uuid.UUID | None = None
    import_id: uuid.UUID | None = None
    tags: tuple[str, ...] = ()
    """All of them."""
    for_operators: bool = False
    """Whether events of jobs are among them."""

    def matches(self, record: EventRecord) -> bool:
        """As `condition` and `has_tags` say."""
        return (
            record.project_id == self.project_id
            and (self.owner is None or record.owner == self.owner)
            and (self.file_id is None or record.file_id == self.file_id)
            and (self.import_id is None or record.data.get("import") == str(self.import_id))
            and (self.for_operators or not record.type.startswith(OF_OPERATORS))
            and matches(self.types, record.type)
            and self.has_tags(record)
        )

    def has_tags(self, record: EventRecord) -> bool:
        """Databases look into JSON in different ways, so what they find is filtered again."""
        return all(tag in record.tags for tag in self.tags)

    @property
    def condition(self) -> Q:
        """All but the tags."""
        found = Q(project=self.project_id)
        if self.owner is not None:
            found &= Q(owner=self.owner)
        if self.file_id is not None:
            found &= Q(file_id=self.file_id)
        if self.import_id is not None:
            found &= Q(data__import=str(self.import_id))
        if not self.for_operators:
            found &= ~Q(type__startswith=OF_OPERATORS)
        return found & of_types(self.types)

    @property
    def is_sparse(self) -> bool:
        """Whether finding a page may mean to look at very many events of the project."""
        return self.file_id is None and bool(self.owner is not None or self.import_id or self.types or self.tags)


def of_types(patterns: Sequence[str]) -> Q:
    wanted = (Q(type__startswith=each[:-1]) if each.endswith("*") else Q(type=each) for each in patterns)
    return Q(*wanted, _connector=Q.OR)


def filter_of(principal: Principal, parameters: Parameters) -> Filter:
    """What the principal asks for. Raises `InvalidField`; as `Principal.require`."""
    principal.require(Scope.EVENTS_READ)
    file_id = one(parameters, "file")
    return Filter(
        project_id=principal.project_id,
        owner=narrowed(principal.owner, one(parameters, "owner")),
        types=types_of(parameters.get("type", ())),
        file_id=None if file_id is None else identifier("file", file_id),
        tags=tags_of(parameters.get("tag", ())),
        for_operators=principal.may(Scope.JOBS_READ),
    )


def checks(principal: Principal, parameters: Parameters) -> list[Callable[[], object]]:
    """What raises `InvalidField` for each parameter of a list that is wrong."""
    each = (partial(filter_of, principal, {name: parameters[name]}) for name in FILTERS if name in parameters)
    numbers = (("wait", 0, MAX_WAIT), ("limit", 1, MAX_PAGE), ("after", 0, MAX_NUMBER))
    return [*each, *(partial(number, parameters, *found) for found in numbers)]


def one(parameters: Parameters, name: str) -> str | None:
    """The value of a parameter; None without one. Raises `InvalidField` for several."""
    values = parameters.get(name, ())
    if len(values) > 1:
        raise InvalidField(name, f"{name} must be given once.")
    return values[0] if values else None


def number(parameters: Parameters, name: str, least: int, most: int) -> int | None:
    """Raises `InvalidField`."""
    text = one(parameters, name)
    if text is None:
        return None
    return whole_number(name, text, least, most)


def types_of(values: Sequence[str]) -> tuple[str, ...]:
    """Sorted, so that followers who say the same in another order share a filter."""
    patterns = sorted({word for value in values for word in value.split(",")})
    if len(patterns) > MAX_PATTERNS:
        raise InvalidField("type", f"There are more than {MAX_PATTERNS} types.")
    for each in patterns:
        if not is_pattern(each):
            raise InvalidField(
                "type", f"{each[:64]!r} is no type of event. Try file.processed, or file.* for all of files."
            )
    return tuple(patterns)


def tags_of(values: Sequence[str]) -> tuple[str, ...]:
    """Sorted, as `types_of`."""
    if len(values) > MAX_PATTERNS:
        raise InvalidField("tag", f"There are more than {MAX_PATTERNS} tags.")
    return tuple(sorted({parse_tag(each) for each in values}))


def parse_tag(text: str) -> str:
    if not 0 < len(text) <= MAX_TAG or not text.isprintable():
        raise InvalidField("tag", f"tag must be 1 to {MAX_TAG} printable characters.")
    return text
