"""Uploads: small ones as one request, others by tus 1.0.0, which goes on after cuts.

Whether all bytes arrived as they were read is checked: the service compares the digest of a small upload, and this
client compares the one that the service has computed of a large one.
"""

from __future__ import annotations

import json
from typing import Any, cast
from unicodedata import normalize

from picasso_client import requests
from picasso_client.actions import Steps, run
from picasso_client.errors import PicassoError
from picasso_client.models import File
from picasso_client.requests import Changes
from picasso_client.service import Service
from picasso_client.sources import AsyncContent, Source, source_of
from picasso_client.tus import Upload, create, find, transfer
from picasso_client.upload_options import (
    HEAD_LIMIT,
    ResumeOptions,
    UploadOptions,
    check_options,
    metadata,
    stored_name,
    tus_metadata,
)
from picasso_client.upload_options import small_upload_call as small_call

SMALL = 2**20
"""Bytes of the largest upload that is one request."""

MOST_OTHERS = 5000
"""Bytes of Upload-Metadata without tags and attributes: a URL of 2,048 characters, a name of 255 and short texts."""

HEAD_REFUSED = frozenset({"unexpected-answer", "headers-too-large"})


def upload(service: Service, content: AsyncContent, options: UploadOptions) -> Steps[File]:
    """Raises `PicassoError`, and OSError if the content can't be read."""
    check_options(UploadOptions, options)
    source = yield from run(lambda: source_of(content))
    try:
        file = yield from upload_source(service, source, options)
    finally:
        source.close()
    return (yield from settled(service, file, options.get("wait", 0)))


def upload_source(service: Service, source: Source, options: UploadOptions) -> Steps[File]:
    progress = options.get("progress", ignore)
    if source.size is None or source.size <= SMALL:
        beginning: bytes = yield from run(lambda: source.read(0, SMALL + 1))
        if len(beginning) <= SMALL:
            file = yield from requests.file_of(service, small_call(beginning, source.name, options))
            progress(len(beginning), len(beginning))
            return file
    url, later = yield from created(service, source, options)
    options.get("started", ignore)(url)
    upload = Upload(service, url, source, progress, stored_name(source.name, options))
    file = yield from guarded(url, transfer(upload))
    return (yield from described(service, file, later)) if later else file


def created(service: Service, source: Source, options: UploadOptions) -> Steps[tuple[str, Changes]]:
    """The address of a new resumable upload, and what has to be said of its file later.

    Tags and attributes that are long come later where a proxy refuses the long head of a request.
    """
    try:
        return (yield from create(service, source, options)), {}
    except PicassoError as error:
        is_long = len(tus_metadata(source.name, options)) > HEAD_LIMIT
        if not is_long or error.code not in HEAD_REFUSED or not 400 <= error.status < 500:
            raise
    later = cast("Changes", metadata(options))
    short: Any = {name: value for name, value in options.items() if name not in later}
    return (yield from create(service, source, short)), later


def unsaid(file: File, options: ResumeOptions) -> Changes:
    """The tags and attributes that the file lacks: an earlier process was to set them at the end."""
    if not may_be_long(options):
        return {}
    # What a file has whose state is unknown can't be read: its tags and attributes are set again.
    lacks = {name: value for name, value in metadata(options).items() if not (file.state and has(file, name, value))}
    return cast("Changes", lacks)


def may_be_long(options: ResumeOptions) -> bool:
    """Whether the head of the first request may have been too long. Its name, URL and so on are not known any more."""
    return len(tus_metadata("", cast("UploadOptions", metadata(options)))) > HEAD_LIMIT - MOST_OTHERS


def has(file: File, name: str, value: Any) -> bool:
    """Whether these tags or attributes are among those of the file."""
    if name == "tags":
        return {normalize("NFC", tag).strip() for tag in value} <= set(file.tags)
    known = file.attributes
    return all(key in known and known[key] == each for key, each in json.loads(requests.dump(value)).items())


def described(service: Service, file: File, later: Changes) -> Steps[File]:
    try:
        return (yield from requests.updated(service, file, later))
    except PicassoError as error:
        raise about_stored(file, f"without its {' and '.join(later)}", error) from error


def about_stored(file: File, what: str, error: PicassoError) -> PicassoError:
    """The upload is over, and something behind it has failed."""
    return PicassoError(error.status, error.code, f"The file {file.id} is stored, {what}: {error.detail}", error.errors)


def resume(service: Service, url: str, content: AsyncContent, options: ResumeOptions) -> Steps[File]:
    """Continue an upload of another process. The content must be the same."""
    check_options(ResumeOptions, options)
    source = yield from run(lambda: source_of(content))
    try:
        continued = Upload(service, url, source, options.get("progress", ignore))
        file = yield from guarded(url, resume_source(continued))
    finally:
        source.close()
    if later := unsaid(file, options):
        file = yield from described(service, file, later)
    return (yield from settled(service, file, options.get("wait", 0)))


def resume_source(upload: Upload) -> Steps[File]:
    file = yield from find(upload)
    return file or (yield from transfer(upload))


def guarded(url: str, steps: Steps[File]) -> Steps[File]:
    """An error says which upload can be continued."""
    try:
        return (yield from steps)
    except PicassoError as error:
        error.upload_url = url
        raise


def settled(service: Service, file: File, seconds: float) -> Steps[File]:
    """The file after so many seconds at most, or as soon as it is settled."""
    if not seconds or file.settled:
        return file
    try:
        return (yield from requests.waited(service, file.id, seconds))
    except PicassoError as error:
        raise about_stored(file, "but can't be waited for", error) from error


def ignore(*_: object) -> None:
    pass
