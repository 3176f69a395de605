"""What the docs say is held against the code."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

import pytest
from django.urls import reverse
from markdown_it import MarkdownIt

from picasso import conf
from picasso.jobs import retries, states
from picasso.process import registry
from picasso.process.child_protocol import TRANSIENT_ERRORS

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@cache
def headings(page: Path) -> list[str]:
    tokens = MarkdownIt().parse(page.read_text())
    return [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]


def code_blocks(page: Path, language: str) -> list[str]:
    return [t.content for t in MarkdownIt().parse(page.read_text()) if t.type == "fence" and t.info.strip() == language]


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_setting_has_its_heading_in_the_order_of_the_code() -> None:
    assert headings(ROOT / "docs/settings.md")[1:] == list(conf.variables())


def test_the_settings_page_names_the_defaults() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    sections = {part.partition("\n")[0]: part for part in page.split("\n## ")[1:]}
    for variable, knob in conf.variables().items():
        default = knob.metadata["default"]
        if callable(default) or default in ("", ()):
            continue
        shown = ",".join(default) if isinstance(default, tuple) else str(default).lower()
        accepted = {shown, *in_units(default)}
        assert any(f"`{text}`" in sections[variable] for text in accepted), (variable, accepted)


def in_units(default: object) -> list[str]:
    if not isinstance(default, int):
        return []
    return [f"{default // 2**shift}{unit}" for shift, unit in ((20, "MiB"), (30, "GiB"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith(("http:", "https:")):
            continue
        path, _, fragment = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if fragment:
            assert fragment in {anchor(heading) for heading in headings(found)}, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_that_are_named_exist(page: Path) -> None:
    named = set(re.findall(r"\bPICASSO_[A-Z_]*[A-Z]\b", page.read_text()))
    assert {name for name in named if not name.startswith("PICASSO_TEST_")} <= {
        *conf.variables(),
        *conf.files_of_secrets(),
        *conf.OF_CLIENT,
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_modules_that_are_named_exist(page: Path) -> None:
    named = re.findall(r"`((?:[a-z_]+/)*[a-z_]+(?:\.py|/))`", page.read_text())
    roots = (ROOT, ROOT / "src/picasso", ROOT / "src/picasso/process/processors")
    stored = {"media/", "incoming/", "uploads/", "scratch/", "orphans/", "in/", "out/", "derived/"}
    missing = (
        {name for name in named if not any((root / name).exists() for root in roots)} - stored - {"site/", "dist/"}
    )
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_are_well_formed(page: Path) -> None:
    for block in code_blocks(page, "python"):
        compile(block, str(page), "exec")
    for block in code_blocks(page, "json"):
        json.loads(block)
    for block in code_blocks(page, "toml"):
        tomllib.loads(block)


READMES = ("README.md", "README.ru.md")


def commands(page: Path) -> list[str]:
    """Each block of commands without its comments."""
    return [re.sub(r"^#.*\n| +# .*", "", block, flags=re.MULTILINE) for block in code_blocks(page, "sh")]


def links(page: Path) -> list[str]:
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()) if target not in READMES]


def test_the_translated_readme_says_the_same() -> None:
    """Comments are translated; commands, examples, code words in tables, settings and links are not."""
    english, russian = (ROOT / name for name in READMES)
    assert commands(russian) == commands(english)
    assert code_blocks(russian, "json") == code_blocks(english, "json")
    assert structure(russian) == structure(english)
    assert links(russian) == links(english)
    assert first_cells(russian) == first_cells(english)


def structure(page: Path) -> list[str]:
    """Each heading, paragraph, list item, cell and block of code, in order."""
    return [f"{token.type} {token.tag}" for token in MarkdownIt().enable("table").parse(page.read_text())]


def first_cells(page: Path) -> list[list[str]]:
    """The code words in the first cell of each row of each table."""
    return [re.findall(r"`[^`]+`", row.split("|")[1]) for row in page.read_text().splitlines() if row.startswith("|")]


def test_the_readmes_lead_to_each_other() -> None:
    for page, other in (READMES, READMES[::-1]):
        assert f"]({other})" in (ROOT / page).read_text()


@pytest.mark.parametrize("page", READMES)
def test_the_readme_shows_every_field_of_a_file(page: str) -> None:
    from picasso.serializers import FileSerializer

    shown = json.loads(code_blocks(ROOT / page, "json")[0])
    assert list(shown) == list(FileSerializer().fields)


@pytest.mark.parametrize("page", READMES)
def test_the_readme_names_the_processors_and_addresses(page: str) -> None:
    readme = (ROOT / page).read_text()
    for name in registry.processors():
        assert f"| `{name}` |" in readme
    for route in ("api:root", "api:files", "api:docs", "api:schema"):
        assert reverse(route) in readme


def test_the_architecture_page_has_the_numbers_of_the_code() -> None:
    page = re.sub(r"\s+", " ", (ROOT / "docs/architecture.md").read_text())
    assert f"Leases are {states.LEASE.seconds} s" in page
    assert "five attempts" in page
    assert retries.MAX_FAILURES == 5
    assert "three times is `poison`" in page
    assert retries.MAX_CRASHES == 3
    assert "three if the last attempt ran out of memory, two if it ran out of time" in page
    assert TRANSIENT_ERRORS["out-of-memory"].max_failures == 3
    assert TRANSIENT_ERRORS["time-limit"].max_failures == 2
    settings = re.sub(r"\s+", " ", (ROOT / "docs/settings.md").read_text())
    assert "tried once more later; if it takes too long again, it is failed" in settings


def test_the_architecture_page_lists_every_module_in_the_order_of_the_layers() -> None:
    table = (ROOT / "docs/architecture.md").read_text().partition("## The modules")[2].partition("## ")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    listed = [name for cell in cells for name in re.findall(r"`(\w+)(?:\.py|/)`", cell)]
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
    floor = {name: number for number, layer in enumerate(layers) for name in layer.split(" | ")}
    assert sorted(listed) == sorted(floor)
    assert listed == sorted(listed, key=floor.__getitem__)


def test_decisions_say_what_was_decided_and_what_it_costs() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [page.name[:3] for page in pages] == [f"{n:03}" for n in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text()
        for word in ("Context", "Choice", "Cost", "Measured"):
            assert f"**{word}.**" in text, (page.name, word)


def test_nothing_committed_names_a_package_registry() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", lock.read_text()), lock


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    site = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]
    pages = [str(page.relative_to(ROOT / "docs")) for page in PAGES if ROOT / "docs" in page.parents]
    assert sorted(targets(site["nav"])) == sorted(pages), "add it to nav in zensical.toml"


def targets(entry: object) -> Iterator[str]:
    """The pages below an entry of the navigation: a page, a list, or a title with one of these."""
    if isinstance(entry, str):
        yield entry
        return
    for each in entry.values() if isinstance(entry, dict) else cast("list[object]", entry):
        yield from targets(each)
