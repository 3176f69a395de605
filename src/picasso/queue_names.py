"""The queues of jobs. Each has its own worker process, so that a long job never delays the short ones."""

from __future__ import annotations

QUICK = "quick"
"""For jobs of seconds."""
HEAVY = "heavy"
"""For jobs of minutes."""
QUEUES = (QUICK, HEAVY)
