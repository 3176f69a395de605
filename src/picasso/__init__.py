"""Picasso: a service that accepts uploads of any kind, sorts them by type and processes them."""

__version__ = "0.1.0"  # clients/python has the same: a test compares them
