"""The client for asyncio. It does the same as `Client`, with the same steps."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
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
from picasso_client.sources import AsyncContent
from picasso_client.upload_options import ResumeOptions, UploadOptions

T = TypeVar("T")


class AsyncClient:
    """As `Client`; ``http`` are options of `httpx.AsyncClient`. Files are read and written in threads."""

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
        self._http = httpx.AsyncClient(**http_options(http))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    @property
    def url(self) -> str:
        """The base of the service."""
        return self._service.login.url

    async def upload(self, content: AsyncContent, **options: Unpack[UploadOptions]) -> File:
        """Upload a path, bytes, an open file or an iterable of bytes; what is large goes on after cuts.

        If that fails for good, ``upload_url`` of the error is for `resume`.
        """
        return await self._run(uploads.upload(self._service, content, options))

    async def resume(self, upload_url: str, content: AsyncContent, **options: Unpack[ResumeOptions]) -> File:
        """Continue an upload, also of an earlier process. The content must be the same."""
        return await self._run(uploads.resume(self._service, upload_url, content, options))

    def files(self, **filters: Unpack[Filters]) -> AsyncIterator[File]:
        """All files that match, newest first; pages are fetched as they are needed."""
        return self._iterate(requests.files(self._service, filters))

    async def file(self, file_id: str) -> File:
        return await self._run(requests.file(self._service, file_id))

    async def wait(self, file_id: str, timeout: float = FOREVER) -> File:  # noqa: ASYNC109 - as in `Client`
        """The file when it is processed or failed. After so many seconds: an error with the code ``timeout``."""
        return await self._run(requests.settled(self._service, file_id, timeout))

    async def update(self, file_id: str, **changes: Unpack[Changes]) -> File:
        return await self._run(requests.update(self._service, file_id, changes))

    async def delete(self, file_id: str, *, permanently: bool = False) -> None:
        await self._run(requests.delete(self._service, file_id, permanently=permanently))

    async def restore(self, file_id: str) -> File:
        """Take it out of the trash."""
        return await self._run(requests.restore(self._service, file_id))

    async def change_files(self, action: str, ids: Sequence[str], **options: Unpack[BatchOptions]) -> list[Outcome]:
        """Delete, restore, tag, untag, retry or reprocess many files, or change their visibility."""
        return await self._run(requests.change_files(self._service, action, ids, options))

    async def download(
        self, file: File | Derivative, target: str | os.PathLike[str], **options: Unpack[DownloadOptions]
    ) -> Path:
        """Fetch the bytes to a path, or into a folder; where they are then.

        They are there as a whole and checked, or not at all. FileExistsError, if there is a file already.
        """
        return await self._run(downloads.download(self._service, file, Path(target), options))

    def events(self, after: int | None = None, **filters: Unpack[EventFilters]) -> AsyncIterator[Event]:
        """Follow events behind this number, or from now on; without an end. Each comes once, also after cuts."""
        return self._iterate(following.events(self._service, after, filters))

    async def import_url(self, url: str, **options: Unpack[ImportOptions]) -> Import:
        """Let the service fetch a file from a URL, in the background."""
        return await self._run(requests.import_url(self._service, url, options))

    async def get_import(self, import_id: str) -> Import:
        return await self._run(requests.get_import(self._service, import_id))

    async def wait_import(self, import_id: str, timeout: float = FOREVER) -> Import:  # noqa: ASYNC109
        """The import when it has ended."""
        return await self._run(requests.import_ended(self._service, import_id, timeout))

    async def cancel_import(self, import_id: str) -> None:
        await self._run(requests.cancel_import(self._service, import_id))

    async def request(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: object = None
    ) -> Any:
        """Anything else of the API: ``request("POST", "jobs/retry/", body={"state": "failed"})``. Gives JSON."""
        return await self._run(requests.request(self._service, method, path, params or {}, body))

    async def _run(self, steps: Steps[T]) -> T:
        operation = Operation(steps)
        async for _ in Exchange(self._service, self._http).run(operation):
            pass
        return operation.result

    def _iterate(self, steps: Steps[None]) -> AsyncIterator[Any]:
        return Exchange(self._service, self._http).run(Operation(steps))


class Exchange:
    """Does the actions of one operation."""

    def __init__(self, service: Service, http: httpx.AsyncClient) -> None:
        self._service, self._http = service, http
        self._response: httpx.Response | None = None
        self._pieces: AsyncIterator[bytes]

    async def run(self, operation: Operation[Any]) -> AsyncIterator[Any]:
        """Gives the items of the operation."""
        try:
            while action := operation.next():
                if isinstance(action, Item):
                    yield action.value
                    continue
                try:
                    operation.succeed(await self._do(action))
                except Exception as fault:
                    operation.fail(own_error(action, fault))
        finally:
            operation.close()
            await self._close()

    async def _do(self, action: Action) -> Any:
        match action:
            case Call():
                return await self._send(action)
            case Open():
                return await self._open(action.call)
            case Read():
                return await anext(self._pieces, b"")
            case Run():
                return await run_in_thread(action)
            case Pause():
                await asyncio.sleep(action.seconds)
        return None

    async def _send(self, call: Call) -> Answer:
        response = await self._http.send(self._http.build_request(**arguments(self._service, call)))
        return head_of(response, response.content)

    async def _open(self, call: Call) -> Answer:
        await self._close()
        request = self._http.build_request(**arguments(self._service, call))
        self._response = response = await self._http.send(request, stream=True)
        if not response.is_success:
            return head_of(response, await response.aread())
        self._pieces = response.aiter_bytes()
        return head_of(response)

    async def _close(self) -> None:
        if self._response:
            await self._response.aclose()


async def run_in_thread(action: Run[Any]) -> Any:
    found = await asyncio.to_thread(action.function)
    return await found if inspect.isawaitable(found) else found
