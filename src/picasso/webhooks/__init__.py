"""Tells applications what has happened, by the rules of Standard Webhooks 1.0.0.

`fan_out` turns numbered events into deliveries, one for each webhook that wants the event. A delivery is due, leased,
retried and fenced as a job is (`claims`, `results`, `schedule`). `sender` sends: asynchronous I/O in a thread of its
own, so slow receivers hold nothing up. `endpoints` is what people and programs change.
"""
