"""Picasso measured beside its rivals: `python -m bench`."""
