"""Hides packages that only tests install from the service that they test, as `make run` installs none of them.

Libraries of the service import these where they are, for things that it never uses; that is a quarter of the time in
which a process starts. Python imports this module when it starts: `tests.stack` puts this folder on the path.
"""

import sys

for name in ("jinja2", "markdown", "pygments", "rich"):
    sys.modules[name] = None  # type: ignore[assignment] # importing it raises ModuleNotFoundError
