"""``picasso manage sweep``: the cleanup that workers run by themselves every day, now."""

from __future__ import annotations

from typing import Any

from picasso.management.command import OwnCommand
from picasso.receive.cleanup import sweep
from picasso.storage import default_storage


class Command(OwnCommand):
    help = "Remove what crashes have left behind: interrupted uploads, and stored bytes without a row."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(
            f"removed {sweep(default_storage())}; what is younger than an hour is left, it may be in progress"
        )
