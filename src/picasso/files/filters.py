"""Filters of files: the names by which files can be selected, and the conditions that their values mean."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import product
from operator import or_

from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.lookups import Exact

from picasso import query_values
from picasso.access.owners import require_owner
from picasso.access.principal import Principal
from picasso.errors import InvalidField
from picasso.files.conditions import HasAttribute, HasTag, NameContains
from picasso.keyset import CodePoints
from picasso.metadata import MAX_KEY, clean_tag
from picasso.models import File, Job
from picasso.models.expressions import HashStart, MediaKind

Alternatives = Sequence[Q]
"""A file matches if it matches one of them, and no file matches two.

They are apart because the database reads each in order from an index.
"""

MAX_FILTERS = 32
"""At once. Each is a condition of one statement, and a database refuses too many of them."""

MAX_MEDIA_TYPES = 10
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/(\*|[a-z0-9][a-z0-9!#$&^_.+-]*)")
SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_NAME = 255

ATTRIBUTES = "attributes."
"""How the names of filters by attribute begin. The rest is the key."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

Filter = Callable[[Principal, str], Alternatives]


def by_state(_: Principal, text: str) -> Alternatives:
    return [Q(state=query_values.choice("state", text, File.State.values))]


def by_processed(_: Principal, text: str) -> Alternatives:
    is_processed = query_values.flag("processed", text)
    return [Q(state=state) for state in File.State.values if (state == File.State.PROCESSED) == is_processed]


def by_media_type(_: Principal, text: str) -> Alternatives:
    """Media types and patterns such as ``image/*``, separated by commas."""
    names = list(dict.fromkeys(name.strip() for name in text.lower().split(",")))
    if len(names) > MAX_MEDIA_TYPES or not all(map(MEDIA_TYPE.fullmatch, names)):
        raise InvalidField(
            "media_type", f"media_type must be 1 to {MAX_MEDIA_TYPES} types such as image/png or image/*, with commas."
        )
    kinds = {name for name in names if name.endswith("/*")}
    return [has_media_type(name) for name in names if name in kinds or f"{name.partition('/')[0]}/*" not in kinds]


def has_media_type(name: str) -> Q:
    if name.endswith("/*"):
        return Q(Exact(MediaKind("media_type"), Value(name[:-2])))
    return Q(Exact(CodePoints("media_type"), Value(name)))


def by_uploaded_after(_: Principal, text: str) -> Alternatives:
    return [Q(pk__gte=first_id(query_values.moment("uploaded_after", text)))]


def by_uploaded_before(_: Principal, text: str) -> Alternatives:
    return [Q(pk__lt=first_id(query_values.moment("uploaded_before", text)))]


def first_id(at: datetime) -> uuid.UUID:
    """The smallest id of this moment: `File.uploaded_at` is the time in the id, in milliseconds."""
    return uuid.UUID(int=max(0, -((EPOCH - at) // MILLISECOND)) << 80)


def by_size_min(_: Principal, text: str) -> Alternatives:
    return [Q(size__gte=query_values.whole_number("size_min", text))]


def by_size_max(_: Principal, text: str) -> Alternatives:
    return [Q(size__lte=query_values.whole_number("size_max", text))]


def by_sha256(_: Principal, text: str) -> Alternatives:
    wanted = text.lower()
    if not SHA256.fullmatch(wanted):
        raise InvalidField("sha256", "sha256 must be 64 hexadecimal digits.")
    return [Q(Exact(HashStart("sha256"), Value(wanted[:16]))) & Q(sha256=wanted)]


SEPARATOR = "\n"
"""Between several values of a filter (`joined`)."""

MAX_TAGS = 10


def by_name(_: Principal, text: str) -> Alternatives:
    """Names are stored in NFC."""
    return [Q(NameContains(unicodedata.normalize("NFC", query_values.text("name", text, MAX_NAME))))]


def by_owner(_: Principal, text: str) -> Alternatives:
    require_owner("owner", text)
    return [Q(owner=text)]


def by_tag(_: Principal, text: str) -> Alternatives:
    """All of them."""
    tags = text.split(SEPARATOR)
    if len(tags) > MAX_TAGS:
        raise InvalidField("tag", f"tag is there more than {MAX_TAGS} times.")
    try:
        return [Q(*(Q(HasTag(clean_tag(each))) for each in tags))]
    except InvalidField as fault:
        raise InvalidField("tag", str(fault)) from None


def by_pipeline(_: Principal, text: str) -> Alternatives:
    return [Q(pipeline=query_values.text("pipeline", text, 64))]


def by_error(principal: Principal, text: str) -> Alternatives:
    """The error that a failed file shows: of a failed job, or of a cancelled one if none failed."""
    code, mine = query_values.text("error", text, 64), File.objects.of(principal.project_id)
    failed = mine.filter(pk=OuterRef("pk"), jobs__state=Job.State.FAILED)
    ended = Q(jobs__state=Job.State.FAILED) | (Q(jobs__state=Job.State.CANCELLED) & ~Exists(failed))
    found = mine.filter(ended, jobs__project=principal.project_id, jobs__error_code=code)
    return [Q(state=File.State.FAILED, pk__in=found.values("pk"))]


FILTERS: Mapping[str, Filter] = {
    "state": by_state,
    "processed": by_processed,
    "media_type": by_media_type,
    "uploaded_after": by_uploaded_after,
    "uploaded_before": by_uploaded_before,
    "size_min": by_size_min,
    "size_max": by_size_max,
    "sha256": by_sha256,
    "name": by_name,
    "owner": by_owner,
    "tag": by_tag,
    "pipeline": by_pipeline,
    "error": by_error,
}


SEARCHES = frozenset({"size_min", "size_max", "name", "tag", "error"})
"""Those for which no index has the files in the order of a list."""


def is_search(name: str) -> bool:
    return name in SEARCHES or name.startswith(ATTRIBUTES)


def joined(name: str, values: Sequence[str]) -> str:
    """The text of a filter with several values. Raises `InvalidField`."""
    if any(SEPARATOR in value for value in values):
        raise InvalidField(name[:40], f"{name[:40]} must not contain a line break.")
    return SEPARATOR.join(values)


def alternatives(principal: Principal, name: str, text: str) -> Alternatives:
    """What one filter means. Raises `InvalidField`, also for a name that is no filter."""
    if name in FILTERS:
        return FILTERS[name](principal, text)
    key = name.removeprefix(ATTRIBUTES)
    if key == name or not 0 < len(key) <= MAX_KEY or "\0" in key:
        raise InvalidField(name[:40], f"{name[:40]!r} is no filter of files.")
    return [Q(HasAttribute(key, query_values.text(name, text)))]


def matching(principal: Principal, where: Mapping[str, str]) -> list[Q]:
    """The conditions for files that match all filters; a file matches if it matches one of the conditions.

    Raises `InvalidField`.
    """
    if len(where) > MAX_FILTERS:
        raise InvalidField(list(where)[MAX_FILTERS][:40], f"Use at most {MAX_FILTERS} filters at once.")
    each = [alternatives(principal, name, text) for name, text in where.items()]
    return [reduce(Q.__and__, combination, Q()) for combination in product(*each)]


def matching_any(principal: Principal, where: Mapping[str, str]) -> Q:
    """The same as one condition, such as for changing all. Raises `InvalidField`."""
    return reduce(or_, matching(principal, where))


def split(where: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Those for which an index has the files in the order of a list, and the searches."""
    searches = {name: text for name, text in where.items() if is_search(name)}
    return {name: text for name, text in where.items() if name not in searches}, searches
