"""A real nginx in front of the service, with the configuration that a test gives it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.services import required_program
from tests.stack import until

# nginx writes below the folder in which it is started. Started by root, its workers would run as another user.
MAIN = """
{user}
pid nginx.pid;
error_log stderr warn;
daemon off;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port};
        {server}
    }}
}}
"""


def user() -> str:
    return "user root;" if os.geteuid() == 0 else ""


@contextmanager
def server(folder: Path, port: int, block: str) -> Iterator[str]:
    """Run nginx with this ``server`` block, to which the port is added; yields its address."""
    with running(folder, port, MAIN.format(user=user(), port=port, server=block)) as url:
        yield url


@contextmanager
def running(folder: Path, port: int, configuration: str) -> Iterator[str]:
    program = required_program("nginx")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy("/etc/nginx/mime.types", folder)
    (folder / "nginx.conf").write_text(configuration)
    argv = [program, "-p", str(folder), "-e", "stderr", "-c", "nginx.conf"]
    log = folder / "nginx.log"
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=output, cwd=folder)
    try:
        # It may open some ports later than others: it tries again for two seconds where one can't be had at once.
        ports = {port, *map(int, re.findall(r"\blisten 127\.0\.0\.1:(\d+)", configuration))}
        until(lambda: all(map(listens, ports)), 10, lambda: f"nginx did not start:\n{log.read_text()}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
