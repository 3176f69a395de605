"""Clients that others' generators make from the OpenAPI document are sound, and work with the service."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import sampling
from tests.clients import node
from tests.stack import Stack

SCHEMA = "/api/v1.0/schema/"
CONFIG = Path(__file__).parent / "openapi-python-client.yml"
SECONDS = 60

# Both cost some seconds of processor time. One of them runs each day.
TODAY = sampling.sample(["Python", "TypeScript"], lambda _: "language", 0.5)


def of_today(language: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(language not in TODAY, reason=f"not in the sample of today: {language}")


def ran(*argv: str | Path, cwd: Path) -> str:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=SECONDS * 4)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def save_document(service: Stack, folder: Path) -> Path:
    path = folder / "openapi.json"
    path.write_bytes(service.client.get(SCHEMA, headers={"Accept": "application/json"}).content)
    return path


# Python


@pytest.fixture
def package(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client that openapi-python-client makes."""
    document = save_document(stack, tmp_path)
    generate = (sys.executable, "-m", "openapi_python_client", "generate", "--config", CONFIG, "--meta", "none")
    said = ran(
        *generate, "--path", document, "--output-path", tmp_path / "picasso_api", "--fail-on-warning", cwd=tmp_path
    )
    assert "WARNING" not in said
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("picasso_api")
    for name in [each for each in sys.modules if each.partition(".")[0] == "picasso_api"]:
        del sys.modules[name]


def operation(tag: str, name: str) -> Any:
    return importlib.import_module(f"picasso_api.api.{tag}.{name}")


@of_today("Python")
def test_a_python_client(package: Any, stack: Stack) -> None:
    with package.Client(base_url=stack.url, raise_on_unexpected_status=True) as client:
        use(client)


def use(client: Any) -> None:
    models, types = importlib.import_module("picasso_api.models"), importlib.import_module("picasso_api.types")
    body = types.File(payload=b"content\n")
    stored = operation("upload", "upload_named_file").sync(
        "generated.txt",
        client=client,
        body=body,
        tags=["python"],
        attributes='{"order": 17}',
        idempotency_key="python",
        prefer="wait=30",
    )
    assert isinstance(stored, models.FileDetail)
    assert stored.facts.additional_properties["file"]
    assert stored.attributes.additional_properties == {"order": 17}

    form = models.UploadFileFilesBody(file=types.File(payload=b"form\n", file_name="form.txt"))
    sent = operation("upload", "upload_file").sync(client=client, body=form)
    assert (sent.name, isinstance(sent, models.StoredFile)) == ("form.txt", True)

    order = models.PatchedFileChangesRequestAttributes.from_dict({"order": 18})
    changes = models.PatchedFileChangesRequest(tags=["python", "blue"], attributes=order)
    changed = operation("files", "change_file").sync(stored.id, client=client, body=changes)
    assert changed.tags == ["blue", "python"]
    attributes = models.ListFilesAttributes.from_dict({"attributes.order": "18"})
    listed = operation("files", "list_files").sync(client=client, tag=["python"], attributes=attributes)
    assert [each.id for each in listed.results] == [stored.id]

    made = operation("webhooks", "create_webhook").sync(
        client=client, body=models.WebhookRequest(url="https://hooks.example.com/")
    )
    assert made.secret.startswith("whsec_")
    assert operation("webhooks", "delete_webhook").sync_detailed(made.id, client=client).status_code == 204

    content = operation("files", "download_file").sync_detailed(stored.id, "generated.txt", client=client)
    assert content.content == b"content\n"
    assert operation("files", "delete_file").sync_detailed(stored.id, client=client).status_code == 204
    missing = operation("files", "get_file").sync(stored.id, client=client)
    assert (missing.code, missing.status) == ("not-found", 404)


@pytest.mark.skipif(not sampling.everything(), reason="mypy of 300 files takes 7 s of processor time")
def test_a_python_client_has_right_types(package: Any, tmp_path: Path) -> None:
    folder = Path(package.__file__).parent
    ran(sys.executable, "-m", "mypy", "--cache-dir", tmp_path / "cache", "--strict", "-p", folder.name, cwd=tmp_path)


# TypeScript


@of_today("TypeScript")
@pytest.mark.usefixtures("javascript")
def test_a_typescript_client(stack: Stack, tmp_path: Path) -> None:
    program, bin_ = node.node(), node.JS / "node_modules"
    document = save_document(stack, tmp_path)
    (tmp_path / "node_modules").symlink_to(node.JS / "node_modules")
    (tmp_path / "openapi.ts").write_bytes((node.JS / "openapi.ts").read_bytes())
    ran(program, bin_ / "openapi-typescript/bin/cli.js", document, "-o", "api.d.ts", cwd=tmp_path)
    strict = ("--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler")
    ran(program, bin_ / "tsc/bin/tsc", *strict, "openapi.ts", cwd=tmp_path)
    bundle = ("--bundle", "--format=esm", "--log-level=warning", "--outfile=openapi.mjs")
    ran(program, bin_ / "esbuild/bin/esbuild", "openapi.ts", *bundle, cwd=tmp_path)
    found = json.loads(ran(program, "openapi.mjs", stack.url, cwd=tmp_path))
    assert found["found"] == [found["id"]]
    assert (found["state"], found["tags"]) == ("processed", ["blue", "typescript"])
    assert "file.processed" in found["events"]
    assert (found["secret"], found["webhooks"]) == ("whsec_", ["https://hooks.example.com/"])
    assert (found["statuses"], found["code"]) == ([204, 204, 404], "not-found")
