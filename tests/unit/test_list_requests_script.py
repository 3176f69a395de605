"""The list of the console is as it was when it was opened: the script finds that moment in the first answers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.services import required_program

import picasso

SCRIPT = Path(picasso.__file__).parent / "static/picasso/console/views/files/requests.js"
API = "import { api } from '../../core/api.js';"


def asked_for(first: list[str], newest: str, filters: str = "") -> str | None:
    """Up to when the second page is asked for, after a list with these times of its files was opened."""
    code = f"""const asked = [], answers = {json.dumps([first, [newest]])};
        const api = async (path) => {{
          asked.push(path);
          return {{ results: (answers.shift() ?? []).map((at) => ({{ uploaded_at: at }})) }};
        }};
        {SCRIPT.read_text().replace(API, "")}
        const requests = new Requests(new URLSearchParams({json.dumps(filters)}), '-uploaded_at');
        await requests.first();
        await requests.page(1);
        console.log(new URL(asked.at(-1), 'http://service').searchParams.get('uploaded_before'));"""
    argv = [required_program("nodejs", "node"), "--input-type=module"]
    ran = subprocess.run(argv, input=code, capture_output=True, text=True, check=True, timeout=60)
    return ran.stdout.strip()


@pytest.mark.parametrize(
    ("first", "newest"),
    [
        (["2026-12-01T04:00:05.900000Z", "2026-12-01T04:00:05Z"], "2026-12-01T04:00:05.900000Z"),
        (["2026-12-01T04:00:05Z"], "2026-12-01T04:00:05.900000Z"),
        (["2026-12-01T04:00:05.9Z"], "2026-12-01T04:00:05.899999Z"),
    ],
)
def test_a_list_ends_behind_its_newest_file(first: list[str], newest: str) -> None:
    """A time without a fraction of the second sorts behind the others of its second, as a text."""
    assert asked_for(first, newest) == "2026-12-01T04:00:05.901Z"


@pytest.mark.parametrize("before", ["2026-12-01T04:00:05Z", "2026-12-01T06:00:05+02:00"])
def test_a_filter_that_ends_earlier_stays(before: str) -> None:
    filters = f"uploaded_before={before.replace('+', '%2B')}"
    assert asked_for(["2026-12-01T04:00:04Z"], "2026-12-01T04:00:05.100000Z", filters) == before
