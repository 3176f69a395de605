"""Picasso in other frameworks. Nothing here uses the service's own code or settings."""
