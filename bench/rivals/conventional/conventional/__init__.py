"""The conventional build that Picasso is measured against: what a good Django, DRF and Celery tutorial arrives at."""

from .celery import app as celery_app

__all__ = ["celery_app"]
