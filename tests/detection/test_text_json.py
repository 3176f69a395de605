"""Formats in JSON: by members of the right kind; sequences of values."""

from __future__ import annotations

import pytest

from picasso.detection import Window, detect

JSON = "application/json"


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ('\x1e{"a":1}\n\x1e{"b":2}\n', "application/json-seq"),
        ('\x1e{"a":1}\n', "application/json-seq"),
        ('\x1e{\n "a":1\n}\n\x1e[2]\n', "application/json-seq"),
        ('\x1e{"type":"Point","coordinates":[0,0]}\n', "application/geo+json-seq"),
        ('\x1e{"type":"Feature"}\n\x1e{"type":"Feature"}\n', "application/geo+json-seq"),
        ('\x1e{"type":["Feature"]}\n', "application/json-seq"),
        ('{"a":1}\n{"b":2}\n', "application/x-ndjson"),
        ('{\n"a":1\n}\n{\n"b":2\n}\n', "text/plain"),
        ('{"type":"Feature","id":7,"title":"Add a login"}', JSON),
        ('{"type":"Feature","geometry":null,"properties":{}}', "application/geo+json"),
        ('{"type":"FeatureCollection","title":"a"}', JSON),
        ('{"log":{"version":1,"entries":3}}', JSON),
        ('{"log":{"version":"1.2","entries":[]}}', "application/har+json"),
        ('{"asset":"x","nodes":[],"scenes":[],"meshes":[]}', JSON),
        ('{"asset":{"version":"2.0"},"scenes":[]}', "model/gltf+json"),
    ],
)
def test_json(text: str, media_type: str) -> None:
    assert detect(Window.of_bytes(text.encode())).media_type == media_type
