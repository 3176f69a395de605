"""`docs/policy.md` lists what the code knows."""

from pathlib import Path

from picasso.policy import KINDS
from picasso.policy.parse import FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")


def test_each_kind_of_active_content_is_described() -> None:
    rows = "\n".join(f"| `{kind}` | {meaning} |" for kind, meaning in KINDS.items())
    assert f"| --- | --- |\n{rows}\n" in PAGE


def test_each_field_is_described() -> None:
    assert all(f"| `{field}` |" in PAGE for field in FIELDS)
