"""Examples of the service itself and its figures. A test validates them, as those of `examples`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picasso.api.openapi.example_values import AT, FILE_ID, JOB_ID, LATER

POINT = {
    "at": AT,
    "received": 412,
    "bytes": 1_204_118_221,
    "processed": 408,
    "failed": 4,
    "failed_attempts": 5,
    "jobs": 824,
    "waited": 0.08,
    "longest_wait": 2.4,
    "ran": 310.5,
    "waiting": 12,
    "oldest": 0.3,
    "stored": 48_201_337_000,
    "files": 1_204_118,
    "workers": 2,
    "free": 214_748_364_800,
}

RUNNING = {
    "id": JOB_ID,
    "processor": "video",
    "project": "shop",
    "file": FILE_ID,
    "file_name": "beach.mp4",
    "attempt": 1,
    "progress": 0.42,
    "ran": 81.2,
}

ANSWERS: Mapping[str, Any] = {
    "System": {
        "version": "1.0.0",
        "now": LATER,
        "health": [
            {
                "code": "queue-paused",
                "level": "warning",
                "text": "The queue quick is paused since 03:12 UTC by anna.",
                "where": "/system/#queues",
                "queue": "quick",
                "since": AT,
                "by": "anna",
                "seconds": None,
            }
        ],
        "queues": [{"name": "quick", "paused": True, "paused_at": AT, "paused_by": "anna", "workers": 1, "used": True}],
        "workers": [
            {
                "name": "worker-1/heavy/7",
                "queue": "heavy",
                "alive": True,
                "slots": 2,
                "started_at": AT,
                "seen_at": LATER,
                "running": [RUNNING],
            }
        ],
        "disk": {"free": 214_748_364_800, "total": 536_870_912_000, "kept_free": 268_435_456},
    },
    "SystemChecks": {
        "ready": True,
        "checks": [{"name": "database", "outcome": "ok", "page": "settings.md#database_url"}],
        "findings": [
            {
                "subject": "Settings",
                "level": "warning",
                "name": "public-url",
                "what": "URLs in answers begin with whatever the proxy reports: PICASSO_PUBLIC_URL is not set.",
                "change": "Set it.",
                "page": "settings.md#picasso_public_url",
            }
        ],
    },
    "SystemSettings": {
        "settings": [
            {
                "name": "PICASSO_QUICK_JOBS",
                "value": "8",
                "source": "environment",
                "secret": False,
                "page": "settings.md#picasso_quick_jobs",
            },
            {
                "name": "DATABASE_URL",
                "value": None,
                "source": "file",
                "secret": True,
                "page": "settings.md#database_url",
            },
        ]
    },
    "Stored": {
        "counted_at": AT,
        "files": 1_204_118,
        "bytes": 48_201_337_000,
        "types": [{"media_type": "image/jpeg", "files": 1_100_000, "bytes": 41_000_000_000}],
    },
    "Metrics": {"of": "service", "step": 60, "since": AT, "until": LATER, "points": [POINT]},
}
