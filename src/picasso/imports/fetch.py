"""One attempt at an import: ask the other server, and write what it sends to an upload, which becomes the file.

The upload is what stays between attempts: the size of its file is where the next attempt continues, if the other server
can continue and still has the same content.
"""

from __future__ import annotations

import asyncio
import uuid
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone

from picasso.access import import_rules
from picasso.access.policies import Policies
from picasso.access.principal import SERVICE, Principal
from picasso.access.projects import Project, Projects
from picasso.access.quotas import Announced
from picasso.access.token_limits import from_json
from picasso.conf import Conf
from picasso.errors import EmptyFile, Forbidden, Gone, NotAccepted, NotFound, TooLarge
from picasso.imports import answers, states
from picasso.imports.decoding import Identity, decoder
from picasso.imports.errors import StartOver
from picasso.models import Import, Upload
from picasso.outbound import AnswerIncomplete, Limits, Target
from picasso.policy import NO_POLICY
from picasso.receive.append import Append
from picasso.receive.locked_upload import LockedUpload
from picasso.receive.new_file import clean_name
from picasso.receive.screen import Screen
from picasso.receive.uploads import Uploads

if TYPE_CHECKING:  # accepting an import needs no client
    from picasso.outbound.client import Client
    from picasso.outbound.response import Response

MIN_SECONDS = 60.0

# An answer may be compressed and yet larger than its content. Other answers end with the limit of uploads.
SPARE = 2**20


@dataclass(frozen=True, slots=True)
class Services:
    """What the attempts of one process work with."""

    client: Client
    uploads: Uploads
    policies: Policies
    projects: Projects
    conf: Conf


