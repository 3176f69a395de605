"""Options of the command line, what it completes, and what it shows of failures."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from picasso import conf
from picasso.cli import OWN
from picasso.commands.checks import require_data
from picasso.commands.manage import SHORTCUTS
from picasso_client import Client, Failure, Import, Outcome, PicassoError
from tests.clients.checks import content
from tests.clients.test_command_line import Shell
from tests.stack import Stack


@pytest.fixture
def shell(stack: Stack, tmp_path: Path) -> Shell:
    return Shell(tmp_path, stack.url)


def test_options_of_the_service_before_and_behind_the_command(stack: Stack, shell: Shell) -> None:
    shell.write({"a.bin": content(10)})
    for arguments in (
        ["--url", stack.url, "ls", "-n", "1"],
        ["ls", "-n", "1", "--url", stack.url],
        ["upload", "a.bin", "--url", stack.url],
        ["whoami", "--url", stack.url],
        ["api", "me/", "--url", stack.url],
        ["login", "--token-stdin", "--url", stack.url],
        ["--url", "http://127.0.0.1:9", "ls", "--url", stack.url],
    ):
        assert shell.run(*arguments, given=b"\n", PICASSO_URL="http://127.0.0.1:9").status == 0, arguments
    assert shell.run("ls", "--project", "none").status == 1


def test_a_bad_value_is_that_of_an_option(shell: Shell) -> None:
    ran = shell.run("ls", "--after", "yesterday")
    assert (ran.status, "--after must be a time" in ran.err) == (2, True)
    assert "--sort must be one of uploaded_at" in shell.run("ls", "--sort", "x").err


def test_an_import_that_is_meant_for_a_service(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="picasso client import"):
        require_data(conf.load({"PICASSO_DATA_DIR": str(tmp_path)}), "import")


def test_the_port_of_the_service(stack: Stack, shell: Shell) -> None:
    del shell.env["PICASSO_URL"]
    assert f"{stack.url}:" in shell.run("whoami", PICASSO_PORT=str(stack.port)).out


def test_what_failed_says_why(shell: Shell) -> None:
    mark = uuid.uuid4().hex
    shell.write(
        {"a.jpg": bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + content(200), "b.bin": content(10)}
    )
    ran = shell.run("upload", "a.jpg", "b.bin", "-t", mark, "--wait", "--json")
    failure = next(line["file"]["error"] for line in ran.lines if line["file"]["state"] == "failed")
    shown = shell.run("ls", "--tag", mark, "--sort", "name").out.splitlines()
    assert shown[0].endswith(f"  a.jpg  ({failure['code']})")
    assert shown[1].endswith("  b.bin")
    (wide,) = shell.run("ls", "--tag", mark, "--state", "failed", "--wide").out.splitlines()
    assert wide.endswith(f"  ({failure['code']}: {failure['detail']})")
    broken, fine = shell.run("ls", "--tag", mark, "--sort", "name", "--json").lines
    assert (broken["error"], "error" in fine) == (failure, False)
    assert broken.keys() == {*fine, "error"}


def completed(shell: Shell, *words: str) -> set[str]:
    env: Mapping[str, str] = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    shell.env |= {**env, "_PICASSO_COMPLETE": "bash_complete"}
    return {line.partition(",")[2] for line in shell.of_server().out.splitlines()}


def test_completion_knows_all_commands(shell: Shell) -> None:
    assert completed(shell, "picasso", "") >= {*OWN, *SHORTCUTS, "client", "upload", "ls"}
    assert completed(shell, "picasso", "client", "im") == {"import"}
    assert "--wait" in completed(shell, "picasso", "client", "import", "--w")
    assert "--wait" not in completed(shell, "picasso", "import", "--w")
    assert {"--url", "--project"} <= completed(shell, "picasso", "ls", "--")


def test_an_import_that_is_tried_for_long_says_why(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = Failure("host-not-found", "The name x could not be resolved.")
    waits = Import("id", "http://x/", "waiting", 0, None, "", None, failed, {})
    ends: Iterator[PicassoError | Import] = iter(
        [PicassoError(0, "timeout", ""), PicassoError(0, "timeout", ""), replace(waits, state="failed")]
    )

    def wait_import(*_: object) -> Import:
        end = next(ends)
        if isinstance(end, PicassoError):
            raise end
        return end

    monkeypatch.setattr(Client, "import_url", lambda *_: waits)
    monkeypatch.setattr(Client, "get_import", lambda *_: waits)
    monkeypatch.setattr(Client, "wait_import", wait_import)
    ran = shell.run("import", "http://x/", "--wait")
    assert (ran.status, ran.err.count("could not be resolved")) == (1, 1)
    assert "could not be resolved" in ran.out


@pytest.mark.parametrize("command", [["rm", "-y"], ["restore"], ["tag", "--add", "x"]])
def test_what_was_done_before_a_failure_is_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    def change_files(*_: object, **__: object) -> None:
        error = PicassoError(0, "no-answer", "It was cut.")
        error.outcomes = [Outcome(first, None)]
        raise error

    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    monkeypatch.setattr(Client, "change_files", change_files)
    ran = shell.run(*command, first, second)
    assert (ran.status, ran.out.split()[0]) == (1, first)
    assert "It was cut." in ran.err
