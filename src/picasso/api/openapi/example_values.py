"""Ids, times and addresses of the examples."""

from __future__ import annotations

BASE = "https://files.example.com"
FILE_ID = "019ab3f2-7c1e-7d3a-9f52-3a4be0c5d1f7"
DERIVED_ID = "019ab3f2-7c40-7b11-8f0e-0f5a3c6b7d21"
JOB_ID = "019ab3f2-7c1f-7a02-b0c4-91d2e3f4a5b6"
UPLOAD_ID = "019ab3f3-0a10-7c55-9d1b-5e6f7a8b9c0d"
IMPORT_ID = "019ab3f4-11aa-7e90-8c3d-2b4a6c8e0f12"
WEBHOOK_ID = "019ab3f5-2b3c-7d4e-9f60-718293a4b5c6"
DELIVERY_ID = "019ab3f5-9d8e-7f01-a2b3-c4d5e6f70819"
BATCH_ID = "019ab3f6-3344-7556-8778-99aabbccddee"
AUDIT_ID = "019ab3f7-4455-7667-8889-a0b1c2d3e4f5"
AT, LATER, FUTURE = "2026-11-30T08:00:00.123000Z", "2026-11-30T08:00:01.250000Z", "2031-12-31T23:59:59.000000Z"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
