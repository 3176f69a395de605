"""A file of a model or a form: its id, and what the service says of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.cache import cache
from django.core.files.base import File as DjangoFile

from picasso.contrib.django.connection import client, connection, new_client
from picasso.contrib.django.tokens import Wishes, new_owner, token_for
from picasso_client import File, PicassoError
from picasso_client.models import Derivative, parse_file

PICTURES = ("thumbnail-", "poster", "cover", "page-1")
"""Roles of derivatives that show a file, the best one first."""


class FileUnavailable(Exception):
    """The service can't be asked, or has no such file. Templates show nothing in its place."""

    silent_variable_failure = True


class PicassoFile:
    """False if there is none. What the service says of it is asked for once, when it is needed.

    All but ``id`` and `delete` may raise `FileUnavailable`.
    """

    def __init__(self, file_id: str = "", info: File | None = None) -> None:
        self.id = file_id
        self._info = info

    def __str__(self) -> str:
        return self.id

    def __repr__(self) -> str:
        return f"PicassoFile({self.id!r})"

    def __bool__(self) -> bool:
        return bool(self.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (PicassoFile, str)) and str(other) == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def info(self) -> File:
        """All that the service says."""
        if self._info is None:
            self._info = described(self.id)
        return self._info

    def refresh(self) -> File:
        """Ask anew."""
        cache.delete(cache_key(self.id))
        self._info = None
        return self.info

    @property
    def url(self) -> str:
        """A link, which expires if the file is private."""
        return self.info.url

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def size(self) -> int:
        """Bytes."""
        return self.info.size

    @property
    def media_type(self) -> str:
        """The detected one."""
        return self.info.media_type

    @property
    def state(self) -> str:
        """``pending``, ``processing``, ``processed`` or ``failed``."""
        return self.info.state

    @property
    def thumbnail_url(self) -> str:
        """Of the smallest picture that shows it; empty if there is none, or none yet."""
        return picture.url if (picture := picture_of(self.info)) else ""

    def open(self) -> IO[bytes]:
        """Its bytes, in a temporary file that goes when it is closed."""
        target = tempfile.TemporaryFile()  # noqa: SIM115 # whoever reads it closes it
        with tempfile.TemporaryDirectory() as folder, attempt():
            path = client().download(self.info, Path(folder) / "file")
            with path.open("rb") as source:
                shutil.copyfileobj(source, target)
        target.seek(0)
        return target

    def delete(self) -> None:
        """Delete it in the service, if it is there. Raises `PicassoError`."""
        cache.delete(cache_key(self.id))
        try:
            client().delete(self.id)
        except PicassoError as error:
            if error.status not in {404, 410}:
                raise


@contextmanager
def attempt() -> Iterator[None]:
    """`PicassoError` becomes `FileUnavailable`."""
    try:
        yield
    except PicassoError as error:
        raise FileUnavailable(str(error)) from error


def described(file_id: str) -> File:
    """From the cache, if it has settled."""
    if not file_id:
        raise FileUnavailable("There is no file.")
    key = cache_key(file_id)
    known: Mapping[str, Any] | None = cache.get(key)
    if known:
        return parse_file(known)
    with attempt():
        found = client().file(file_id)
    if found.settled:
        cache.set(key, dict(found.raw), connection().cache_seconds)
    return found


def cache_key(file_id: str) -> str:
    return f"picasso-file-{file_id}"


def picture_of(info: File) -> Derivative | None:
    found = [each for each in info.derivatives if rank(each) is not None and each.media_type.startswith("image/")]
    return min(found, key=lambda each: (rank(each), max(each.width or 0, each.height or 0)), default=None)


def rank(derivative: Derivative) -> int | None:
    return next((n for n, role in enumerate(PICTURES) if derivative.role.startswith(role)), None)


def upload(content: DjangoFile[Any], wishes: Wishes, owner: str = "") -> PicassoFile:
    """From this server, by the same rules as from a browser. Raises `PicassoError`."""
    found = connection()
    token = token_for(owner or new_owner(), wishes)
    assert content.file is not None
    content.seek(0)
    name = Path(content.name or "file").name
    with new_client(found.internal_url or found.url, token) as service:
        info = service.upload(content.file, name=name, media_type=getattr(content, "content_type", "") or "")
    return PicassoFile(info.id, info)
