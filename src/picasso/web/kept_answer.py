"""An answer of Django's that is held back, and may be looked at or changed before it is sent."""

from __future__ import annotations

from picasso.web.request import Message, Request, Send


class KeptAnswer:
    """An answer that is not sent yet, if it is a success. A refusal is sent at once, as its body may still arrive."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def keep(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        if self.is_sent:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    @property
    def is_sent(self) -> bool:
        """Whether it is a refusal."""
        return self.status >= 300

    def header(self, name: bytes) -> bytes:
        return next((value for key, value in self.headers if key.lower() == name), b"")

    async def send(self, request: Request) -> None:
        headers = [each for each in self.headers if each[0].lower() != b"content-length"]
        headers.append((b"content-length", str(len(self.body)).encode()))
        request.answered = True
        await request.send({"type": "http.response.start", "status": self.status, "headers": headers})
        await request.body(self.body)
