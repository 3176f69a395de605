"""Tests for authors of processors: subclass `ProcessorContract`. Needs the extra ``testing``.

See ``docs/processors.md``.
"""

import pytest

# Before the import, so that pytest explains failed assertions.
pytest.register_assert_rewrite("picasso.testing.processors")

from picasso.testing.processors import ProcessorContract, run_processor

__all__ = ["ProcessorContract", "run_processor"]
