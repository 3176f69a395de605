"""The examples in docs/clients.md and docs/uploads.md, run as they are written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests import browser
from tests.clients import node
from tests.clients.checks import content, times_stored
from tests.devtools import Window
from tests.stack import Stack

ROOT = Path(__file__).parents[2]
ADDRESS = "http://127.0.0.1:8000"


def examples(language: str, page: str = "clients.md") -> list[str]:
    tokens = MarkdownIt().parse((ROOT / "docs" / page).read_text())
    return [token.content for token in tokens if token.type == "fence" and token.info == language]


@pytest.fixture
def picture(tmp_path: Path) -> bytes:
    """A picture in the folder that no other test uploads; decoders ignore what follows its end."""
    data = (ROOT / "docs/picture.jpg").read_bytes() + content(16)
    (tmp_path / "picture.jpg").write_bytes(data)
    return data


@pytest.mark.parametrize("number", range(len(examples("sh"))))
@pytest.mark.usefixtures("curl")
def test_commands(stack: Stack, tmp_path: Path, picture: bytes, number: int) -> None:
    run(["bash", "-euo", "pipefail", "-c", examples("sh")[number].replace(ADDRESS, stack.url)], tmp_path)
    assert times_stored(stack, picture) == 1


@pytest.mark.usefixtures("curl")
def test_commands_of_each_protocol(stack: Stack, tmp_path: Path, picture: bytes) -> None:
    """Two raw bodies, tus and the draft; later commands use variables of earlier ones."""
    script = "\n".join(examples("sh", "uploads.md")).replace(ADDRESS, stack.url)
    run(["bash", "-euo", "pipefail", "-c", script], tmp_path)
    assert times_stored(stack, picture) == 6


@pytest.mark.parametrize("number", range(len(examples("python"))))
def test_python(stack: Stack, tmp_path: Path, picture: bytes, number: int) -> None:
    run([sys.executable, "-c", examples("python")[number].replace(ADDRESS, stack.url)], tmp_path)
    assert times_stored(stack, picture) == 1


def test_a_second_run_of_the_resumable_upload(stack: Stack, tmp_path: Path, picture: bytes) -> None:
    """It finds the first upload complete, and has the same address."""
    [code] = [each for each in examples("python") if "tusclient" in each]
    argv = [sys.executable, "-c", code.replace(ADDRESS, stack.url)]
    assert run(argv, tmp_path) == run(argv, tmp_path) != ""
    assert times_stored(stack, picture) == 1


@pytest.fixture(params=range(len(examples("js"))))
def script(javascript: str, stack: Stack, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    return bundled(tmp_path, examples("js")[request.param].replace(ADDRESS, stack.url))


def test_pages(stack: Stack, chromium: Window, spare_page_port: int, script: str, picture: bytes) -> None:
    numbers = ",".join(map(str, picture))
    file = f"new File([new Uint8Array([{numbers}])], 'picture.jpg', {{type: 'image/jpeg'}})"
    question = ("script", f"{script}; return {{answer: await example.upload({file})}};")
    [verdict] = browser.verdicts(chromium, [question], port=spare_page_port)
    assert "error" not in verdict, verdict
    assert verdict["answer"]
    assert times_stored(stack, picture) == 1


CLIENT = ROOT / "src/picasso/static/picasso/client"


def bundled(folder: Path, module: str, *options: str) -> str:
    """A script that defines ``example``, with all that the module imports."""
    (folder / "module.mjs").write_text(module)
    argv = [node.node(), str(node.JS / "node_modules/esbuild/bin/esbuild"), str(folder / "module.mjs")]
    argv += ["--bundle", "--format=iife", "--global-name=example", "--log-level=error", *options]
    argv += [f"--alias:picasso-client/elements={CLIENT / 'elements/index.js'}"]
    argv += [f"--alias:picasso-client={CLIENT / 'index.js'}"]
    environment = {"NODE_PATH": str(node.JS / "node_modules"), "PATH": "/usr/bin:/bin"}
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=True).stdout


def run(argv: list[str], folder: Path) -> str:
    ran = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
