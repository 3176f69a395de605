"""What has happened, in one order that nobody misses anything of.

An event is written in the transaction of what it tells (`write`). The sequencer numbers events in the order in which
they become visible (`sequencer`), and whoever follows them reads by that number (`queries`).
"""
