"""Three projects for `tests.flow.test_hostile_principal`: a victim, a hostile one, and its twin.

The twin does what the hostile does, but with made-up ids and words where those of the victim were. Whatever the answers
to the two differ in, the hostile has learnt of the victim.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
from django.contrib.auth.models import User
from django.db.models import Q

from picasso import models
from picasso.access import claims, keys, link_keys, links, tokens
from picasso.access.principal import PROJECT_SCOPES
from picasso.addresses import DOWNLOADS, UPLOADS, name_of
from picasso.web.app import WebApp
from tests.flow.access import API, FILES, UPLOAD, new_key, token
from tests.flow.asgi import Exchange, ask
from tests.flow.rows import new_file, new_job

Values = dict[str, str]
Run = Callable[[Awaitable[Any]], Any]

TUS: dict[str, Any] = {"tus_resumable": "1.0.0"}
CHUNK: dict[str, Any] = {**TUS, "content_type": "application/offset+octet-stream"}

# Of the same length, so that answers to the two have the same length too.
HOSTILE, TWIN = "attacker", "twinning"

# Hexadecimal digits stay such.
ALPHABET, OTHERS = "0123456789abcdefghijklmnopqrstuvwxyz", "1234567890bcdefahgjiklnmporqutsvxwzy"
LETTERS = str.maketrans(ALPHABET + ALPHABET[10:].upper(), OTHERS + OTHERS[10:].upper())

IDS_WITH_TIME = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7")


def made_up(value: str) -> str:
    """Of the same form. An id of a row keeps its time (UUIDv7), so that a cursor of it is at the same place."""
    kept = 24 if IDS_WITH_TIME.match(value) else 0
    return value[:kept] + value[kept:].translate(LETTERS)


def word(what: str) -> str:
    return f"{what}-{secrets.token_hex(8)}"


async def sent(app: WebApp, method: str, path: str, key: str, body: bytes = b"", **headers: object) -> Exchange:
    answer = await ask(app, method, path, body, authorization=f"Bearer {key}", **headers)
    assert answer.status in {200, 201, 204}, answer.body
    return answer


async def stored(app: WebApp, key: str, name: str, body: bytes, **headers: object) -> str:
    found: str = json.loads((await sent(app, "PUT", f"{UPLOAD}{name}", key, body, **headers)).body)["id"]
    return found


async def begun(app: WebApp, key: str, **headers: object) -> str:
    """The id of a tus upload that has four bytes of nine."""
    answer = await sent(app, "POST", UPLOADS, key, b"four", upload_length=9, **CHUNK, **headers)
    return answer.headers["location"].rpartition("/")[2]


class Victim:
    """A project with one of everything, and what of it nobody else may learn."""

    def __init__(self, app: WebApp, folder: Path, run: Run) -> None:
        self._folder = folder
        name, self.owner, repeated = word("victim"), word("owner"), word("repeated")
        self.project = models.Project.objects.create(name=name, trash_days=30)
        row, self._key = keys.create(self.project, word("key"), PROJECT_SCOPES)
        self._owner_token = token(row, owner=self.owner, scopes=sorted(claims.TOKEN_SCOPES))
        self.hidden = [word(each) for each in ("content", "fact", "error", "log", "part")]
        self.name = word("name")
        content, fact, error, log, part = self.hidden
        body = f"{content}\n".encode()
        file = run(stored(app, self._owner_token, f"{self.name}.txt", body, idempotency_key=repeated))
        trashed = run(stored(app, self._key, "trashed.txt", body + b"trash"))
        run(sent(app, "DELETE", f"{FILES}{trashed}/", self._key))
        upload = run(begun(app, self._owner_token, upload_metadata=f"filename {b64(part)}"))
        piece = run(begun(app, self._key, upload_concat="partial"))
        self.file = models.File.everywhere.get(pk=file)
        models.File.everywhere.filter(pk=file).update(facts={"file": {}, "text": {"title": fact}})
        new_job(self.file, processor="image", project=self.project, pipeline=word("pipeline"))
        failed = new_job(
            self.file, processor="pdf", project=self.project, state="failed", error_detail=error, log=log, attempt=1
        )
        derived = f"{self.file.key.rpartition('/')[0]}/derived/image-1/small.txt"
        (folder / "media" / derived).parent.mkdir(parents=True)
        (folder / "media" / derived).write_bytes(body)
        sha256 = hashlib.sha256(body + b"derived").hexdigest()
        models.Derivative.objects.create(
            file=self.file, processor="image", role="small", key=derived, media_type="text/plain", size=9, sha256=sha256
        )
        job = models.Job.everywhere.filter(file=self.file, state="waiting").order_by("id").first()
        assert job
        self.hidden += [sha256, row.name, row.secret_hash]
        self.values: Values = {
            "b_file": file,
            "b_trashed": trashed,
            "b_job": str(job.pk),
            "b_failed": str(failed.pk),
            "b_upload": upload,
            "b_part": piece,
            "b_key": row.pk,
            "b_project": name,
            "b_owner": self.owner,
            "b_sha256": self.file.sha256,
            "b_name": self.name,
            "b_repeated": repeated,
        }
        self.made_up: Values = {each: made_up(value) for each, value in self.values.items()}
        assert not set(self.values.values()) & set(self.made_up.values())

    def grow(self, app: WebApp, run: Run) -> None:
        """Something happens in the project."""
        file = run(stored(app, self._key, "more.txt", b"more\n"))
        run(sent(app, "DELETE", f"{FILES}{run(stored(app, self._key, 'less.txt', b'less'))}/", self._key))
        run(begun(app, self._key))
        run(sent(app, "POST", f"{API}link-keys/rotate/", self._key))
        for processor, state in (("image", "waiting"), ("pdf", "failed"), ("video", "queued"), ("audio", "running")):
            new_job(models.File.everywhere.get(pk=file), processor=processor, state=state, project=self.project)
        keys.create(self.project, "more", PROJECT_SCOPES)

    def snapshot(self) -> dict[str, Any]:
        """Its rows and bytes, and the rows that belong to nobody."""
        mine = Q(project=self.project.pk)
        of_file = Q(file__project=self.project.pk)
        rows: dict[str, Any] = {
            "file": models.File.objects.of(self.project.pk),
            "job": models.Job.objects.of(self.project.pk),
            "upload": models.Upload.objects.of(self.project.pk),
            "derivative": models.Derivative.objects.filter(of_file),
            "key": models.Key.objects.filter(mine),
            "link key": models.LinkKey.objects.filter(mine),
            "token": models.TokenUse.objects.filter(mine),
            "usage": models.ProjectUsage.objects.filter(mine),
            "usage of owners": models.OwnerUsage.objects.filter(mine),
            "usage of days": models.DailyUsage.objects.filter(mine),
            "audit": models.AuditEntry.objects.filter(mine),
            "project": models.Project.objects.exclude(name__startswith=HOSTILE).exclude(name__startswith=TWIN),
            "queue": models.Queue.objects.order_by("name"),
            "person": User.objects.order_by("id"),
            "member": models.Membership.objects.order_by("id"),
        }
        found = {name: sorted(map(repr, query.values())) for name, query in rows.items()}
        return {**found, "bytes": {str(path): path.read_bytes() for path in self._paths()}}

    def _paths(self) -> list[Path]:
        mine = [self.values[each] for each in ("b_file", "b_trashed", "b_upload", "b_part")]
        short = [each.replace("-", "") for each in mine]
        return [
            path
            for path in sorted(self._folder.rglob("*"))
            if path.is_file() and any(each in str(path) for each in (*mine, *short))
        ]

    async def works(self, app: WebApp) -> None:
        """It is served as before."""
        path = f"{DOWNLOADS}{self.file.pk}/{name_of(self.file.key)}"
        assert (await sent(app, "GET", path, self._key)).body.decode().strip() == self.hidden[0]
        head = await sent(app, "HEAD", f"{UPLOADS}{self.values['b_upload']}", self._owner_token, **TUS)
        assert head.headers["upload-offset"] == "4"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Attacker:
    """The hostile project, or its twin: the same things in each, made in the same order."""

    def __init__(self, app: WebApp, run: Run, name: str, of_victim: Mapping[str, str]) -> None:
        row, key = new_key(name)
        models.Project.objects.filter(pk=row.project_id).update(trash_days=30)
        spare, _ = new_key(name)
        scopes = sorted(claims.TOKEN_SCOPES)
        owner = f"{name}-owner"
        file = run(stored(app, key, "mine.txt", b"mine\n"))
        trashed = run(stored(app, key, "gone.txt", b"gone\n"))
        run(sent(app, "DELETE", f"{FILES}{trashed}/", key))
        job = new_job(new_file(project=row.project), project=row.project)
        address = f"{DOWNLOADS}{of_victim['b_file']}/{of_victim['b_name']}.txt"
        self.project_id = row.project_id
        self.values: Values = {
            **of_victim,
            "b_owner64": b64(of_victim["b_owner"]),
            "b_project64": b64(of_victim["b_project"]),
            "a_project": name,
            "a_owner": owner,
            "a_file": file,
            "a_trashed": trashed,
            "a_job": str(job.pk),
            "a_upload": run(begun(app, key)),
            "a_part": run(begun(app, key, upload_concat="partial")),
            "a_key": spare.pk,
            "a_own_key": row.pk,
            # Credentials
            "key": key,
            "token": token(row, scopes=scopes),
            "token_of_owner": token(row, scopes=scopes, owner=of_victim["b_owner"]),
            "token_for_project": token(row, scopes=scopes, project=of_victim["b_project"]),
            "forged_token": signed_for(of_victim["b_key"], tokens.signing_secret(row.pk)),
            "forged_key": key.replace(row.pk, of_victim["b_key"]),
            "link": links.Signer(link_keys.current(row.project_id), 2**33).query(address),
        }

    def know_digest(self, body: bytes) -> None:
        """Of a body of its own. It differs from that of the twin's body where an id stands in it."""
        digest = hashlib.sha256(body).digest()
        number = len(self.values)
        self.values[f"a_digest{number}"] = digest.hex()
        self.values[f"a_digest64_{number}"] = base64.b64encode(digest).decode()

    def forget(self) -> None:
        models.Upload.objects.of(self.project_id).delete()


def signed_for(key_id: str, secret: str) -> str:
    return jwt.encode({"aud": "picasso", "exp": 2**33}, secret, "HS256", headers={"kid": key_id})
