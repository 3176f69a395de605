"""``picasso manage sweep``: clean up now what workers clean up by themselves each day."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from picasso.receive.cleanup import sweep
from picasso.storage import default_storage


class Command(BaseCommand):
    help = "Remove what crashes left behind: interrupted uploads, and stored bytes that no row points at."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"removed {sweep(default_storage())}")
