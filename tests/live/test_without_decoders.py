"""The service in a virtual environment that has only what Picasso requires without any extra."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sysconfig
import tomllib
import venv
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.contract.samples.image import by_pillow
from tests.stack import Stack, migrated, running

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DECODERS = ("archive", "audio", "document", "image", "pdf", "rendition", "table", "video")


def required(requirements: list[str]) -> set[str]:
    """The names of all distributions that these requirements install, with what those require."""
    waiting = [(Requirement(text), "") for text in requirements]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in {(name, extra) for extra in ("", *requirement.extras)} - seen:
            seen.add(wanted)
            waiting += [(Requirement(text), wanted[1]) for text in distribution(name).requires or []]
    return {name for name, _ in seen}


def top_level_files(name: str) -> set[str]:
    """What a distribution puts into site-packages."""
    return {file.parts[0] for file in distribution(name).files or [] if file.parts[0] not in {"..", "__pycache__"}}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("core") / "venv"
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    installed = Path(sysconfig.get_path("purelib"))
    for name in required(PROJECT["dependencies"]):
        for each in top_level_files(name):
            if not (packages / each).exists():
                (packages / each).symlink_to(installed / each)
    (own,) = installed.glob("picasso_server-*.dist-info")
    (packages / own.name).symlink_to(own)
    (packages / "picasso.pth").write_text(str(ROOT / "src"))
    return folder / "bin" / "python"


def run(python: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, *arguments], capture_output=True, text=True, env=env, timeout=60)


def test_no_decoder_is_installed(python: Path) -> None:
    for module in ("av", "duckdb", "kreuzberg", "numpy", "pikepdf", "PIL", "py7zr", "pypdfium2", "pyvips", "rawpy"):
        assert "ModuleNotFoundError" in run(python, "-c", f"import {module}").stderr, module


def test_only_what_needs_no_decoder_is_available(python: Path) -> None:
    done = run(python, "-c", "from picasso.process import registry as r; print(*r.processors(), '-', *r.unavailable())")
    assert done.stdout.split() == ["scan", "text", "-", *DECODERS], done.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("image", f"the processor 'image' needs libraries (pip install '{PROJECT['name']}[images]')"),
        ("sculpture", "no processor 'sculpture' is installed"),
    ],
)
def test_a_fork_server_says_what_is_missing(python: Path, name: str, message: str) -> None:
    """For jobs of a web process that assumes decoders, or of a processor that was removed."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [str(python), "-m", "picasso.process.forkserver", str(theirs.fileno()), name, "/nowhere", ""]
        done = subprocess.run(command, capture_output=True, text=True, pass_fds=[theirs.fileno()], timeout=60)
    assert message in done.stderr


def test_a_pipeline_that_names_such_a_processor_stops_the_start(python: Path, tmp_path: Path) -> None:
    config = tmp_path / "picasso.toml"
    config.write_text('[pipelines.default]\nprocessors = ["text", "image"]\n')
    env = {"PICASSO_CONFIG": str(config), "PICASSO_DATA_DIR": str(tmp_path / "data"), "PATH": "/usr/bin:/bin"}
    done = run(python, "-m", "picasso", "up", env=env)
    assert done.returncode == 1
    assert "picasso.toml, line 2: pipelines.default.processors: the libraries of the processor 'image'" in done.stderr
    assert f"(pip install '{PROJECT['name']}[images]')" in done.stderr


@pytest.fixture(scope="module")
def core(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("core") / "data")
    stack.python = str(python)
    stack.start()
    yield stack
    stack.client.close()
    stack.stop()


def test_the_log_says_once_what_to_install(core: Stack) -> None:
    log = core.log.read_text()
    assert log.count("processors without their libraries are off") == 1
    assert f"image ({PROJECT['name']}[images])" in log
    assert f"pdf ({PROJECT['name']}[documents])" in log


def test_text_is_processed(core: Stack) -> None:
    file = core.settled(core.upload(b"one line\n")["id"])
    assert file["state"] == "processed"
    assert file["facts"]["text"]["lines"] == 1


@pytest.fixture(scope="module")
def web(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A web process for workers that have decoders. They share its data folder."""
    data = tmp_path_factory.mktemp("split") / "data"
    shutil.copytree(migrated(), data)
    web = Stack(data, "web", PICASSO_ASSUME_DECODERS="true")
    web.python = str(python)
    web.start("/healthz")
    yield web
    web.client.close()
    web.stop()


def test_a_worker_without_decoders_leaves_jobs_to_one_that_has_them(web: Stack, python: Path) -> None:
    """The other worker runs in this environment."""
    core = Stack(web.data, "worker --queue quick")
    core.python = str(python)
    picture = web.upload(by_pillow("PNG"), "picture.png", "image/png")["id"]
    core.start("")
    try:
        text = web.settled(web.upload(b"one line\n")["id"])
    finally:
        core.client.close()
        core.stop()
    assert text["facts"]["text"]["lines"] == 1, "the worker does what it can"
    (job,) = web.client.get(f"/api/v1.0/files/{picture}/jobs/").json()["results"]
    assert (job["state"], job["attempt"], job["error"]) == ("waiting", 0, None)
    with running(web.data, "worker --queue quick", ""):
        file = web.settled(picture)
    assert (file["state"], file["facts"]["image"]["format"]) == ("processed", "png")
    assert "processors without their libraries" not in web.log.read_text()


def test_a_picture_is_stored_without_facts(core: Stack) -> None:
    file = core.settled(core.upload(by_pillow("PNG"), "picture.png", "image/png")["id"])
    assert (file["state"], file["media_type"]) == ("processed", "image/png")
    assert set(file["facts"]) <= {"file"}
    assert file["derivatives"] == []
