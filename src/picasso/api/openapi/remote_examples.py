"""Examples of the requests and answers of workers elsewhere. A test validates them, as those of `examples`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FILE_ID = "019ab3f2-7c1e-7d3a-9f52-3a4be0c5d1f7"
JOB_ID = "019ab3f2-7c1f-7a02-b0c4-91d2e3f4a5b6"
UNTIL = "2026-11-30T08:01:00.123000Z"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
LEASE = "1.q7Xb2nT0cJ8yRk5vWm3dLz9A"

DERIVATIVE = {
    "role": "caption",
    "media_type": "text/plain",
    "size": 64,
    "sha256": SHA256,
    "width": None,
    "height": None,
}

ORIGINAL = f"https://files.example.com/files/{FILE_ID}/beach.jpg?expires=1796025660&signature=1-Rk1bq1cV3hXq7Xb2nT0cJ8y"

FILE = {
    "id": FILE_ID,
    "name": "beach.jpg",
    "size": 2_481_904,
    "media_type": "image/jpeg",
    "sha256": SHA256,
    "facts": {"image": {"width": 4032, "height": 2688}},
    "attributes": {"order": 17},
    "tags": ["beach", "summer"],
    "owner": "user-17",
}

ANSWERS: Mapping[str, Any] = {
    "Lease": {
        "id": JOB_ID,
        "lease": LEASE,
        "lease_until": UNTIL,
        "processor": "caption",
        "options": {"language": "de"},
        "pipeline": "default",
        "attempt": 1,
        "failures": 0,
        "file": FILE,
        "original": ORIGINAL,
    },
    "Renewed": {"lease_until": UNTIL, "original": ORIGINAL},
    "EndedJob": {"id": JOB_ID, "state": "done", "attempt": 1, "error": None},
}

REQUESTS: Mapping[str, Any] = {
    "ClaimRequest": {"processors": ["caption"], "limit": 1, "worker": "gpu-1"},
    "ProgressRequest": {"progress": 0.5, "message": "Half of the frames are read."},
    "FinishRequest": {"facts": {"objects": ["beach"]}, "derivatives": ["caption"]},
    "FailRequest": {"code": "no-objects", "detail": "Nothing was recognized.", "retry": False},
}
