"""Making anew what an older version of a pipeline made: all of it once, in nobody's way, and stoppable."""

from __future__ import annotations

import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from picasso import conf
from picasso.jobs import claims
from picasso.models import Derivative, File, Job, Reprocess
from picasso.process import registry, reprocess
from picasso.process.pipelines import Pipelines, load
from picasso.process.registry import MissingLibraries
from picasso.storage.folder import Folder
from picasso.storage.names import derived_key
from tests.flow.rows import new_file, new_job, side_by_side

State = Reprocess.State


@pytest.fixture
def storage(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def version(number: int, folder: Path, more: str = "") -> Pipelines:
    path = folder / "picasso.toml"
    path.write_text(f"[pipelines.default]\nversion = {number}\n{more}\n[pipelines.other]\nversion = {number}\n")
    return load(conf.load({"PICASSO_CONFIG": str(path)}))


@pytest.fixture
def second(tmp_path: Path) -> Pipelines:
    return version(2, tmp_path)


def processed(media_type: str = "text/plain", **fields: Any) -> File:
    """A file with its one job done."""
    processor = "image" if media_type.startswith("image/") else "text"
    file = new_file(media_type=media_type, state=File.State.PROCESSED, facts={"file": {}, processor: {}}, **fields)
    new_job(file, processor=processor, state=Job.State.DONE, attempt=1)
    return file


def to_the_end(storage: Folder, pipelines: Pipelines) -> int:
    """How many batches it took."""
    return sum(1 for _ in iter(partial(reprocess.advance, storage, pipelines), False))


def waiting() -> set[Any]:
    return set(Job.everywhere.filter(state=Job.State.WAITING).values_list("file_id", flat=True))


@pytest.mark.django_db
def test_what_an_older_version_made_is_put_back_at_the_lowest_priority(storage: Folder, second: Pipelines) -> None:
    files = [processed() for _ in range(3)]
    begun = reprocess.start(second, "default", {})
    assert reprocess.remaining(begun).count() == 3
    assert to_the_end(storage, second) == 1
    begun.refresh_from_db()
    assert (begun.state, begun.files) == (State.DONE, 3)
    assert waiting() == {file.pk for file in files}
    assert set(Job.everywhere.values_list("priority", "attempt")) == {(reprocess.PRIORITY, 1)}
    for file in files:
        file.refresh_from_db()
        assert (file.pipeline_version, file.state) == (2, File.State.PROCESSING)


@pytest.mark.django_db
def test_many_files_take_as_many_statements_as_one(storage: Folder, second: Pipelines) -> None:
    def statements(count: int) -> int:
        for number in range(count):
            file = processed("image/png" if number % 2 else "text/plain")
            new_job(file, processor="old", state=Job.State.DONE, attempt=1)
        reprocess.start(second, "default", {})
        with CaptureQueriesContext(connection) as queries:
            assert to_the_end(storage, second) == 1
        assert not Job.everywhere.exclude(state=Job.State.WAITING).exists()
        return len(queries)

    few = statements(4)  # and what is kept from then on
    assert statements(40) <= few


@pytest.mark.django_db
def test_only_those_that_were_asked_for(storage: Folder, second: Pipelines) -> None:
    picture = processed("image/png")
    processed("imagex/png")
    processed("text/plain")
    processed("image/png", pipeline_version=2)
    processed("image/png", pipeline="other")
    reprocess.start(second, "default", {"media_type": "image/*"})
    later = processed("image/png")
    to_the_end(storage, second)
    assert waiting() == {picture.pk}
    later.refresh_from_db()
    assert later.pipeline_version == 1


@pytest.mark.django_db
def test_by_state_and_all_over_again(storage: Folder, second: Pipelines) -> None:
    failed = new_file(state=File.State.FAILED, pipeline_version=2)
    new_job(failed, state=Job.State.FAILED, attempt=2, failures=5, crashes=1, error_code="corrupt", error_detail="No.")
    processed(pipeline_version=2)
    reprocess.start(second, "default", {"state": "failed"})
    to_the_end(storage, second)
    assert not waiting()
    reprocess.start(second, "default", {"state": "failed"}, force=True)
    to_the_end(storage, second)
    assert waiting() == {failed.pk}
    job = Job.everywhere.get(file=failed)
    assert (job.failures, job.crashes, job.error_code, job.attempt) == (0, 0, "", 2)


@pytest.mark.django_db
def test_what_is_no_longer_made_goes_and_what_is_new_comes(storage: Folder, tmp_path: Path) -> None:
    pipelines = version(2, tmp_path, 'processors = ["text"]\n[pipelines.default.text]\ntypes = ["image/*"]')
    file = processed("image/png")
    key = derived_key(file.key, "image", 1, "thumbnail.webp")
    storage.files.path(key).parent.mkdir(parents=True)
    storage.files.path(key).write_bytes(b"old")
    Derivative.objects.create(
        file=file, processor="image", role="thumbnail-256", key=key, media_type="image/webp", size=3, sha256="0" * 64
    )
    reprocess.start(pipelines, "default", {})
    to_the_end(storage, pipelines)
    assert list(Job.everywhere.values_list("processor", "state")) == [("text", "waiting")]
    assert not Derivative.objects.exists()
    assert not storage.files.path(key).exists()
    file.refresh_from_db()
    assert "image" not in file.facts


@pytest.mark.django_db
def test_it_keeps_only_a_few_ahead(storage: Folder, second: Pipelines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reprocess, "MAX_WAITING", 4)
    monkeypatch.setattr(reprocess, "BATCH", 2)
    for _ in range(7):
        processed()
    begun = reprocess.start(second, "default", {})
    to_the_end(storage, second)
    begun.refresh_from_db()
    assert (begun.state, begun.files, len(waiting())) == (State.RUNNING, 4, 4)
    Job.everywhere.filter(state=Job.State.WAITING).update(state=Job.State.DONE)
    to_the_end(storage, second)
    begun.refresh_from_db()
    assert (begun.state, begun.files) == (State.DONE, 7)


@pytest.mark.django_db
def test_it_stops_and_goes_on_where_it_was(storage: Folder, second: Pipelines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reprocess, "BATCH", 2)
    files = [processed() for _ in range(5)]
    begun = reprocess.start(second, "default", {})
    assert reprocess.advance(storage, second)
    assert reprocess.stop(begun.pk)
    assert not reprocess.stop(begun.pk)
    assert not reprocess.advance(storage, second)
    assert waiting() == {file.pk for file in files[:2]}
    assert reprocess.resume(begun.pk)
    to_the_end(storage, second)
    assert waiting() == {file.pk for file in files}


@pytest.mark.django_db
def test_a_worker_that_was_not_restarted_yet_leaves_it_alone(storage: Folder, tmp_path: Path) -> None:
    processed()
    reprocess.start(version(2, tmp_path), "default", {})
    assert to_the_end(storage, version(1, tmp_path)) == 0
    assert not waiting()
    assert to_the_end(storage, version(2, tmp_path)) == 1


@pytest.mark.django_db
def test_a_worker_without_the_libraries_of_a_pipeline_leaves_its_results_alone(
    storage: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = processed("image/png")
    key = derived_key(file.key, "image", 1, "thumbnail.webp")
    storage.files.path(key).parent.mkdir(parents=True)
    storage.files.path(key).write_bytes(b"old")
    Derivative.objects.create(
        file=file, processor="image", role="thumbnail-256", key=key, media_type="image/webp", size=3, sha256="0" * 64
    )
    with monkeypatch.context() as patch:
        patch.setattr(registry, "unavailable", lambda: {"image": MissingLibraries(("PIL",), "picasso-server[images]")})
        incomplete = version(2, tmp_path)
        listed = version(2, tmp_path, 'processors = ["text"]')
    begun = reprocess.start(incomplete, "default", {})
    assert to_the_end(storage, incomplete) == 0
    assert list(Job.everywhere.values_list("processor", "state")) == [("image", "done")]
    assert storage.files.path(key).read_bytes() == b"old"
    file.refresh_from_db()
    assert (file.pipeline_version, "image" in file.facts) == (1, True)
    assert "its processors are missing: image." in reprocess.incomplete_notice(incomplete["default"])
    assert not reprocess.incomplete_notice(listed["default"])

    assert to_the_end(storage, version(2, tmp_path)) == 1
    assert waiting() == {file.pk}
    begun.refresh_from_db()
    assert begun.state == State.DONE


@pytest.mark.django_db(transaction=True)
def test_fresh_uploads_go_first(storage: Folder, second: Pipelines) -> None:
    for _ in range(20):
        processed()
    reprocess.start(second, "default", {})
    to_the_end(storage, second)
    fresh = [new_job().pk for _ in range(3)]
    assert set(claims.claim_due("quick", 3, 256)) == set(fresh)


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_hand_out_each_file_once(storage: Folder, second: Pipelines) -> None:
    files = [processed() for _ in range(100)]
    begun = reprocess.start(second, "default", {})
    side_by_side([partial(to_the_end, storage, second)] * 3)
    begun.refresh_from_db()
    assert (begun.state, begun.files) == (State.DONE, 100)
    assert waiting() == {file.pk for file in files}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pipeline", "where", "told"),
    [
        ("nobody", {}, "no pipeline 'nobody'"),
        ("default", {"size": "3"}, "can't be filtered by 'size'"),
        ("default", {"state": "odd"}, "'odd' is not a state of files"),
        ("default", {"media_type": "image"}, "'image' is not a pattern"),
    ],
)
def test_what_makes_no_sense_is_refused(second: Pipelines, pipeline: str, where: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        reprocess.start(second, pipeline, where)
    assert not Reprocess.objects.exists()


# From the command line


def command(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("reprocess", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.django_db
def test_the_command() -> None:
    processed("image/png")
    (begun,) = command("--where", "media_type=image/*", "--force")
    assert (begun["state"], begun["where"], begun["remaining"]) == ("running", {"media_type": "image/*"}, 1)
    assert command("--stop", begun["id"])[0]["state"] == "stopped"
    assert command("--resume", begun["id"])[0]["state"] == "running"
    assert [each["id"] for each in command("--list")] == [begun["id"]]
    with pytest.raises(CommandError, match="is not stopped"):
        command("--resume", begun["id"])
    with pytest.raises(CommandError, match="no pipeline"):
        command("--pipeline", "nobody")
    out = io.StringIO()
    call_command("reprocess", "--list", stdout=out)
    assert f"{begun['id']}  running  default version 1, media_type=image/*: 0 files queued" in out.getvalue()
