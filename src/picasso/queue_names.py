"""The queues of jobs. Each has its own worker process, so that a long job never delays the short ones."""

from __future__ import annotations

QUICK = "quick"
"""For jobs of seconds."""
HEAVY = "heavy"
"""For jobs of minutes."""
SERVICE = "service"
"""For jobs that mostly wait for a service such as the virus scanner."""
QUEUES = (QUICK, HEAVY, SERVICE)

REMOTE = "remote:"
"""The queue of a remote processor begins with this, and its name follows. No worker of ours takes jobs from it."""
