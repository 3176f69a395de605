"""`make test` runs every folder of tests."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tests.__main__
from tests.__main__ import check_parts, limited


def test_every_folder_is_in_a_part() -> None:
    check_parts()


def test_a_part_that_hangs_is_interrupted_and_tells_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tests.__main__, "LONGEST", 0.1)
    script = (
        "import time\ntry: print('began', flush=True); time.sleep(60)\nexcept KeyboardInterrupt: print('hung here')"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"began\n"
        with limited(process):
            assert process.stdout.read() == b"hung here\n"
