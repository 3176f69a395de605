"""What a user meets who knows no command yet, or mistypes one."""

from __future__ import annotations

import sys

import pytest

from picasso import cli
from picasso.commands.manage import SHORTCUTS
from picasso.commands.overview import MEANT, overview, unknown
from picasso_client.cli import COMMANDS

NAMES = {*cli.OWN, *SHORTCUTS, *cli.CLIENT, *COMMANDS}


def ran(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """The status to exit with."""
    monkeypatch.setattr(sys, "argv", ["picasso", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code or 0


@pytest.mark.parametrize("arguments", [[], ["help"], ["-h"], ["--help"]])
def test_all_commands_are_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert ran(monkeypatch, *arguments) == 0
    shown = capsys.readouterr().out
    assert shown == overview(cli.groups()) + "\n"
    assert {line.split()[0] for line in shown.splitlines() if line.startswith("  ")} == NAMES
    assert max(map(len, shown.splitlines())) <= 100


@pytest.mark.parametrize("name", ["ls", "up", "demo"])
def test_help_of_one_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert ran(monkeypatch, "help", name) == 0
    assert f"picasso {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "meant"),
    [("uplaod", "`picasso upload`"), ("list", "`picasso ls`"), ("doc", "`picasso doctor`"), ("xyz", "")],
)
def test_an_unknown_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, meant: str
) -> None:
    assert ran(monkeypatch, name) == 2
    shown = capsys.readouterr()
    assert (shown.out, meant in shown.err, "Did you mean" in shown.err) == ("", True, bool(meant))
    assert shown.err.endswith("`picasso` alone lists all commands.\n")


def test_what_is_meant_exists() -> None:
    assert {name.split()[0] for names in MEANT.values() for name in names} <= NAMES
    assert not MEANT.keys() & NAMES
    assert unknown("serve", NAMES).count("picasso") == 4
