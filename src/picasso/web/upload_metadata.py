"""What the head of a request says about the file in its body: name, type, and how it is to be kept."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import parse_qs

from picasso.errors import BadRequest, InvalidField
from picasso.metadata import attributes_in, tags_in
from picasso.query_values import require_known
from picasso.receive.content_disposition import name_in
from picasso.receive.terms import NO_WISHES, Wishes, check_visibility, parse_expiry
from picasso.web import structured
from picasso.web.request import Request

WISHES = frozenset({"pipeline", "visibility", "expires_at", "tags", "attributes", "webhook_url"})
"""The fields of a form, a query and Upload-Metadata that say how the file is kept."""

PARAMETERS = tuple(sorted(WISHES))

# The largest Upload-Metadata, which is stored in the row of the upload. The largest attributes fit, as base64.
MAX_METADATA = 40 * 2**10

NOTHING: Mapping[str, str] = MappingProxyType({})

# Of two names, by `difflib`. One letter more, less or changed is above it, also in the shortest name.
LIKENESS = 0.85
MAX_MISSPELT = 24

# Content types of the upload protocols. They do not describe the file.
PROTOCOLS = {"application/partial-upload", "application/offset+octet-stream"}


def sent_name(request: Request, in_path: str = "") -> str | None:
    """The name in Content-Disposition, otherwise ``in_path``, the one in the URL; None if both are missing."""
    if disposition := request.headers.get("content-disposition"):
        name = name_in(disposition)
        if name is not None:
            return name
    return in_path or None


def sent_type(request: Request) -> str:
    found = request.headers.get("content-type", "")
    return "" if media_type(found) in PROTOCOLS else found


def media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def sent_wishes(request: Request, described: Mapping[str, str] = NOTHING) -> Wishes:
    """From the query, some also from header fields, and from Upload-Metadata. Raises `InvalidField`."""
    outside = texts_of_wishes(request)
    texts = {name: text for name, text in described.items() if name in WISHES}
    if twice := texts.keys() & outside.keys():
        name = min(twice)
        raise InvalidField(name, f"{name} is in Upload-Metadata, and in the URL or a header field.")
    return wishes_in({**outside, **texts})


def texts_of_wishes(request: Request) -> dict[str, str]:
    """Of the query and the header fields, not parsed yet. Raises `InvalidField`, also for an unknown parameter."""
    found = query_wishes(query) if (query := request.scope.get("query_string")) else {}
    for name, text in header_wishes(request).items():
        if name in found:
            raise InvalidField(name, f"{name} is in the URL and in a header field.")
        found[name] = text
    return found


def query_wishes(text: bytes) -> dict[str, str]:
    query = parse_qs(text.decode("latin-1"), True, errors="surrogateescape")
    require_known(query, PARAMETERS)
    return {name: single(name, values) for name, values in query.items() if name in WISHES}


def header_wishes(request: Request) -> dict[str, str]:
    """Of ``Picasso-Tags`` and others, as the fields of a form have them. Raises `InvalidField`."""
    found = {}
    if (tags := request.headers.get("picasso-tags")) is not None:
        found["tags"] = header_tags(tags)
    if (attributes := request.headers.get("picasso-attributes")) is not None:
        found["attributes"] = header_attributes(attributes)
    if (url := request.headers.get("picasso-webhook-url")) is not None:
        found["webhook_url"] = url
    return found


def header_tags(text: str) -> str:
    """A List of Strings and Tokens (RFC 9651), a JSON list, or words with commas between them."""
    tags = structured.strings(text)
    if tags is None and '"' in text and not text.startswith("["):
        raise InvalidField("tags", 'Picasso-Tags must be a list such as `first, "second tag"`.')
    return as_unicode(text) if tags is None else json.dumps(tags)


def header_attributes(text: str) -> str:
    """JSON, or JSON in UTF-8 as a Byte Sequence (RFC 9651)."""
    value = structured.item(text) if text.startswith(":") else None
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else as_unicode(text)


def as_unicode(text: str) -> str:
    """A header that was read as Latin-1 and is UTF-8; what is not stays visible as lone surrogates."""
    return text.encode("latin-1").decode(errors="surrogateescape")


def single(name: str, values: list[str]) -> str:
    if name == "tags":
        return ",".join(values)
    if len(values) > 1:
        raise InvalidField(name, f"The URL has more than one {name}.")
    return values[0]


def wishes_in(found: Mapping[str, str]) -> Wishes:
    """What a query, a form or Upload-Metadata asks for. An empty value is none. Raises `InvalidField`."""
    if not found:
        return NO_WISHES
    visibility, expires_at = found.get("visibility"), found.get("expires_at")
    return Wishes(
        found.get("pipeline"),
        check_visibility(visibility) if visibility else None,
        parse_expiry(expires_at) if expires_at else None,
        tags_in(found.get("tags", "")),
        attributes_in(attributes) if (attributes := found.get("attributes")) else {},
        found.get("webhook_url"),
    )


def metadata(request: Request) -> dict[str, str]:
    """tus' Upload-Metadata: ``key base64, key …``. Raises `BadRequest`."""
    text = request.headers.get("upload-metadata", "")
    if len(text) > MAX_METADATA:
        raise BadRequest(f"Upload-Metadata has more than {MAX_METADATA} characters.")
    found: dict[str, str] = {}
    for pair in filter(None, (pair.strip(" \t") for pair in text.split(","))):
        key, _, encoded = pair.partition(" ")
        if key in found or not key.isascii():
            raise BadRequest("Upload-Metadata has a duplicate key, or a key that is not ASCII.")
        refuse_misspelt(key)
        try:
            found[key] = base64.b64decode(encoded.strip(), validate=True).decode(errors=unreadable(key))
        except (binascii.Error, ValueError):
            raise BadRequest("Upload-Metadata has a value that is not base64.") from None
    return found


def refuse_misspelt(name: str) -> None:
    """A form and Upload-Metadata may have other fields, but not one that looks like ours. Raises `InvalidField`."""
    if name in WISHES or len(name) > MAX_MISSPELT:
        return
    if meant := meant_by(name):
        raise InvalidField(name, f"There is no field {name}. Did you mean {meant}?")


@lru_cache(maxsize=500)  # each upload has the same few names, and to compare one takes as long as to parse the head
def meant_by(name: str) -> str | None:
    plain = name.lower().removesuffix("[]").replace("-", "_")
    return next(iter(get_close_matches(plain, PARAMETERS, 1, LIKENESS)), None)


def unreadable(name: str) -> str:
    """What `bytes.decode` does with what is not UTF-8. In tags and attributes it is found and refused later."""
    return "surrogateescape" if name in {"tags", "attributes"} else "replace"


def first_of(found: dict[str, str], *keys: str) -> str:
    return next((found[key] for key in keys if found.get(key)), "")
