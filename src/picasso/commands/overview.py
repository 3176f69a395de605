"""``picasso`` alone, ``picasso help`` and wrong names: which commands there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from picasso import __version__

INDENT = 2

# What other programs call it.
MEANT = {
    "start": ("up",),
    "run": ("up",),
    "serve": ("up", "web"),
    "list": ("ls",),
    "files": ("ls",),
    "download": ("get",),
    "delete": ("rm",),
    "remove": ("rm",),
    "status": ("doctor",),
    "users": ("people",),
    "migrate": ("manage migrate",),
    "sweep": ("manage sweep",),
}

Groups = Mapping[str, Mapping[str, str]]
"""Titles, and below each the names of commands with what they do."""


def overview(groups: Groups) -> str:
    width = max(len(name) for commands in groups.values() for name in commands) + INDENT
    lines = [f"Picasso {__version__} takes uploads of any kind and processes them.", "", "usage: picasso COMMAND …"]
    for title, commands in groups.items():
        lines += ["", f"{title}:"]
        lines += [f"{' ' * INDENT}{name:<{width}}{what}" for name, what in commands.items()]
    return "\n".join(
        [*lines, "", "`picasso COMMAND --help` tells more about one of them; `picasso --version` the version."]
    )


def unknown(name: str, known: Collection[str]) -> str:
    """That there is no such command, and which ones may be meant."""
    begins = [each for each in known if len(name) > 1 and each.startswith(name)]
    near = MEANT.get(name) or dict.fromkeys([*begins, *get_close_matches(name, known)])
    advice = f"Did you mean {' or '.join(f'`picasso {each}`' for each in near)}? " if near else ""
    return f"picasso: There is no command {name!r}. {advice}`picasso` alone lists all commands."
