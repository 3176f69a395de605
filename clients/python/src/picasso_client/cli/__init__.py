"""The command line: `picasso-client`, and the commands of the server's `picasso` that speak to a service."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Mapping, Sequence

# The names and what they do, without importing anything: the server's command shows them, too.
COMMANDS: Mapping[str, str] = {
    "upload": "upload files, folders, or - for the standard input",
    "ls": "list files",
    "get": "download files",
    "rm": "delete files",
    "restore": "take files out of the trash",
    "tag": "add and remove tags of files",
    "watch": "follow events",
    "import": "let the service fetch files from URLs",
    "api": "send any request of the API",
    "login": "store the address of a service and a key for it",
    "logout": "remove the stored address and key",
    "whoami": "show who asks, and what they may do",
    "completion": "print the completion script of a shell",
}


def main(
    arguments: Sequence[str] | None = None, program: str = "picasso-client", others: Mapping[str, str] | None = None
) -> None:
    """Run a command and exit: 0, 1 if something failed, 2 for wrong usage, 130 after Ctrl-C.

    ``others`` are commands that somebody else runs; they are only completed.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal or a pipe may lack letters that names have
            stream.reconfigure(errors="backslashreplace")
    try:
        from picasso_client.cli.app import complete, run
    except ModuleNotFoundError as fault:
        sys.exit(f"{program} needs more: pip install 'picasso-client[cli]' ({fault})")
    try:
        status = complete(program, others or {})
        if status is None:
            status = run(list(sys.argv[1:] if arguments is None else arguments), program, others or {})
        sys.stdout.flush()
    except BrokenPipeError:  # as of `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes the rest there when it exits
        status = 128 + getattr(signal, "SIGPIPE", 13)
    sys.exit(status)
