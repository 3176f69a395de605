"""Runs tests that have failed once more: what passes then failed by chance, and is named at the end of the run.

Browsers, servers and a busy machine make some thousand tests fail by chance now and then. Such a failure is a fault to
mend, but says nothing about the change that is tested. See docs/decisions/062-failed-tests-run-again.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

MOST = 3
"""So many failures of a part may be chance. More are not."""

TESTS_FAILED = 1
"""The exit status of pytest if tests ran and some failed: not if it was stopped, or could not begin."""


def cache(folder: Path) -> Sequence[str]:
    """The options with which a pytest remembers its failures in a folder of its own."""
    return ["-o", f"cache_dir={folder}"]


def failures(folder: Path) -> Sequence[str]:
    try:
        return sorted(json.loads((folder / "v/cache/lastfailed").read_text()))
    except OSError:
        return []


def passed_again(status: int, folder: Path, run: Callable[[Sequence[str]], int]) -> Sequence[str]:
    """The tests that failed by chance, if those are all that failed; otherwise none.

    Args:
        status: of the pytest that used `cache` of ``folder``.
        run: runs the same tests with further options, and returns the status.
    """
    found = failures(folder)
    if status != TESTS_FAILED or not 0 < len(found) <= MOST or os.environ.get("PICASSO_TEST_ONCE"):
        return []
    return found if run(["--last-failed", "--last-failed-no-failures=none"]) == 0 else []
