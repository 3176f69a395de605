"""The worker of docs/processors.md, in Node, with the service in this process."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from picasso.api import remote as views
from picasso.models import Derivative, Job
from picasso.process import pipelines
from picasso.storage.folder import Folder
from picasso.web.app import WebApp
from tests.flow.access import new_key
from tests.flow.asgi import in_thread, served
from tests.flow.rows import new_file, new_job
from tests.flow.test_remote import WORKS, configure

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(shutil.which("node") is None, reason="needs node"),
]

PAGE = (Path(__file__).parents[2] / "docs" / "processors.md").read_text()


def snippet(language: str, name: str) -> str:
    """The code block of the page that begins with this name of a file."""
    (found,) = re.findall(rf"```{language}\n(?:#|//) {name}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_worker_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, config = snippet("js", "words.mjs"), tmp_path / "picasso.toml"
    assert len(worker.splitlines()) == 11
    (tmp_path / "words.mjs").write_text(worker)
    config.write_text(re.findall(r"```toml\n# picasso.toml\n(\[remote.words\]\n.*?)```", PAGE, re.DOTALL)[0])
    configure(monkeypatch, config=config, data_dir=tmp_path / "data", access="keys")
    storage = Folder(tmp_path / "data")
    key = new_key(scopes=WORKS)[1]
    files = [new_file(f"{number}.txt", size=18) for number in range(3)]
    for file in files:
        storage.files.create(file.key, [b"red barn\nblue sky\n"])
        new_job(file, processor="words", queue="remote:words")
    connection.close()
    try:
        asyncio.run(run(WebApp(settings.PICASSO, storage), tmp_path, key))
    finally:
        monkeypatch.undo()
        pipelines.pipelines.cache_clear()
        views.policies.cache_clear()
    assert [job.file.facts["words"] for job in Job.everywhere.select_related("file")] == [{"words": 4}] * 3
    for derivative in Derivative.objects.all():
        assert storage.files.path(derivative.key).read_bytes() == b"barn\nblue\nred\nsky"


async def run(app: WebApp, folder: Path, key: str) -> None:
    async with served(app) as url, asyncio.timeout(60):
        more = {"SERVICE": url, "KEY": key}
        node = await asyncio.create_subprocess_exec("node", folder / "words.mjs", env={**os.environ, **more})
        try:
            await until_done(node)
        finally:
            if node.returncode is None:
                node.kill()
            await node.wait()


async def until_done(node: asyncio.subprocess.Process) -> None:
    began = time.monotonic()
    while await in_thread(Job.everywhere.exclude(state=Job.State.DONE).exists):
        assert node.returncode is None, "the worker ended"
        assert time.monotonic() - began < 40, "the jobs did not end in 40 s"
        await asyncio.sleep(0.05)
