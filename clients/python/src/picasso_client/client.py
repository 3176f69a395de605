"""The client that blocks. Threads may share one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar, Unpack

import httpx

from picasso_client import downloads, following, requests, uploads
from picasso_client.actions import Action, Answer, Call, Item, Open, Operation, Pause, Read, Run, Steps
from picasso_client.config import resolve
from picasso_client.downloads import DownloadOptions
from picasso_client.exchange import arguments, head_of, http_options, own_error
from picasso_client.following import EventFilters
from picasso_client.models import Derivative, Event, File, Import, Outcome
from picasso_client.requests import FOREVER, BatchOptions, Changes, Filters, ImportOptions
from picasso_client.service import Contact, Service
from picasso_client.sources import Content
from picasso_client.upload_options import ResumeOptions, UploadOptions

T = TypeVar("T")


class Client:
    """Arguments come first, then ``PICASSO_URL`` and ``PICASSO_KEY``, then what `picasso login` has stored.

    ``key`` is a key or a token. ``retries`` is how many times in a row a request may fail;
    ``waiting`` hears of the first failure, and for how many seconds more it is tried. ``http`` are options of
    `httpx.Client`, such as ``verify`` or ``proxy``. All methods raise `PicassoError`.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        project: str | None = None,
        retries: int = 8,
        waiting: Callable[[str, int], object] | None = None,
        http: Mapping[str, Any] | None = None,
    ) -> None:
        self._service = Service(resolve(url, key, project), retries, Contact(waiting=waiting))
        self._http = httpx.Client(**http_options(http))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    @property
    def url(self) -> str:
        """The base of the service."""
        return self._service.login.url

    def upload(self, content: Content, **options: Unpack[UploadOptions]) -> File:
        """Upload a path, bytes, an open file or an iterable of bytes; what is large goes on after cuts.

        If that fails for good, ``upload_url`` of the error is for `resume`.
        """
        return self._run(uploads.upload(self._service, content, options))

    def resume(self, upload_url: str, content: Content, **options: Unpack[ResumeOptions]) -> File:
        """Continue an upload, also of an earlier process. The content must be the same."""
        return self._run(uploads.resume(self._service, upload_url, content, options))

    def files(self, **filters: Unpack[Filters]) -> Iterator[File]:
        """All files that match, newest first; pages are fetched as they are needed."""
        return self._iterate(requests.files(self._service, filters))

    def file(self, file_id: str) -> File:
        return self._run(requests.file(self._service, file_id))

    def wait(self, file_id: str, timeout: float = FOREVER) -> File:
        """The file when it is processed or failed. After so many seconds: an error with the code ``timeout``."""
        return self._run(requests.settled(self._service, file_id, timeout))

    def update(self, file_id: str, **changes: Unpack[Changes]) -> File:
        return self._run(requests.update(self._service, file_id, changes))

    def delete(self, file_id: str, *, permanently: bool = False) -> None:
        self._run(requests.delete(self._service, file_id, permanently=permanently))

    def restore(self, file_id: str) -> File:
        """Take it out of the trash."""
        return self._run(requests.restore(self._service, file_id))

    def change_files(self, action: str, ids: Sequence[str], **options: Unpack[BatchOptions]) -> list[Outcome]:
        """Delete, restore, tag, untag, retry or reprocess many files, or change their visibility."""
        return self._run(requests.change_files(self._service, action, ids, options))

    def download(
        self, file: File | Derivative, target: str | os.PathLike[str], **options: Unpack[DownloadOptions]
    ) -> Path:
        """Fetch the bytes to a path, or into a folder; where they are then.

        They are there as a whole and checked, or not at all. FileExistsError, if there is a file already.
        """
        return self._run(downloads.download(self._service, file, Path(target), options))

    def events(self, after: int | None = None, **filters: Unpack[EventFilters]) -> Iterator[Event]:
        """Follow events behind this number, or from now on; without an end. Each comes once, also after cuts."""
        return self._iterate(following.events(self._service, after, filters))

    def import_url(self, url: str, **options: Unpack[ImportOptions]) -> Import:
        """Let the service fetch a file from a URL, in the background."""
        return self._run(requests.import_url(self._service, url, options))

    def get_import(self, import_id: str) -> Import:
        return self._run(requests.get_import(self._service, import_id))

    def wait_import(self, import_id: str, timeout: float = FOREVER) -> Import:
        """The import when it has ended."""
        return self._run(requests.import_ended(self._service, import_id, timeout))

    def cancel_import(self, import_id: str) -> None:
        self._run(requests.cancel_import(self._service, import_id))

    def request(self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: object = None) -> Any:
        """Anything else of the API: ``request("POST", "jobs/retry/", body={"state": "failed"})``. Gives JSON."""
        return self._run(requests.request(self._service, method, path, params or {}, body))

    def _run(self, steps: Steps[T]) -> T:
        operation = Operation(steps)
        for _ in Exchange(self._service, self._http).run(operation):
            pass
        return operation.result

    def _iterate(self, steps: Steps[None]) -> Iterator[Any]:
        return Exchange(self._service, self._http).run(Operation(steps))


class Exchange:
    """Does the actions of one operation."""

    def __init__(self, service: Service, http: httpx.Client) -> None:
        self._service, self._http = service, http
        self._response: httpx.Response | None = None
        self._pieces: Iterator[bytes] = iter(())

    def run(self, operation: Operation[Any]) -> Iterator[Any]:
        """Gives the items of the operation."""
        try:
            while action := operation.next():
                if isinstance(action, Item):
                    yield action.value
                    continue
                try:
                    operation.succeed(self._do(action))
                except Exception as fault:
                    operation.fail(own_error(action, fault))
        finally:
            operation.close()
            self._close()

    def _do(self, action: Action) -> Any:
        match action:
            case Call():
                return self._send(action)
            case Open():
                return self._open(action.call)
            case Read():
                return next(self._pieces, b"")
            case Run():
                return action.function()
            case Pause():
                time.sleep(action.seconds)
        return None

    def _send(self, call: Call) -> Answer:
        response = self._http.send(self._http.build_request(**arguments(self._service, call)))
        return head_of(response, response.content)

    def _open(self, call: Call) -> Answer:
        self._close()
        request = self._http.build_request(**arguments(self._service, call))
        self._response = response = self._http.send(request, stream=True)
        if not response.is_success:
            return head_of(response, response.read())
        self._pieces = response.iter_bytes()
        return head_of(response)

    def _close(self) -> None:
        if self._response:
            self._response.close()
