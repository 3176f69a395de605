"""What the head of a request says about the file in its body: name, type, pipeline."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qs

from picasso.errors import BadRequest, InvalidField
from picasso.web.multipart_form import Names, name_in
from picasso.web.request import Request

# The largest Upload-Metadata, which is stored in the row of the upload.
MAX_METADATA = 16 * 2**10

# Types that belong to the upload protocols and say nothing about the file.
PROTOCOLS = {"application/partial-upload", "application/offset+octet-stream"}


def sent_name(request: Request, in_path: str = "") -> str | None:
    """From Content-Disposition, else from the URL. None if there is none."""
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


def sent_pipeline(request: Request, pipelines: Names) -> str:
    """From the query. Raises `InvalidField`."""
    query = parse_qs(request.scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    named = query.get("pipeline", ["default"])
    if len(named) > 1:
        raise InvalidField("pipeline", "The URL has more than one pipeline.")
    return known_pipeline(named[0], pipelines)


def known_pipeline(name: str, pipelines: Names) -> str:
    if name not in pipelines:
        raise InvalidField("pipeline", "There is no pipeline of this name.")
    return name


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
        try:
            found[key] = base64.b64decode(encoded.strip(), validate=True).decode(errors="replace")
        except (binascii.Error, ValueError):
            raise BadRequest("Upload-Metadata has a value that is not base64.") from None
    return found


def first_of(found: dict[str, str], *keys: str) -> str:
    return next((found[key] for key in keys if found.get(key)), "")
