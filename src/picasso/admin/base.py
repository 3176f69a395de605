"""What the pages have in common: rows are shown, and changed by actions only."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Kept(ReadOnly):
    """Rows that are not deleted here."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


MAX_TEXT = 200


def readable(text: str, none: str = "-") -> str:
    """A name that others chose, for a list: short, and without what hides or reorders text."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text).strip()
    return f"{shown[: MAX_TEXT // 2]}…{shown[-MAX_TEXT // 2 :]}" if len(shown) > MAX_TEXT else shown or none


def reason(code: str, detail: str = "") -> str:
    """Why something failed: its code, and the sentence if there is one; empty if it did not."""
    return readable(f"{code}: {detail}" if code and detail else code, "")
