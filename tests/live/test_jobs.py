"""Jobs operated while the real service works on them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processors_for_tests.picasso_processors_for_tests import FOLDER, script
from tests.stack import Stack, production, running, until

pytestmark = pytest.mark.live

JOBS = "/api/v1.0/jobs/"
QUEUES = "/api/v1.0/queues/"


@pytest.fixture(scope="module", params=["embedded", "clustered"])
def scripted(request: pytest.FixtureRequest, new_data: Callable[[], Path]) -> Iterator[Stack]:
    """With the processor that does what the file says, and two jobs of it at once."""
    env = {"PYTHONPATH": str(FOLDER), "PICASSO_QUICK_JOBS": "2", "PICASSO_HEAVY_JOBS": "1"}
    if request.param == "clustered":
        database, new_broker = request.getfixturevalue("postgres"), request.getfixturevalue("new_broker")
        env |= production(database.create_database("operated"), new_broker().url)
    with running(new_data(), **env) as stack:
        yield stack


def job_of(stack: Stack, file_id: str) -> dict[str, Any]:
    (job,) = stack.client.get(f"/api/v1.0/files/{file_id}/jobs/").json()["results"]
    found: dict[str, Any] = job
    return found


def post(stack: Stack, path: str, body: object = None) -> Any:
    answer = stack.client.post(path, json=body) if body else stack.client.post(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def begun(stack: Stack, file_id: str) -> dict[str, Any]:
    until(lambda: job_of(stack, file_id)["state"] == "running", 15, lambda: str(job_of(stack, file_id)))
    return job_of(stack, file_id)


def give(stack: Stack, do: str, **more: Any) -> str:
    found: str = stack.upload(script(do, **more), "a.mid", "audio/midi")["id"]
    return found


def attempted(stack: Stack, file_id: str, times: int) -> None:
    until(lambda: job_of(stack, file_id)["attempt"] == times, 20, lambda: f"never tried again: {file_id}")


def alive(stack: Stack) -> set[int]:
    """The numbers of all its processes."""
    return {child.pid for child in stack.top.children(recursive=True)}


def test_cancelling_a_running_job_ends_its_child(scripted: Stack) -> None:
    scripted.settled(give(scripted, "nothing"))  # from here on a job begins without delay
    file_id = give(scripted, "sleep", pause=60)
    job = begun(scripted, file_id)
    slots = scripted.data / "scratch"
    until(lambda: any(slots.glob("*/*/in/original")), 10, lambda: "no child was given the job")
    before = alive(scripted)
    asked = time.monotonic()
    assert post(scripted, f"{JOBS}{job['id']}/cancel/")["state"] == "cancelled"
    until(lambda: bool(before - alive(scripted)), 5, lambda: f"all still there: {before}")
    assert time.monotonic() - asked < 30  # its time is a minute
    file = scripted.file(file_id)
    assert (file["state"], file["error"]["code"]) == ("failed", "cancelled")
    # Its slot is free again: both are needed for these.
    both = [give(scripted, "sleep", pause=1) for _ in range(2)]
    assert {scripted.settled(one)["state"] for one in both} == {"processed"}
    assert job_of(scripted, file_id)["state"] == "cancelled"


def test_a_cancelled_file_is_retried_and_has_everything_once(scripted: Stack) -> None:
    listed = [{"role": "note", "file": "a.txt", "media_type": "text/plain"}]
    file_id = give(scripted, "derive", files={"a.txt": "made"}, listed=listed, pause=2)
    job = begun(scripted, file_id)
    post(scripted, f"{JOBS}{job['id']}/cancel/")
    post(scripted, f"{JOBS}{job['id']}/retry/")
    assert scripted.settled(file_id)["state"] == "processed"
    # Done is done, but it may be asked for again.
    post(scripted, f"{JOBS}{job['id']}/retry/")
    until(lambda: job_of(scripted, file_id)["state"] == "done", 20, lambda: str(job_of(scripted, file_id)))
    file = scripted.settled(file_id)
    assert (file["state"], file["facts"]["script"], file["error"]) == ("processed", {"made": 1}, None)
    (made,) = file["derivatives"]
    assert scripted.client.get(made["url"]).text == "made"
    assert len([path for path in scripted.stored_files() if path.name == "a.txt"]) == 1
    assert job_of(scripted, file_id)["attempt"] == 3


def test_failed_jobs_are_retried_in_bulk(scripted: Stack) -> None:
    told = {"code": "odd", "sentence": "It is odd."}
    files = [give(scripted, "refuse", **told) for _ in range(5)]
    assert {scripted.settled(file_id)["error"]["code"] for file_id in files} == {"odd"}
    before = {file_id: job_of(scripted, file_id) for file_id in files}
    assert post(scripted, f"{JOBS}retry/", {"state": "failed", "error": "odd"}) == {"count": 5, "more": False}
    for file_id in files:
        attempted(scripted, file_id, 2)
        assert scripted.settled(file_id)["state"] == "failed"
        assert job_of(scripted, file_id)["requested_at"] > before[file_id]["requested_at"]


def test_a_paused_queue_starts_nothing_until_it_is_resumed(scripted: Stack) -> None:
    running_one = give(scripted, "sleep", pause=2)
    begun(scripted, running_one)
    assert post(scripted, f"{QUEUES}quick/pause/")["paused"] is True
    try:
        files = [give(scripted, "nothing") for _ in range(3)]
        assert scripted.settled(running_one)["state"] == "processed", "what runs goes on"

        def quick() -> dict[str, Any]:
            found: dict[str, Any] = scripted.client.get(QUEUES).json()[0]
            return found

        def counts() -> tuple[int, ...]:
            return tuple(quick()[state] for state in ("waiting", "queued", "running"))

        until(lambda: counts() == (3, 0, 0), 15, lambda: f"not given back: {quick()}")
        time.sleep(1)
        assert counts() == (3, 0, 0)
        assert {scripted.file(file_id)["state"] for file_id in files} == {"pending"}
        assert quick()["oldest"] > 0.5
    finally:
        post(scripted, f"{QUEUES}quick/resume/")
    assert {scripted.settled(file_id, 15)["state"] for file_id in files} == {"processed"}


def test_the_console_sees_the_same(scripted: Stack) -> None:
    file_id = give(scripted, "nothing")
    scripted.settled(file_id)
    assert job_of(scripted, file_id)["id"] in scripted.manage("jobs", "list", "--processor", "script")
    assert scripted.manage("queues").split()[:2] == ["quick", "open"]
