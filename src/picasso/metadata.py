"""What applications say about their files: tags and attributes. Read from JSON and from texts, checked and bounded.

A value that is accepted is stored alike by both databases: no NUL, no lone surrogate, no number that one of them writes
in another way.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from picasso.errors import InvalidField

MAX_TAGS = 50
MAX_TAG = 64
"""Characters, in NFC."""
MAX_RAW_TAG = 8 * MAX_TAG

MAX_ATTRIBUTES = 16 * 2**10
"""Bytes as compact JSON in UTF-8."""
MAX_KEY = 128
"""Characters."""
MAX_DEPTH = 16
"""Objects and lists in each other, the outermost one included."""
MIN_NUMBER, MAX_NUMBER = 1e-30, 1e30
"""Of a number without its sign. PostgreSQL writes every number in full, so that 1e308 would have 309 digits."""

# Python writes floats from here on with an exponent, and PostgreSQL as whole numbers.
WHOLE_FROM = 1e16

Attributes = Mapping[str, Any]

compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def parse_tags(value: object) -> list[str]:
    """The tags of a JSON value: sorted, each once, in NFC. None is no tags. Raises `InvalidField`."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidField("tags", "tags must be a list of strings.")
    found = {clean_tag(each) for each in value}
    if len(found) > MAX_TAGS:
        raise InvalidField("tags", f"A file has at most {MAX_TAGS} tags.")
    return sorted(found)


def clean_tag(value: object) -> str:
    """Raises `InvalidField`."""
    if not isinstance(value, str):
        raise InvalidField("tags", "Each tag must be a string.")
    # Normalization makes a text shorter, but takes long for a long one.
    tag = unicodedata.normalize("NFC", value).strip() if len(value) <= MAX_RAW_TAG else value
    if not 0 < len(tag) <= MAX_TAG or any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in tag):
        raise InvalidField("tags", f"A tag has 1 to {MAX_TAG} characters, and no control characters.")
    return tag


def tags_in(text: str) -> list[str]:
    """Those of a comma-separated list, or of a JSON list. Empty entries are none. Raises `InvalidField`."""
    if text.lstrip().startswith("["):
        return parse_tags(parse_json("tags", text))
    return parse_tags([each for each in text.split(",") if each.strip()])


def add_tags(*several: Iterable[str]) -> list[str]:
    """Raises `InvalidField` if they are too many together."""
    return parse_tags([tag for tags in several for tag in tags])


def parse_attributes(value: object) -> dict[str, Any]:
    """The attributes of a JSON value. None is no attributes. Raises `InvalidField`."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidField("attributes", "attributes must be a JSON object.")
    require_depth(value)
    for each in members(value):
        require_member(each)
    whole: dict[str, Any] = with_one_spelling(value)
    if len(compact(whole).encode()) > MAX_ATTRIBUTES:
        raise InvalidField("attributes", f"attributes may have {MAX_ATTRIBUTES} bytes as compact JSON.")
    return whole


def attributes_in(text: str) -> dict[str, Any]:
    """Raises `InvalidField`."""
    return parse_attributes(parse_json("attributes", text))


def merged(old: Attributes, patch: object) -> dict[str, Any]:
    """Attributes after a JSON Merge Patch (RFC 7396 §2): null removes. Raises `InvalidField`."""
    if not isinstance(patch, dict):
        return parse_attributes(patch)
    require_depth(patch)
    return parse_attributes(merge(old, patch))


def merge(target: object, patch: object) -> Any:
    """`MergePatch` of RFC 7396 §2. The depth of the patch is limited by the caller."""
    if not isinstance(patch, Mapping):
        return patch
    kept = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = merge(kept.get(name), value)
    return kept


def parse_json(field: str, text: str) -> Any:
    """Strict JSON: no NaN, no name twice in an object. Raises `InvalidField`."""
    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse_constant)
    except RecursionError:
        raise InvalidField(field, f"{field} is nested too deeply.") from None
    except ValueError as fault:
        raise InvalidField(field, f"{field} is not valid JSON: {fault}.") from None


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are different: parsers disagree about which one counts. Raises `ValueError`."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice in an object")
    return found


def refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def require_depth(value: object, field: str = "attributes", most: int = MAX_DEPTH) -> None:
    """Level by level, so without recursion. Raises `InvalidField`."""
    level = [value]
    for _ in range(most):
        level = [child for each in level for child in children(each) if isinstance(child, dict | list)]
        if not level:
            return
    raise InvalidField(field, f"{field} may be nested {most} levels deep.")


def children(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def members(value: object) -> Iterator[object]:
    """Each key, as a tuple of one, and each value. The depth is limited already."""
    if isinstance(value, dict):
        yield from ((key,) for key in value)
    for child in children(value):
        yield child
        yield from members(child)


def require_member(value: object) -> None:
    """Raises `InvalidField`."""
    if isinstance(value, tuple):
        (key,) = value
        if not isinstance(key, str) or len(key) > MAX_KEY:
            raise InvalidField("attributes", f"A key in attributes is a string of at most {MAX_KEY} characters.")
        require_text(key)
    elif isinstance(value, str):
        require_text(value)
    elif isinstance(value, int | float) and not is_storable(value):
        raise InvalidField("attributes", "A number in attributes must be 0, or from 1e-30 to 1e30 without its sign.")
    elif not isinstance(value, dict | list | int | float | None):
        raise InvalidField("attributes", "attributes has a value that is not JSON.")


def is_storable(number: float) -> bool:
    return number == 0 or MIN_NUMBER <= abs(number) <= MAX_NUMBER


def require_text(text: str) -> None:
    """PostgreSQL stores neither NUL nor lone surrogates. Raises `InvalidField`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidField("attributes", "attributes has text that is not valid Unicode.") from None
    if "\0" in text:
        raise InvalidField("attributes", "attributes has a NUL, which cannot be stored.")


def with_one_spelling(value: Any) -> Any:
    """Numbers as both databases write them: large ones as integers, and no negative zero."""
    if isinstance(value, dict):
        return {key: with_one_spelling(each) for key, each in value.items()}
    if isinstance(value, list):
        return [with_one_spelling(each) for each in value]
    if not isinstance(value, float):
        return value
    return int(value) if abs(value) >= WHOLE_FROM else value + 0.0
