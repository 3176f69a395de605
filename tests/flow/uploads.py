"""What the tests of resumable uploads share: a running set of uploads, and short ways to begin and extend one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from picasso.access.principal import SERVICE
from picasso.models import Upload
from picasso.process.pipelines import Plan
from picasso.receive.append import Append
from picasso.receive.commit import Committer
from picasso.receive.quota import Limits
from picasso.receive.threads import Threads
from picasso.receive.uploads import Uploads
from picasso.storage.folder import Folder

T = TypeVar("T")

MIB = 2**20


def plan(pipeline: str, media_type: str) -> Plan:
    return Plan(pipeline, 1, ())


def limits(**changes: int) -> Limits:
    values = {
        "max_size": 8 * MIB,
        "max_unfinished": 16 * MIB,
        "expiry": 3600,
        "start_timeout": 600,
        "max_uploads": 1000,
        "max_client_uploads": 1000,
    }
    return Limits(**(values | changes))


def with_uploads(storage: Folder, call: Callable[[Uploads], Awaitable[T]], chosen: Limits | None = None) -> T:
    async def run() -> T:
        committer = Committer(storage, plan)
        threads = Threads()
        uploads = Uploads(storage, committer, threads, chosen or limits())
        committer.start()
        uploads.start()
        try:
            return await call(uploads)
        finally:
            await asyncio.to_thread(committer.stop)
            uploads.stop()
            threads.stop()

    return asyncio.run(run())


def tus(length: int | None, **fields: object) -> Upload:
    return Upload(protocol=Upload.Protocol.TUS, length=length, **fields)


async def begun(uploads: Uploads, row: Upload) -> Upload:
    async with uploads.create(row):
        pass
    return row


async def added(uploads: Uploads, row: Upload, data: bytes) -> Append:
    async with uploads.lock(SERVICE, row.pk) as upload:
        append = await upload.append()
        await append.sink.write(data)
        await upload.keep(append)
        return append
