"""What may be said about an upload, and how it is sent."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any, TypeAlias, TypedDict
from urllib.parse import quote

from picasso_client.actions import Call

Progress: TypeAlias = Callable[[int, int | None], object]
"""Is called with how many bytes have arrived, and of how many; None if that is not known."""


class ResumeOptions(TypedDict, total=False):
    wait: float
    """Wait so many seconds, at most, until the file is settled."""
    progress: Progress


class UploadOptions(ResumeOptions, total=False):
    name: str
    """By default that of the path."""
    media_type: str
    """What to declare; by default what the name says. The service looks at the content anyway."""
    pipeline: str
    tags: Sequence[str]
    attributes: Mapping[str, Any]
    visibility: str
    webhook_url: str
    """Gets the events of the file, where the project allows its host."""
    expires_at: datetime
    idempotency_key: str
    """With the same key the same upload is stored once, also by another process within a day."""
    started: Callable[[str], object]
    """Is called with the address of a resumable upload: keep it to continue in another process, by `resume`."""


def check_options(known: type, options: Mapping[str, Any]) -> None:
    """Raises TypeError for what is no option of this TypedDict, and for tags that are a text."""
    names = sorted(getattr(known, "__optional_keys__", ()))
    for name in options:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}."
            raise TypeError(f"There is no option {name!r}; {hint}")
    if isinstance(options.get("tags"), (str, bytes)):
        raise TypeError("tags is a list of texts, not one text.")


def new_key(options: UploadOptions) -> str:
    return options.get("idempotency_key") or str(uuid.uuid4())


def small_upload_call(content: bytes, name: str, options: UploadOptions) -> Call:
    """All in one request, which may be repeated."""
    name = options.get("name") or name or "file"
    digest = b64encode(hashlib.sha256(content).digest()).decode()
    headers = {
        "Content-Type": media_type(name, options),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(encode(name), safe='')}",
        "Repr-Digest": f"sha-256=:{digest}:",
        "Idempotency-Key": new_key(options),
    }
    described = metadata_json(options)
    headers |= {f"Picasso-{field.title()}": text for field, text in described.items()}
    return Call("POST", "upload/", texts(options), headers, content)


def tus_metadata(name: str, options: UploadOptions) -> str:
    """``Upload-Metadata`` of tus."""
    name = options.get("name") or name or "file"
    said = {"filename": name, "filetype": media_type(name, options), **texts(options), **metadata_json(options)}
    return ",".join(f"{field} {b64encode(encode(text)).decode()}" for field, text in said.items())


def texts(options: UploadOptions) -> Mapping[str, str]:
    """The options that are texts on every way in."""
    found: dict[str, str | None] = {
        "pipeline": options.get("pipeline"),
        "visibility": options.get("visibility"),
        "webhook_url": options.get("webhook_url"),
    }
    if expires_at := options.get("expires_at"):
        found["expires_at"] = time_text(expires_at)
    return {name: text for name, text in found.items() if text is not None}


def metadata_json(options: UploadOptions) -> Mapping[str, str]:
    """Tags and attributes as JSON in ASCII."""
    found: dict[str, object] = {}
    if "tags" in options:
        found["tags"] = list(options["tags"])
    if "attributes" in options:
        found["attributes"] = options["attributes"]
    return {name: json.dumps(value) for name, value in found.items()}


def media_type(name: str, options: UploadOptions) -> str:
    return options.get("media_type") or mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"


def encode(text: str) -> bytes:
    """In UTF-8. Names of files that are none have lone surrogates in Python."""
    return text.encode("utf-8", "replace")


def time_text(moment: datetime) -> str:
    """In RFC 3339. A time without an offset is one of this machine."""
    return moment.astimezone().isoformat()