class Attempt:
    """One attempt. `picasso.imports.states` fences it: when it is not the present one any more, it changes nothing."""

    def __init__(self, services: Services, row: Import) -> None:
        self.row = row
        self.arrived = row.bytes
        """How many bytes have arrived by now."""
        self.reported = row.bytes
        """How many the last event has reported."""
        self._services = services
        self._uploads = services.uploads
        self._database = services.uploads.locks.database

    async def run(self) -> None:
        """Until the content is a file. Raises a `PicassoError`; what has arrived is kept if it can be continued."""
        project = await self._database.do(self._prepare)
        try:
            await self._continue(project)
        except StartOver:
            await self._forget()
            await self._begin(project)

    def _prepare(self) -> Project:
        """What holds by now, which may be long after the import was asked for."""
        states.require_key(self.row)
        return self._services.projects.get(self.row.project_id)

    # What was begun by an earlier attempt

    async def _continue(self, project: Project) -> None:
        """Raises `StartOver` if there is nothing that can be continued."""
        if self.row.upload is None or not self.row.validator:
            raise StartOver
        try:
            async with self._uploads.lock(SERVICE, self.row.upload) as upload:
                if upload.row.finished or not upload.offset:
                    raise StartOver
                await self._continue_upload(project, upload)
        except (NotFound, Gone):
            raise StartOver from None

    async def _continue_upload(self, project: Project, upload: LockedUpload) -> None:
        self.arrived = upload.offset
        if upload.is_complete:
            await self._commit(upload, await upload.append())
        else:
            await self._ask_for_rest(project, upload)

    async def _ask_for_rest(self, project: Project, upload: LockedUpload) -> None:
        headers = {"Range": f"bytes={upload.offset}-", "If-Range": self.row.validator}
        async with self._ask(project, headers) as response:
            answers.require_content(response, ranged=True)
            await self._require_rest(response, upload)
            await self._receive(response, upload, Identity())

    async def _require_rest(self, response: Response, upload: LockedUpload) -> None:
        """Raises `StartOver` if the answer is not exactly what is missing.

        Without a total, and with no length from before, nothing tells whether the range goes to the end.
        """
        found = answers.content_range(response) if response.status == 206 else None
        if not found or found.start != upload.offset or answers.coding_of(response):
            raise StartOver
        length = found.total or upload.row.length
        if length is None or upload.row.length not in {None, length}:
            raise StartOver
        if not answers.is_same(response, self.row.validator):
            raise StartOver
        if upload.row.length is None:
            await upload.set_length(length)
            await self._update(size=length)

    # From the beginning

    async def _begin(self, project: Project) -> None:
        async with self._ask(project, {}) as response:
            answers.require_content(response, ranged=False)
            coding, length = answers.coding_of(response), answers.content_length(response)
            if length == 0:
                raise EmptyFile
            announced = Announced() if length is None else Announced.exactly(length)
            await self._uploads.require_quota(self._principal(project), announced)
            async with self._uploads.create(self._new_upload(response, length)) as upload:
                async with upload.deleted_on_failure():
                    await self._remember(response, upload)
                await self._receive(response, upload, decoder(coding))

    def _new_upload(self, response: Response, length: int | None) -> Upload:
        row = self.row
        return Upload(
            project_id=row.project_id,
            owner=row.owner,
            principal=row.principal,
            address=row.address,
            visibility=row.visibility,
            expires_at=row.expires_at,
            limits=row.limits,
            tags=row.tags,
            attributes=row.attributes,
            webhook_url=row.webhook_url,
            protocol=Upload.Protocol.IMPORT,
            length=length,
            reserved=self._uploads.expected_size(length),
            name=row.name or clean_name(answers.name_of(response, row.url)),
            declared_type=clean_name(answers.type_of(response)),
            pipeline=row.pipeline,
            digest={"sha-256": row.sha256} if row.sha256 else None,
        )

    async def _remember(self, response: Response, upload: LockedUpload) -> None:
        """So that the next attempt can continue. Raises `Conflict`."""
        self.arrived = 0
        validator = answers.validator_of(response)
        await self._update(upload=upload.pk, size=upload.row.length, validator=validator, bytes=0)

    async def _forget(self) -> None:
        """What an earlier attempt has left is of no use."""
        if self.row.upload is not None:
            await delete_upload(self._uploads, self.row.upload)
            await self._update(upload=None, size=None, validator="", bytes=0)

    # Both

    def _ask(self, project: Project, headers: dict[str, str]) -> AbstractAsyncContextManager[Response]:
        conf = self._services.conf
        left = (self.row.requested_at.timestamp() + conf.import_expiry) - timezone.now().timestamp()
        limits = Limits(
            total=max(left, MIN_SECONDS),
            idle=conf.upload_idle_timeout,
            body=conf.max_upload_size + SPARE,
            min_rate=conf.min_upload_rate,
        )
        check = partial(require_host, project)
        return self._services.client.request("GET", self.row.url, headers=headers, limits=limits, check=check)

    async def _receive(self, response: Response, upload: LockedUpload, decoding: Identity) -> None:
        """Write the content, and make it a file when it is whole."""
        await upload.expect(None if upload.row.length is None else upload.row.length - upload.offset)
        append = await upload.append()
        try:
            append.sink.screen = await self._screen(upload, append)
            async with upload.interruptible():
                await self._write(response, append, decoding)
        except NotAccepted as fault:
            await append.discard()
            await upload.fail(fault.code, fault.detail)
            raise
        except BaseException as fault:
            await self._keep(upload, append, useless=isinstance(fault, TooLarge))
            raise
        await upload.keep(append)
        if upload.row.length not in {None, append.size}:
            raise AnswerIncomplete
        await self._commit(upload, append)

    async def _keep(self, upload: LockedUpload, append: Append, *, useless: bool) -> None:
        """Keep what has arrived, if the next attempt can continue it."""
        if useless or not self.row.validator:
            await append.discard()
            await upload.delete()
        else:
            await upload.keep(append)

    async def _write(self, response: Response, append: Append, decoding: Identity) -> None:
        async for chunk in response.chunks():
            for piece in decoding.decode(chunk):
                await append.sink.write(piece)
            self.arrived = append.size
        decoding.end()
        await append.sink.drain()

    async def _screen(self, upload: LockedUpload, append: Append) -> Screen | None:
        """What looks at the first bytes."""
        row = upload.row
        limits = from_json(row.limits)
        token = limits.policy if limits else NO_POLICY
        project = cast("int", row.project_id)
        policy = await self._database.do(self._services.policies.of, project, row.pipeline, token)
        if policy == NO_POLICY:
            return None
        before = await asyncio.to_thread(lambda: append.head) if append.start else b""
        return Screen(lambda: policy, size=row.length, name=lambda: row.name, before=before)

    async def _commit(self, upload: LockedUpload, append: Append) -> None:
        """In one transaction: the file, and that the import has ended."""
        await upload.commit(append, partial(states.finish, self.row))

    def _principal(self, project: Project) -> Principal:
        return Principal("service", project, frozenset(), self.row.owner or None)

    async def _update(self, **changes: Any) -> None:
        await self._database.do(partial(states.update, self.row, **changes))


def require_host(project: Project, target: Target) -> None:
    """Of the URL, and of each that it redirects to. Raises `Forbidden`."""
    try:
        rules = import_rules.parse(project.imports)
    except ValueError:  # written past the API
        rules = import_rules.ImportRules(allowed=False)
    if not rules.allowed:
        raise Forbidden("This project imports no files.")
    if not rules.allows(target.host):
        raise Forbidden(f"This project imports no files from {target.host}.")


async def delete_upload(uploads: Uploads, upload_id: uuid.UUID) -> None:
    """Whoever writes to it is interrupted."""
    with suppress(NotFound, Gone):
        async with uploads.lock(SERVICE, upload_id) as upload:
            if not upload.row.finished:
                await upload.delete()
