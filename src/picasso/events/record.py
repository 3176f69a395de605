"""An event as it is read and shown."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from picasso.timestamps import rfc3339

COLUMNS = ("seq", "project_id", "type", "at", "file_id", "owner", "tags", "media_type", "pipeline", "data")

to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True)
class EventRecord:
    """An event with its number: the columns of a row in the order of `COLUMNS`."""

    seq: int
    project_id: int
    type: str
    at: datetime
    file_id: uuid.UUID | None
    owner: str
    tags: Sequence[str]
    media_type: str
    pipeline: str
    data: Mapping[str, Any]

    @property
    def shown(self) -> dict[str, Any]:
        """For the API and for webhooks."""
        return {
            "seq": self.seq,
            "type": self.type,
            "at": rfc3339(self.at),
            "owner": self.owner,
            "tags": list(self.tags),
            "media_type": self.media_type,
            "pipeline": self.pipeline,
            "data": self._data,
        }

    @property
    def _data(self) -> dict[str, Any]:
        facts = {name: value for name, value in self.data.items() if value is not None}
        if "job" in facts:  # SQLite has written its 32 hex digits only
            facts["job"] = str(uuid.UUID(facts["job"]))
        return {"id": str(self.file_id), **facts} if self.file_id else facts

    @cached_property
    def frame(self) -> bytes:
        """As a server-sent event. JSON has no line breaks of its own, so it is one line."""
        text = f"id: {self.seq}\nevent: {self.type}\ndata: {to_json(self.shown)}\n\n"
        return text.encode(errors="replace")
