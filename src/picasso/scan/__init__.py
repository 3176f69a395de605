"""Malware: files are sent to clamd, the daemon of ClamAV, and its answer becomes a verdict."""
