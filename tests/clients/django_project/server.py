"""A small Django project that stores its files in Picasso. The test writes ``settings.py``, ``gallery/models.py`` and
``gallery/forms.py`` from the docs into the folder in which this runs.

It serves at the port of the first argument, and runs the Python code of each line of JSON on the standard input.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

sys.path.insert(0, str(Path.cwd()))
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None: ...


def main() -> None:
    django.setup()
    call_command("makemigrations", "gallery", verbosity=0)
    call_command("migrate", verbosity=0)
    server = make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), Server, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps("ready"), flush=True)
    space: dict[str, object] = {}
    for line in sys.stdin:
        print(json.dumps(outcome(json.loads(line), space)), flush=True)


def outcome(code: str, space: dict[str, object]) -> object:
    """What the code leaves in ``result``."""
    space["result"] = None
    try:
        exec(code, space)
    except Exception:
        return {"error": traceback.format_exc()}
    return space["result"]


if __name__ == "__main__":
    main()
