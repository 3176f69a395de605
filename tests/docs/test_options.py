"""docs/pipelines.md names every option of every processor with its default, and no other."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from picasso import conf
from picasso.process import registry
from picasso.process.pipelines import load

PAGE = Path(__file__).parent.parent.parent / "docs/pipelines.md"
OPTIONS = PAGE.read_text().partition("\n## Options\n")[2].partition("\n## ")[0]


def written(default: Any) -> str:
    """As TOML has it; numbers of five digits and more in groups."""
    if type(default) is int and default > 9_999:
        return f"{default:_}"
    return json.dumps(list(default) if isinstance(default, tuple) else default)


@pytest.mark.parametrize("name", registry.processors())
def test_every_option_is_named_with_its_default(name: str) -> None:
    section = OPTIONS.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
    told = re.findall(r"^\| `(\w+)` \| `(.+?)` \| \S", section, re.MULTILINE)
    assert told == [(field.name, written(field.default)) for field in fields(registry.processors()[name].Options)]
    assert section or f"`{name}`" in OPTIONS


def test_the_example_loads(tmp_path: Path) -> None:
    blocks = [t.content for t in MarkdownIt().parse(PAGE.read_text()) if t.type == "fence" and t.info.strip() == "toml"]
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.toml"
        path.write_text(block)
        load(conf.load({"PICASSO_CONFIG": str(path)}))
    assert blocks
