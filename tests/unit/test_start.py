"""What a web process has loaded when it can answer, and whether it looks for garbage again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.stack import environment

from picasso import garbage

# Workers, commands and the tests use them. Each takes a tenth of a second to load.
NEEDLESS = {"aiohttp", "celery", "kombu", "psycopg", "requests"}

CODE = """
import gc, json, sys
from picasso import garbage
garbage.search_later()
import picasso.asgi, picasso.urls
print(json.dumps([gc.isenabled(), gc.get_threshold()[0], sorted(name for name in sys.modules if "." not in name)]))
"""


def test_the_web_process_loads_only_what_it_needs(tmp_path: Path) -> None:
    env = environment(PICASSO_DATA_DIR=str(tmp_path))
    ran = subprocess.run([sys.executable, "-c", CODE], env=env, cwd=tmp_path, capture_output=True, check=True)
    searches, objects, loaded = json.loads(ran.stdout)
    assert searches
    assert objects == garbage.OBJECTS
    assert NEEDLESS & set(loaded) == set()
