"""The ASGI application, one per web process: ``picasso.asgi:application``."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "picasso.settings")

import django

from picasso import garbage, supervise

supervise.keep_secrets()
django.setup()

from picasso import compatibility

compatibility.require(*compatibility.WEB)

from django.conf import settings

from picasso.data_folder import close_to_others
from picasso.storage import default_storage
from picasso.web.app import WebApp

close_to_others(settings.PICASSO.data_dir)
application = WebApp(settings.PICASSO, default_storage())
garbage.search_rarely()
