"""Small texts."""

from collections.abc import Iterator


def samples() -> Iterator[tuple[str, bytes]]:
    yield "text/plain", "Größe → café\r\n日本語\n".encode() * 3
    yield "text/x-c", "/* Größe */\nint main(void) { return 0; }\n".encode("cp1252") * 3
    yield "text/xml", '\ufeff<?xml version="1.0" encoding="utf-16"?><a>Größe</a>'.encode("utf-16")
    yield "application/json", b'{"a": [1, 2.5, null, "\\u00e9"]}'
