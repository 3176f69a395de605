"""The storage that the settings choose."""

from __future__ import annotations

from django.conf import settings

from picasso.storage.folder import Folder
from picasso.storage.protocols import Storage


def default_storage() -> Storage:
    conf = settings.PICASSO
    return Folder(conf.data_dir, conf.min_free_space, conf.accel_redirect)
