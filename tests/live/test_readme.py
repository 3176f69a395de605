"""The README's commands, run as they stand there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stack import Stack

pytestmark = pytest.mark.live

ROOT = Path(__file__).parent.parent.parent


def test_the_quickstart_works(embedded: Stack, tmp_path: Path) -> None:
    found = re.search(r"<!-- quickstart -->\n```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/picture.jpg", tmp_path / "docs")
    script = found[1].replace("http://127.0.0.1:8000", embedded.url)
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, check=True, capture_output=True)
    file = json.loads((tmp_path / "file.json").read_text())
    assert file["state"] == "processed"
    assert (tmp_path / "thumbnail.webp").read_bytes()[8:12] == b"WEBP"
    assert embedded.client.get(f"/api/v1.0/files/{file['id']}/").status_code == 404
