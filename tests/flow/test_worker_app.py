"""The worker process: what it starts, and when."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from picasso import worker_app
from picasso.worker_app import WorkerApp


def test_nothing_runs_and_no_folder_is_made_before_run(tmp_path: Path) -> None:
    conf = replace(settings.PICASSO, data_dir=tmp_path)
    threads = set(threading.enumerate())
    app = WorkerApp(conf, "quick")
    assert set(threading.enumerate()) <= threads
    assert list(tmp_path.iterdir()) == []
    app.stop()
    app.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_can_not_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no relay")

    monkeypatch.setattr(worker_app, "Relay", broken)
    threads = set(threading.enumerate())
    with pytest.raises(RuntimeError, match="no relay"):
        WorkerApp(replace(settings.PICASSO, data_dir=tmp_path), "quick")
    assert set(threading.enumerate()) <= threads
    assert list(tmp_path.iterdir()) == []
