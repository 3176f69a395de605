__version__ = "0.1.0"  # that of the server: a test compares them
