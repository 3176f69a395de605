"""The example of docs/processors.md, installed and tested as its author would do it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

GUIDE = Path(__file__).parent.parent.parent / "docs/processors.md"


def example_files() -> dict[str, str]:
    """The blocks that begin with a comment that names their file."""
    blocks = [token.content for token in MarkdownIt().parse(GUIDE.read_text()) if token.type == "fence"]
    files = {}
    for block in blocks:
        first, _, rest = block.partition("\n")
        if first.startswith("# "):
            files[first.removeprefix("# ")] = rest
    return files


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide")
    for name, content in example_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


@pytest.fixture(scope="module")
def packages(example: Path) -> Path:
    """Where the example is installed, by pip and without the network."""
    target = example / "site-packages"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    run(*pip, "--no-build-isolation", "--target", str(target), str(example / "picasso-fonts"))
    return target


def run(*command: str, packages: Path | None = None, cwd: Path | None = None, **env: str) -> str:
    path = {"PYTHONPATH": str(packages)} if packages else {}
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=os.environ | path | env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_layout_is_that_of_the_guide(example: Path) -> None:
    files = {str(path.relative_to(example)) for path in example.rglob("*") if path.is_file()}
    package = {"pyproject.toml", "src/picasso_fonts.py", "tests/test_fonts.py"}
    assert files >= {f"picasso-fonts/{name}" for name in package} | {"picasso.toml"}
    layout = GUIDE.read_text().partition("```text\n")[2].partition("```")[0]
    assert all(name in layout for name in package)


def test_its_tests_pass(example: Path, packages: Path) -> None:
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    output = run(*command, packages=packages, cwd=example / "picasso-fonts")
    assert " passed" in output
    assert "skipped" not in output


def test_it_is_installed_with_the_options_of_the_configuration(example: Path, packages: Path) -> None:
    code = (
        "from picasso import conf; from picasso.process import pipelines, registry;"
        "print(registry.processors()['font'].__module__);"
        "loaded = pipelines.load(conf.load({'PICASSO_CONFIG': 'picasso.toml'}));"
        "print(loaded.options('default', 'font'), *(s.processor for s in loaded['default'].processors.values()))"
    )
    module, options = run(sys.executable, "-c", code, packages=packages, cwd=example).splitlines()
    assert module == "picasso_fonts"
    assert options.startswith("{'size': 96}")
    assert "font" in options.split()


def test_without_its_libraries_it_is_off_and_says_what_to_install(packages: Path) -> None:
    code = "from picasso.process import registry as r; u = r.unavailable()"
    code += "; print(u['font'].requirement, 'font' in r.processors())"
    path = os.pathsep.join([str(packages), str(GUIDE.parent.parent / "src")])
    assert run(sys.executable, "-S", "-c", code, PYTHONPATH=path).split() == ["picasso-fonts[drawing]", "False"]
