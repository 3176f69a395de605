"""What may be said about an upload, and how it is sent."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import secrets
import unicodedata
import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any, TypeAlias, TypedDict
from urllib.parse import quote

from picasso_client.actions import Call

HEAD_LIMIT = 6000
"""Bytes of tags and attributes in the head of a request. Many proxies take no header field of more than 8 KiB."""

Progress: TypeAlias = Callable[[int, int | None], object]
"""Is called with how many bytes have arrived, and of how many; None if that is not known."""


class ResumeOptions(TypedDict, total=False):
    """``tags`` and ``attributes`` are those of the upload: some proxies let long ones pass only at its end."""

    wait: float
    """Wait so many seconds, at most, until the file is settled."""
    progress: Progress
    tags: Sequence[str]
    attributes: Mapping[str, Any]


class UploadOptions(ResumeOptions, total=False):
    name: str
    """By default that of the path."""
    media_type: str
    """What to declare; by default what the name says. The service looks at the content anyway."""
    pipeline: str
    visibility: str
    webhook_url: str
    """Gets the events of the file, where the project allows its host."""
    expires_at: datetime
    idempotency_key: str
    """With the same key the same upload is stored once, also by another process within a day."""
    started: Callable[[str], object]
    """Is called with the address of a resumable upload: keep it to continue in another process, by `resume`."""


def check_options(known: type, options: Mapping[str, Any]) -> None:
    """Raises TypeError for what is no option of this TypedDict, and for tags that are a text.

    ValueError for a media type with control characters: a line break would end its header field.
    """
    names = sorted(getattr(known, "__optional_keys__", ()))
    for name in options:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}."
            raise TypeError(f"There is no option {name!r}; {hint}")
    if isinstance(options.get("tags"), (str, bytes)):
        raise TypeError("tags is a list of texts, not one text.")
    if any(unicodedata.category(letter) == "Cc" for letter in options.get("media_type") or ""):
        raise ValueError("media_type has control characters.")


def new_key(options: UploadOptions) -> str:
    return options.get("idempotency_key") or str(uuid.uuid4())


def small_upload_call(content: bytes, name: str, options: UploadOptions) -> Call:
    """All in one request, which may be repeated: as a raw body, or a form if the head would be too long."""
    name = stored_name(name, options)
    described = metadata_json(options)
    if sum(map(len, described.values())) > HEAD_LIMIT:
        return form_call(content, name, options)
    headers = {
        "Content-Type": media_type(name, options),
        "Content-Disposition": f"attachment; {filename(name)}",
        "Repr-Digest": digest_of(content),
        "Idempotency-Key": new_key(options),
    }
    headers |= {f"Picasso-{field.title()}": text for field, text in described.items()}
    return Call("POST", "upload/", texts(options), headers, content)


def form_call(content: bytes, name: str, options: UploadOptions) -> Call:
    """A form with tags and attributes as fields (RFC 7578)."""
    boundary = secrets.token_hex(16)  # so that nobody can write content that has it
    parts = [
        f'Content-Disposition: form-data; name="{field}"\r\n\r\n{text}'.encode()
        for field, text in metadata_json(options, ascii_only=False).items()
    ]
    head = f'Content-Disposition: form-data; name="file"; {filename(name)}\r\nContent-Type: {media_type(name, options)}'
    parts.append(head.encode() + b"\r\n\r\n" + content)
    delimiter = f"--{boundary}".encode()
    body = b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts) + delimiter + b"--\r\n"
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Digest": digest_of(body),
        "Idempotency-Key": new_key(options),
    }
    return Call("POST", "upload/", texts(options), headers, body)


def stored_name(name: str, options: UploadOptions) -> str:
    return options.get("name") or name or "file"


def filename(name: str) -> str:
    """As a parameter of Content-Disposition (RFC 8187)."""
    return f"filename*=UTF-8''{quote(encode(name), safe='')}"


def digest_of(content: bytes) -> str:
    """As a value of ``Repr-Digest`` and ``Content-Digest`` (RFC 9530)."""
    return f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"


def tus_metadata(name: str, options: UploadOptions) -> str:
    """``Upload-Metadata`` of tus."""
    name = stored_name(name, options)
    described = metadata_json(options, ascii_only=False)
    said = {"filename": name, "filetype": media_type(name, options), **texts(options), **described}
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


def metadata_json(options: ResumeOptions, *, ascii_only: bool = True) -> Mapping[str, str]:
    """Tags and attributes as JSON."""
    return {name: compact_json(value, ascii_only) for name, value in metadata(options).items()}


def metadata(options: ResumeOptions) -> Mapping[str, Any]:
    """The tags and attributes that are given."""
    found: dict[str, object] = {}
    if "tags" in options:
        found["tags"] = list(options["tags"])
    if "attributes" in options:
        found["attributes"] = options["attributes"]
    return found


def compact_json(value: object, ascii_only: bool) -> str:
    """Always in ASCII if it has lone surrogates, which UTF-8 has not."""
    text = json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))
    has_surrogates = any("\ud800" <= letter <= "\udfff" for letter in text)
    return compact_json(value, True) if has_surrogates else text


def media_type(name: str, options: UploadOptions) -> str:
    return options.get("media_type") or mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"


def encode(text: str) -> bytes:
    """In UTF-8. Names of files that are none have lone surrogates in Python."""
    return text.encode("utf-8", "replace")


def time_text(moment: datetime) -> str:
    """In RFC 3339. A time without an offset is one of this machine."""
    return moment.astimezone().isoformat()
