"""What `picasso doctor` finds as far as that takes no time: settings, permissions, space, workers."""

from __future__ import annotations

from collections.abc import Iterator

from picasso.conf import Conf
from picasso.doctor import configuration, data_folder, workers
from picasso.doctor.finding import Check, Finding, Installation
from picasso.doctor.one_check import findings_of

CHEAP: dict[str, tuple[Check, ...]] = {
    "Settings": (configuration.check,),
    "Data folder": (
        lambda installation: data_folder.permissions(installation.conf.data_dir),
        lambda installation: data_folder.secret_key(installation.conf),
        lambda installation: data_folder.space(installation.conf),
    ),
    "Workers": (workers.check,),
}


def cheap(conf: Conf, url: str) -> Iterator[tuple[str, Finding]]:
    """Findings with their subjects. ``url`` is where the service is reached."""
    installation = Installation(conf, url)
    for subject, checks in CHEAP.items():
        for check in checks:
            yield from ((subject, finding) for finding in findings_of(check, installation))
