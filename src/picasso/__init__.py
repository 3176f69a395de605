"""Picasso: uploads of any kind, stored by what they are, processed, and told to whoever should know."""

__version__ = "0.1.0"
