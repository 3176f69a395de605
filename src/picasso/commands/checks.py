"""What a command needs before it starts."""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from picasso import compatibility, conf


def asks_for_help(arguments: Sequence[str]) -> bool:
    return bool({"-h", "--help", "--version"} & set(arguments))


def check_libraries() -> None:
    """Raise `Incompatible` if a library is outside its tested range and lacks what Picasso uses of it."""
    if untested := compatibility.untested():
        compatibility.require(*compatibility.WEB, *compatibility.WORKER)
        print(f"Picasso was not tested with {', '.join(untested)}.", file=sys.stderr)


def require_data(settings: conf.Conf, command: str = "") -> None:
    """Exit if there is no database: the command was probably started in the wrong folder, and must not create one.

    The sweep, which uses the stored files, also needs the data folder if the database is elsewhere.
    """
    scheme, _, path = settings.database_url.partition(":///")
    if (scheme == "sqlite" and not Path(path).is_file()) or (command == "sweep" and not settings.data_dir.is_dir()):
        otherwise = " `picasso client import` asks a service over HTTP." if command == "import" else ""
        sys.exit(
            f"There is no data of Picasso in {settings.data_dir}."
            " Run this command in the folder in which the service was started, or set PICASSO_DATA_DIR."
            f"{otherwise}"
        )
    avoid_new_key(settings)


def avoid_new_key(settings: conf.Conf) -> None:
    """If there is no secret key: use one for this process only. Django's settings would create one in a new folder."""
    if not settings.secret_key and not conf.key_file(settings).exists():
        os.environ["PICASSO_SECRET_KEY"] = secrets.token_urlsafe(48)


@contextmanager
def database_faults() -> Iterator[None]:
    """Exit with one line if the database can't be reached or has no tables."""
    from django.db import OperationalError, ProgrammingError

    try:
        yield
    except (OperationalError, ProgrammingError) as fault:
        text = (str(fault).strip() or type(fault).__name__).splitlines()[0]
        missing = re.search(r"no such table|relation .* does not exist", text)
        sys.exit(f"The database failed: {text}{'. Run `picasso manage migrate` first.' if missing else ''}")
