"""The command line of the client, as a user runs it; the server's `picasso` has the same commands."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pty
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from picasso.cli import main as server_main
from picasso_client import Client
from picasso_client.cli import COMMANDS, main
from picasso_client.config import VARIABLES
from tests.clients.checks import content, times_stored
from tests.clients.cutting import cutting
from tests.stack import Stack, until

SOURCES = [str(Path(__file__).parents[2] / folder) for folder in ("src", "clients/python/src")]
OWN = [sys.executable, "-m", "picasso_client"]
OF_SERVER = [sys.executable, "-m", "picasso"]


class Ran(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Shell:
    """A user with a folder of their own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PICASSO_", "XDG_"))}
        self.env = {**kept, "HOME": str(folder), "PICASSO_URL": url, "PYTHONPATH": os.pathsep.join(SOURCES)}

    def run(self, *arguments: str, argv: list[str] | None = None, given: bytes = b"", **env: str) -> Ran:
        """In a process of its own with ``argv``; otherwise in this one: a start takes longer than most commands."""
        if argv is None:
            return self.run_here(lambda: main(arguments), given, {**self.env, **env})
        done = subprocess.run(
            [*argv, *arguments], cwd=self.folder, env={**self.env, **env}, input=given, capture_output=True, timeout=180
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def of_server(self, *arguments: str) -> Ran:
        """As ``picasso`` with these arguments, in this process."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["picasso", *arguments])
            return self.run_here(server_main, b"", self.env)

    def run_here(self, command: Callable[[], None], given: bytes, env: Mapping[str, str]) -> Ran:
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name in (*VARIABLES, "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
                patch.delenv(name, raising=False)
            for name, value in env.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), "utf-8"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as end:
                command()
        out.flush()
        assert isinstance(out.buffer, io.BytesIO)
        return Ran(int(end.value.code or 0), out.buffer.getvalue().decode(), err.getvalue())

    def write(self, files: Mapping[str, bytes]) -> None:
        for name, data in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


@pytest.fixture
def shell(stack: Stack, tmp_path: Path) -> Shell:
    return Shell(tmp_path, stack.url)


def test_a_folder_goes_up_and_comes_down(stack: Stack, shell: Shell) -> None:
    sent = {"in/a.txt": content(40).hex().encode(), "in/ü/b \x1b[2J.bin": content(50), "in/ü/empty": b""}
    shell.write(sent)
    (shell.folder / "in/link").symlink_to("/etc/passwd")
    ran = shell.run("upload", "in", "-t", "first", "-t", "a, b", "-a", "n=1", "--keep-paths", "--wait", "--json")
    assert ran.status == 1, "an empty file is refused"
    assert "\x1b" not in ran.out + ran.err
    assert "link is left out" in ran.err
    found = {line["path"]: line for line in ran.lines}
    assert found.keys() == sent.keys()
    assert found["in/ü/empty"]["error"]["code"] == "invalid-field"
    file = found["in/ü/b \x1b[2J.bin"]["file"]
    assert (file["state"], file["tags"]) == ("processed", ["a, b", "first"])
    assert file["attributes"] == {"n": 1, "path": "ü/b \x1b[2J.bin"}
    ids = [line["file"]["id"] for line in ran.lines if "file" in line]
    (shell.folder / "out").mkdir()
    assert shell.run("get", *ids, "-o", "out").status == 0
    stored = {path.name: path.read_bytes() for path in (shell.folder / "out").iterdir()}
    assert stored == {"a.txt": sent["in/a.txt"], "b _[2J.bin": sent["in/ü/b \x1b[2J.bin"]}
    again = shell.run("get", *ids, "-o", "out")
    assert (again.status, again.out) == (1, "")
    assert "--force" in again.err
    assert shell.run("get", *ids, "-o", "out", "--force").status == 0


def test_the_same_command_repeats_nothing(stack: Stack, shell: Shell) -> None:
    sent = {"in/a": content(10), "in/b": b""}
    shell.write(sent)
    assert shell.run("upload", "in").status == 1
    shell.write({"in/b": content(11)})
    again = shell.run("upload", "in")
    assert (again.status, len(again.out.splitlines())) == (0, 2)
    assert "earlier run" in again.err
    assert times_stored(stack, sent["in/a"]) == 1
    assert not list(shell.folder.rglob("*.jsonl"))


def test_an_answer_that_nobody_read(stack: Stack, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after Ctrl-C: the repeat sends the same key. What was deleted since then is sent anew."""
    sent = content(10)
    shell.write({"in/a": sent})

    def upload(client: Client, path: Path, **options: Any) -> Any:
        real(client, path, **options)
        raise OSError("killed")

    real = Client.upload
    with monkeypatch.context() as patch:
        patch.setattr(Client, "upload", upload)
        assert shell.run("upload", "in").status == 1
    shell.write({"in/b": b""})
    (file_id,) = [line["file"]["id"] for line in shell.run("upload", "in", "--json").lines if "file" in line]
    assert times_stored(stack, sent) == 1
    assert shell.run("rm", file_id, "-y").status == 0
    (again,) = [line["file"]["id"] for line in shell.run("upload", "in", "--json").lines if "file" in line]
    assert again != file_id


def test_a_file_that_changes_meanwhile_is_sent_again(
    stack: Stack, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = content(10), content(11)
    shell.write({"in/a": old, "in/b": b""})

    def upload(client: Client, path: Path, **options: Any) -> Any:
        file = real(client, path, **options)
        if path.name == "a":
            path.write_bytes(new)
        return file

    real = Client.upload
    with monkeypatch.context() as patch:
        patch.setattr(Client, "upload", upload)
        assert shell.run("upload", "in").status == 1, "b is empty"
    assert shell.run("upload", "in").status == 1
    assert (times_stored(stack, old), times_stored(stack, new)) == (1, 1)


def test_a_folder_that_can_not_be_read(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read all, so the error is made here."""

    def scan(path: Any) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    real = os.scandir
    monkeypatch.setattr(os, "scandir", scan)
    shell.write({"in/closed/a": b"a", "in/b": content(10)})
    ran = shell.run("upload", "in", "--json")
    found = {line["path"]: line for line in ran.lines}
    assert ran.status == 1
    assert found.keys() == {"in/b", "in/closed"}
    assert "Permission denied" in found["in/closed"]["error"]["detail"]


def test_ctrl_c_and_on(stack: Stack, shell: Shell) -> None:
    sent = content(12_000_000)
    shell.write({"large.bin": sent})
    with cutting(stack.port, [], stop_after=5_000_000) as proxy:
        argv = [*OWN, "--url", proxy.url, "upload", "large.bin"]
        running = subprocess.Popen(argv, cwd=shell.folder, env=shell.env, stderr=subprocess.PIPE, text=True)
        until(proxy.stopped.is_set, 15, lambda: "the upload never got so far")
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
        assert running.returncode == 130
        proxy.stop_after, proxy.passed = None, 0
        assert "The same command goes on" in err
        (journal,) = shell.folder.rglob("*.jsonl")
        assert stat.S_IMODE(journal.stat().st_mode) == 0o600
        ran = shell.run("--url", proxy.url, "upload", "large.bin", "--json")
        assert proxy.passed < 9_000_000, "what had arrived was not sent again"
    assert ran.lines[0]["file"]["sha256"] == hashlib.sha256(sent).hexdigest()
    assert times_stored(stack, sent) == 1


def test_standard_input_and_output(shell: Shell) -> None:
    for sent in (content(10), content(1_500_000)):
        ran = shell.run("upload", "-", "--name", "x.bin", "--json", given=sent)
        file = ran.lines[0]["file"]
        assert (file["name"], file["size"]) == ("x.bin", len(sent))
    printed = subprocess.run([*OWN, "get", file["id"], "-o", "-"], env=shell.env, capture_output=True, timeout=180)
    assert printed.stdout == sent
    assert shell.run("upload", "-").status == 1, "nothing is no file"


def test_many_files(stack: Stack, shell: Shell) -> None:
    """Of a type that needs no processing, and more than a page: each upload costs the service 20 ms."""
    mark = content(8).hex()
    shell.write({f"many/{n:04}.bin": content(20) for n in range(105)})
    ran = shell.run("upload", "many", "-t", mark, argv=OF_SERVER)
    assert (ran.status, len(ran.out.splitlines())) == (0, 105)
    listed = shell.of_server("ls", "--tag", mark, "--all", "--json").lines
    assert len({file["sha256"] for file in listed}) == 105
    few = shell.run("ls", "--tag", mark, "-n", "2", "--sort", "name")
    assert [line.split()[-1] for line in few.out.splitlines()] == ["0000.bin", "0001.bin"]
    assert "--all" in few.err


def test_tags_and_deletion(shell: Shell) -> None:
    shell.write({"a.bin": content(10)})
    (line,) = shell.run("upload", "a.bin", "--json", "-t", "old").lines
    file_id = line["id"]
    assert file_id == line["file"]["id"]
    assert shell.run("tag", file_id, "--add", "new", "--remove", "old").status == 0
    assert json.loads(shell.run("api", f"files/{file_id}/").out)["tags"] == ["new"]
    refused = shell.run("rm", file_id)
    assert (refused.status, "--yes" in refused.err) == (2, True)
    assert shell.run("rm", file_id, "--yes").status == 0
    gone = shell.run("rm", file_id, "-y", "--json")
    assert (gone.status, gone.lines[0]["error"]["code"]) == (1, "not-found")
    assert shell.run("get", file_id).status == 1
    assert shell.run("rm", "../..", "-y").status == 2


def test_events_imports_and_jobs(shell: Shell) -> None:
    assert shell.run("upload", "-", given=content(10)).status == 0, "so that there are events"
    ran = shell.run("watch", "--after", "0", "-n", "2", "--json")
    assert [event["seq"] for event in ran.lines] == sorted(event["seq"] for event in ran.lines)
    assert len(ran.lines) == 2
    failed = shell.of_server("client", "import", "http://127.0.0.1:9/x", "--wait", "--json")
    assert failed.status == 1
    assert "address-not-allowed" in failed.out
    assert "results" in json.loads(shell.run("api", "jobs/", "-q", "page_size=1").out)
    assert shell.run("api", "jobs/", "-q", "colour=red").status == 1


def test_login(stack: Stack, shell: Shell) -> None:
    missing = shell.run("login", "http://127.0.0.1:9", "--token-stdin", given=b"pk_x\n")
    assert missing.status == 1
    stored = shell.folder / ".config/picasso/login.json"
    assert not stored.exists(), "only what works is stored"
    assert shell.run("login", stack.url).status == 2, "there is nobody to ask"
    assert "default" in shell.run("login", stack.url, "--token-stdin", given=b"\n").err
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    del shell.env["PICASSO_URL"]
    assert stack.url in shell.run("whoami").out
    assert shell.run("logout").status == 0
    assert not stored.exists()


def read_until(terminal: int, text: bytes | None) -> bytes:
    """What a program prints until this, or until it ends."""
    shown = b""
    while text is None or text not in shown:
        assert select.select([terminal], [], [], 60)[0], f"nothing more came within a minute: {shown!r}"
        try:
            shown += os.read(terminal, 1000)
        except OSError:  # it has ended
            break
    return shown


def test_the_key_is_asked_for_without_echo(stack: Stack, shell: Shell) -> None:
    leader, terminal = pty.openpty()
    argv = [*OWN, "login", stack.url]
    with subprocess.Popen(
        argv, env=shell.env, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    ) as asked:
        os.close(terminal)
        shown = read_until(leader, b"Key or token")
        os.write(leader, b"pk_secret\n")
        shown += read_until(leader, None)
    os.close(leader)
    assert b"pk_secret" not in shown
    assert asked.returncode == 1, "the key is none"


@pytest.mark.parametrize("name", ["PICASSO_CLIENT", "PICASSO"])
def test_help_completion_and_usage(shell: Shell, name: str) -> None:
    run = shell.run if name == "PICASSO_CLIENT" else shell.of_server
    shown = run("--help").out
    assert all(name in shown for name in COMMANDS)
    wrong = run("uplaod")
    assert (wrong.status, wrong.out) == (2, "")
    shell.env |= {"COMP_WORDS": "picasso upl", "COMP_CWORD": "1", f"_{name}_COMPLETE": "bash_complete"}
    assert run().out == "plain,upload\n"
    del shell.env[f"_{name}_COMPLETE"]
    for kind in ("bash", "zsh", "fish"):
        assert f"_{name}_COMPLETE={kind}_complete" in run("completion", kind).out


def test_without_a_service(shell: Shell) -> None:
    ran = shell.run("ls", PICASSO_URL="http://127.0.0.1:9")
    assert (ran.status, ran.out) == (1, "")
    assert "http://127.0.0.1:9 can't be reached" in ran.err
    assert ran.err.count("trying again for") == 1
    assert "PICASSO_URL" in ran.err.splitlines()[-1]
    assert shell.run("ls", PICASSO_URL="ftp://x").status == 2
    assert shell.run("ls", PICASSO_URL="http://x:99999").status == 2


@pytest.mark.parametrize("key", ["pk_sécret", "pk_s cret", "pk_s\ncret"])
def test_a_key_that_is_none(shell: Shell, key: str) -> None:
    ran = shell.run("ls", PICASSO_KEY=key)
    assert (ran.status, ran.out) == (2, "")
    assert "cret" not in ran.err
    assert shell.run("login", "http://127.0.0.1:9", "--token-stdin", given="pk_sécret".encode()).status == 2


def test_small_mistakes(stack: Stack, shell: Shell) -> None:
    assert "nope.txt: there is no such file" in shell.run("upload", "nope.txt").err
    assert shell.run("ls", "--tag", "x", PICASSO_PROJECT="pr\nü").status == 2
    assert "or set PICASSO_KEY" in shell.run("ls", PICASSO_KEY="pk_none").err
    ran = shell.run("login", stack.url, "--token-stdin", given=b"pk_none", PICASSO_KEY="pk_other")
    assert (ran.status, "PICASSO_KEY" in ran.err, "Nothing is stored" in ran.err) == (1, False, True)
    sent = content(10)
    printed = shell.run("upload", "-", "--name", "x.bin", "--expires-at", "2099-01-01", given=sent).out.split()
    assert printed[1:] == ["x.bin"]
    assert shell.run("get", printed[0], "-o", "new/folder/").status == 0
    assert (shell.folder / "new/folder/x.bin").read_bytes() == sent
    shell.env["PICASSO_URL"] = f"{stack.url}/api/v1.0/"
    assert shell.run("whoami").status == 0


def test_white_space_around_a_key(shell: Shell) -> None:
    """As a file that was written on Windows has it. Access is open here: it matters that there is an answer."""
    assert "no-answer" not in shell.run("ls", PICASSO_KEY="pk_none\r\n").err


def test_letters_that_a_terminal_lacks(shell: Shell) -> None:
    shell.write({"Ω.bin": content(10)})
    ran = shell.run("upload", "Ω.bin", argv=OWN, PYTHONIOENCODING="latin-1")
    assert (ran.status, ran.out.split()[-1]) == (0, "\\u03a9.bin")
