"""What has the form of a secret is hidden, and everything else of a line stays."""

from __future__ import annotations

import io
import json
import logging
import sys
import time

import pytest
from django.http import HttpRequest

from picasso import conf, redaction, settings
from picasso.api.reporter import RedactedReporter
from picasso.redaction import RedactedOutput, redact

SECRET = "hunter2-Marker_0123456789abcdef"

HIDDEN = [
    f"could not connect to postgres://picasso:{SECRET}@db:5432/picasso?sslmode=require",
    f"amqp://u:p@{SECRET}@mq//",
    f"'amqps://:{SECRET}@mq'",
    f"GET /files/1?token={SECRET} 404",
    f"/files/1?expires=1&signature={SECRET}&x=1",
    f"?url=https%3A%2F%2Fx%3Ftoken%3D{SECRET}",
    f"token={SECRET}",
    f"access_token={SECRET} upload_token={SECRET}",
    f"Authorization: Bearer {SECRET}",
    f"Authorization: Basic {SECRET}",
    f"authorization={SECRET}",
    f"{{'HTTP_AUTHORIZATION': 'Bearer {SECRET}'}}",
    f"[(b'host', b'x'), (b'authorization', b'Bearer {SECRET}')]",
    f"[(b'cookie', b'sessionid={SECRET}; csrftoken={SECRET}')]",
    f"sent bearer {SECRET}",
    json.dumps({"token": SECRET, "PASSWORD": SECRET}),
    json.dumps({"event": json.dumps({"secret": SECRET})}),
    f"pk_0123456789abcdef_{SECRET.replace('-', '').replace('_', '')}",
    f"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.{SECRET}",
]

KEPT = [
    "image of file 0190a1b2-0000-7000-8000-000000000000 failed: corrupt",
    "the database can't be reached: connection refused at postgres://db:5432/picasso",
    "https://app.example.com/path?page=2&state=failed#top",
    "text/plain; charset=utf-8 key=text/plain/ab/x/token.txt",
    "unexpected token: 'x'",
    "user@example.com asked at 12:30:05",
    "a bearer of news, a token expired, authorization is missing",
]


@pytest.mark.parametrize("text", HIDDEN)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    assert SECRET not in redact(text)
    assert SECRET.replace("-", "").replace("_", "") not in redact(text)
    assert redaction.HIDDEN in redact(text)


@pytest.mark.parametrize("text", KEPT)
def test_everything_else_stays(text: str) -> None:
    assert redact(text) == text


def test_only_the_secret_of_a_line_is_hidden() -> None:
    assert redact(f"GET /x?page=2&token={SECRET}&n=1 by 10.0.0.1") == "GET /x?page=2&token=***&n=1 by 10.0.0.1"
    assert redact(f"postgres://u:{SECRET}@db/p is away") == "postgres://u:***@db/p is away"


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> str:
    secret = 'pass"w/ö rd-of-the-settings'
    monkeypatch.setattr(redaction, "_secrets", ())
    redaction.hide([secret, "short", "password"])
    return secret


def test_a_secret_of_the_settings_is_hidden_wherever_it_is(hidden: str) -> None:
    assert redact(f"the {hidden}.") == "the ***."
    assert redact(json.dumps({"x": hidden})) == '{"x": "***"}'
    assert redact("/?x=pass%22w%2F%C3%B6%20rd-of-the-settings") == "/?x=***"
    assert redact("a short line") == "a short line"


def test_what_a_command_prints_has_no_secret_of_the_settings_but_new_keys(hidden: str) -> None:
    under = io.BytesIO()
    output = RedactedOutput(under, encoding="utf-8")
    key = "pk_0123456789abcdef_0123456789abcdef"
    print("SECRET_KEY =", hidden, key, file=output, flush=True)
    assert under.getvalue().decode() == f"SECRET_KEY = *** {key}\n"


@pytest.mark.parametrize(
    "text", ["://" * 20_000, "://a:" + "b" * 60_000, "eyJ-" * 16_000, "token" * 12_000, "a" * 60_000, "?token=" * 9_000]
)
def test_a_hostile_line_costs_little(text: str) -> None:
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 1


def fail(*_: object) -> None:
    raise ValueError(f"bad: postgres://u:{SECRET}@h/d")


def test_a_line_of_the_log_and_its_traceback_are_redacted() -> None:
    formatter = settings.RedactedFormatter(processor=settings.CONSOLE, foreign_pre_chain=settings.SHARED_PROCESSORS)
    try:
        fail()
    except ValueError:
        record = logging.LogRecord("a", logging.ERROR, "", 1, "failed: ?token=%s", (SECRET,), sys.exc_info())
    line = formatter.format(record)
    assert "Traceback" in line
    assert SECRET not in line


def test_the_debug_page_is_redacted() -> None:
    request = HttpRequest()
    request.META = {"QUERY_STRING": f"token={SECRET}", "HTTP_AUTHORIZATION": f"Bearer {SECRET}", "SERVER_NAME": "x"}
    request.META["SERVER_PORT"] = "80"
    headers = [(b"authorization", f"Bearer {SECRET}".encode())]
    try:
        fail(headers)
    except ValueError:
        reporter = RedactedReporter(request, *sys.exc_info())
    assert SECRET not in reporter.get_traceback_html()
    assert SECRET not in reporter.get_traceback_text()
    assert "ValueError" in reporter.get_traceback_html()


def test_the_secrets_of_a_configuration() -> None:
    loaded = conf.load(
        {"DATABASE_URL": "postgres://u:a%2Fb@h/d", "BROKER_URL": "amqp://u:c@h//", "PICASSO_SECRET_KEY": "k"}
    )
    assert set(loaded.secrets) == {"k", "a%2Fb", "a/b", "c"}
    assert conf.load({}).secrets == []
    for secret in ("a%2Fb", "amqp://", "secret_key"):
        assert secret not in repr(loaded)
