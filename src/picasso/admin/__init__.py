"""The admin, a module for each subject. Rows are shown and acted on only."""

from __future__ import annotations

from picasso.admin import access, files, imports, jobs, webhooks

__all__ = ["access", "files", "imports", "jobs", "webhooks"]
