"""What `picasso doctor` says of the documentation."""

from __future__ import annotations

import re
from pathlib import Path

from picasso import doctor
from tests.docs.test_docs import ROOT, anchor, headings

SOURCES = sorted(Path(doctor.__file__).parent.glob("*.py"))


def test_findings_name_pages_that_exist() -> None:
    pages = {target for path in SOURCES for target in re.findall(r'"(\w+\.md(?:#[\w-]+)?)"', path.read_text())}
    assert len(pages) > 20
    for target in pages:
        page, _, fragment = target.partition("#")
        assert not fragment or fragment in {anchor(heading) for heading in headings(ROOT / "docs" / page)}, target
        assert (ROOT / "docs" / page).is_file(), target
