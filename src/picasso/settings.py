"""Django's settings, made from the environment (`picasso.conf`) for every profile."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from io import StringIO
from typing import Any, TextIO
from urllib.parse import urlsplit

import environ
import structlog

from picasso import __version__, addresses, conf, printable, redaction, timestamps

PICASSO = conf.load(os.environ)

SECRET_KEY = conf.secret_key(PICASSO)
redaction.hide([SECRET_KEY, *PICASSO.secrets])
DEBUG = PICASSO.debug
ALLOWED_HOSTS = list(PICASSO.hosts)
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = True
LANGUAGES = [("en", "English"), ("ru", "Русский")]
ROOT_URLCONF = "picasso.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False

INSTALLED_APPS = [
    "picasso",
    # Its pages are registered by the URLs, which workers and commands do not import.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "picasso.api.people.cookies.SecureCookies",
    "picasso.api.language.LanguageMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "picasso.api.statics.CompressedStatics",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "picasso.api.acting.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


# On the server's side: the locks of a client machine that died are released within half a minute.
KEEPALIVES = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"


def database(url: str) -> dict[str, Any]:
    """Django's setting for one database.

    Connections are kept open, one for each of the few long-lived threads of the process. That limits their number like
    a pool does, without a pool's ways to fail.
    """
    config: dict[str, Any] = environ.Env.db_url_config(url)
    config |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"].endswith("sqlite3"):
        # IMMEDIATE: a transaction that will write takes the lock at its start, where it can wait for it.
        # FULL: a committed row survives a power failure, as a 201 promises.
        options |= {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        }
    else:
        # A lost database is noticed within seconds, also if its machine disappeared without closing connections.
        options |= {"connect_timeout": 3, "keepalives_idle": 10, "keepalives_interval": 5, "tcp_user_timeout": 10_000}
        options.setdefault("options", f"-c statement_timeout=60s -c lock_timeout=20s {KEEPALIVES}")
    return config


DATABASES = {"default": database(PICASSO.database_url)}

STATIC_URL = addresses.STATIC
STORAGES = {"staticfiles": {"BACKEND": "picasso.api.pages.Statics"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False


def static_headers(headers: MutableMapping[str, str], path: str, url: str) -> None:
    """The worker of PDF.js loads decoders of pictures that stand beside it. In a worker its own policy holds."""
    if url.endswith("/vendor/pdf.worker.js"):
        headers["Content-Security-Policy"] = "default-src 'none'; script-src 'self'"


WHITENOISE_ADD_HEADERS_FUNCTION = static_headers

DEFAULT_EXCEPTION_REPORTER = "picasso.api.reporter.RedactedReporter"

# Uploads never go through Django's parsers. Its own requests (forms of the admin) are small.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_PROXY_SSL_HEADER = None  # picasso.web.forwarded has already put the client's scheme into the ASGI scope.
PUBLIC = urlsplit(PICASSO.public_url)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC.scheme == "https"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{PUBLIC.path}/"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [f"{PUBLIC.scheme}://{PUBLIC.netloc}"] if PUBLIC.netloc else []
CSRF_FAILURE_VIEW = "picasso.api.csrf.failed"

LOGIN_URL = addresses.SIGN_IN
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # of people from before; replaced when they sign in
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["picasso.api.json_parser.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_PAGINATION_CLASS": "picasso.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DATETIME_FORMAT": timestamps.FORMAT,
    "EXCEPTION_HANDLER": "picasso.api.errors.handle",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Picasso",
    "DESCRIPTION": "Upload files of any kind. They are identified, stored and processed.",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    # What only answers have is not asked for in requests.
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": re.escape(addresses.API.rstrip("/")),
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Swagger UI takes a minute to show all operations at once, so each tag opens when it is asked for.
    "SWAGGER_UI_SETTINGS": (
        '{"deepLinking": true, "docExpansion": "none", "defaultModelsExpandDepth": 0, "filter": true, '
        '"plugins": [PicassoDocs]}'  # static/picasso/docs-plugin.js
    ),
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "FileState": "picasso.models.File.State",
        "JobState": "picasso.models.Job.State",
        "Scope": "picasso.api.keys.SCOPES",
        "TokenScope": "picasso.api.tokens.SCOPES",
        "DeliveryStateEnum": "picasso.models.Delivery.State",
        "Role": "picasso.models.Membership.Role",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "picasso.api.schema.add_handlers",
        "picasso.api.schema.add_root",
    ],
}


def safe_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Messages quote strangers: their control characters are shown as escapes, and their lines are indented."""
    return {name: printable.several_lines(each) if isinstance(each, str) else each for name, each in event.items()}


def safe_traceback(out: TextIO, fault: Any) -> None:
    """The message of an exception may quote strangers, too."""
    text = StringIO()
    structlog.dev.plain_traceback(text, fault)
    out.write(printable.several_lines(text.getvalue()))


CONSOLE = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=safe_traceback)
SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class RedactedFormatter(structlog.stdlib.ProcessorFormatter):
    """Every line of the log, tracebacks and lines of libraries too, is redacted."""

    def format(self, record: logging.LogRecord) -> str:
        return redaction.redact(super().format(record))


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": RedactedFormatter,
            "foreign_pre_chain": SHARED_PROCESSORS,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(
                    [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
                    if PICASSO.log_format == "json"
                    else [safe_event, CONSOLE]
                ),
            ],
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": PICASSO.log_level.upper()},
    "loggers": {
        "uvicorn.access": {"level": "WARNING"},
        "uvicorn": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "amqp": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        # Anybody can send a wrong Host or a thousand fields. It is answered with 400, without a traceback in the log.
        "django.security": {"level": "CRITICAL"},
    },
}
structlog.configure(
    processors=[*SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
