"""`picasso demo`: what it makes, and what it does with a service."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from picasso.demo import command
from picasso.demo.samples import samples
from picasso.detection import Window, detect
from picasso.process import registry
from tests.sampling import sample
from tests.stack import Stack

SAMPLES = {sample.name: sample for sample in samples()}

TYPES = {
    "Sunset over the bay.jpg": "image/jpeg",
    "Портовый город.webp": "image/webp",
    "Badge.png": "image/png",
    "Spinner.gif": "image/gif",
    "Logo.svg": "image/svg+xml",
    "Waves.mp4": "video/mp4",
    "Étude no. 1.mp3": "audio/mpeg",
    "Étude no. 2.flac": "audio/flac",
    "Memo.wav": "audio/wav",
    "Annual report.pdf": "application/pdf",
    "Letter to the council.docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "Budget.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "Invitation.eml": "message/rfc822",
    "Meeting.ics": "text/calendar",
    "Orders.csv": "text/csv",
    "Website.zip": "application/zip",
    "Backup.tar.gz": "application/gzip",
    "Needs a password.7z": "application/x-7z-compressed",
}

Run = Callable[..., str]


@pytest.mark.parametrize("name", sample(TYPES, lambda _: "type", 1 / 3))
def test_files_are_what_their_names_say(name: str) -> None:
    assert detect(Window.of_bytes(SAMPLES[name].make()), name).media_type == TYPES[name]


def test_the_second_pipeline_is_a_valid_one() -> None:
    [pipeline] = tomllib.loads(command.PIPELINE)["pipelines"].values()
    assert set(pipeline["processors"]) <= set(registry.processors())


@pytest.fixture
def run(stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PICASSO_URL", stack.url)

    def demo(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ended:
            command.main(arguments)
        assert ended.value.code == 0
        return capsys.readouterr().out

    return demo


def test_it_makes_what_is_missing_and_removes_it(run: Run, stack: Stack, tmp_path: Path) -> None:
    said = run("trouble", "web")
    assert "3 files are new." in said
    assert f"Look at {stack.url}/" in said
    assert "a second pipeline does: Waves for the web.mp4. To see it" in said
    assert command.PIPELINE in said
    assert [*tmp_path.iterdir()] == []
    assert "0 files are new, 3 were there before." in run("trouble")
    found = {file["name"]: file["id"] for file in stack.client.get("/api/v1.0/files/?tag=demo").json()["results"]}
    states = {name: stack.settled(file_id)["error"]["code"] for name, file_id in found.items()}
    assert states == {
        "Broken picture.jpg": "corrupt",
        "Needs a password.pdf": "protected",
        "Needs a password.7z": "protected",
    }
    own = stack.client.post("/api/v1.0/upload/", data={"tags": "demo"}, files={"file": ("Broken picture.jpg", b"mine")})
    assert run("--remove").startswith("3 files")
    left = stack.client.get("/api/v1.0/files/?tag=demo").json()["results"]
    assert [file["id"] for file in left] == [own.json()["id"]]
    stack.client.delete(f"/api/v1.0/files/{own.json()['id']}/")
