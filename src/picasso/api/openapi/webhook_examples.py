"""Examples of webhooks and their deliveries. A test validates them, as those of `examples`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picasso.api.openapi.example_values import AT, DELIVERY_ID, LATER, WEBHOOK_ID

WEBHOOK = {
    "id": WEBHOOK_ID,
    "url": "https://app.example.com/hooks/picasso",
    "description": "Tells the shop of new pictures.",
    "types": ["file.processed", "file.failed"],
    "media_types": ["image/*"],
    "pipelines": [],
    "owners": [],
    "payload": "thin",
    "enabled": True,
    "disabled_reason": "",
    "disabled_at": None,
    "failures": 0,
    "failing_since": None,
    "resume_at": None,
    "created_at": AT,
    "created_by": "key:Xk3v9QpL2mZt",
}

DELIVERY = {
    "id": DELIVERY_ID,
    "event": 42,
    "message_id": "msg_019ab3f59d8e7f01a2b3c4d5e6f70819",
    "type": "file.processed",
    "state": "delivered",
    "attempts": [{"at": LATER, "milliseconds": 38, "status": 204, "error": "", "answer": ""}],
    "next_attempt_at": None,
    "created_at": AT,
    "finished_at": LATER,
}

ANSWERS: Mapping[str, Any] = {
    "Webhook": WEBHOOK,
    "NewWebhook": {**WEBHOOK, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
    "Delivery": DELIVERY,
    "DeliveryDetail": {
        **DELIVERY,
        "payload": {"type": "file.processed", "timestamp": AT, "data": {"seq": 42, "state": "processed"}},
    },
    "Replayed": {"count": 3},
    "SharedSecret": {"secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
}

REQUESTS: Mapping[str, Any] = {
    "WebhookRequest": {"url": WEBHOOK["url"], "types": WEBHOOK["types"], "payload": "thin"},
    "PatchedWebhookRequest": {"enabled": True},
    "RotationRequest": {"grace": 3600},
    "ReplayRequest": {"failed": True, "since": AT},
}
