"""Many inputs in one test: all of them run, and all that fail are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cases import cases

SEEN: list[tuple[int, str, bool]] = []


@cases("number", [1, 2, 3])
@cases(("text", "even"), [("a", True), ("b", False)], ids=["one", "two"])
def of_all(tmp_path: Path, number: int, text: str, *, even: bool) -> None:
    assert tmp_path.is_dir()
    SEEN.append((number, text, even))
    if number == 2:
        pytest.fail("two")
    assert number % 2 or not even


def test_each_runs_with_each_and_all_that_fail_are_named(tmp_path: Path) -> None:
    SEEN.clear()
    with pytest.raises(BaseExceptionGroup) as caught:
        of_all(tmp_path=tmp_path)
    assert [(number, text, text == "a") for number in (1, 2, 3) for text in "ab"] == SEEN
    assert str(caught.value).startswith("2 cases of of_all failed:\n  [2, one]\n  [2, two]\n")
    assert len(caught.value.exceptions) == 2


def test_a_case_that_skips_has_failed() -> None:
    @cases("number", [1])
    def skipping(number: int) -> None:
        pytest.skip(f"not {number}")

    with pytest.raises(BaseExceptionGroup, match="1 cases of skipping failed"):
        skipping()


def test_no_cases_are_a_mistake() -> None:
    with pytest.raises(AssertionError, match="number: no cases"):
        cases("number", [])
