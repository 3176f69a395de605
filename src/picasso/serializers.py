"""How objects look in answers, the same for handlers and views. By the 1.0 contract, fields are only ever added."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from picasso import addresses
from picasso.access.links import Signer, signer_for
from picasso.access.principal import principal_of
from picasso.error_codes import JOB_CODES
from picasso.files.quarantine import shown_derivatives, shown_facts
from picasso.files.queries import COLUMNS
from picasso.languages.translate import in_language
from picasso.models import Derivative, File, FileWebhook, Job, Scan, Visibility
from picasso.queue_names import QUEUES
from picasso.timestamps import rfc3339

# A path that `quote` would leave as it is. Most are, and this takes a sixth of the time.
UNRESERVED = re.compile(r"[A-Za-z0-9_.~/-]*", re.ASCII).fullmatch


def base_of(request: Request) -> str:
    """The base of the URLs in the answer: see `addresses`."""
    public_url: str = settings.PICASSO.public_url
    return addresses.base_url(public_url, request.scheme or "http", request.get_host(), request.META["SCRIPT_NAME"])


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the addresses of bytes. Whoever gets the answer can fetch them."""

    base: str
    signer: Signer | None
    """None if a plain address is enough, also for private files."""
    also_public: bool = False
    """Whether public files get a link too: it stays valid when they become private."""

    def original(self, file: File) -> str:
        return self._address(file, addresses.download_path(file.id, file.key))

    def derivative(self, file: File, derivative: Derivative) -> str:
        return self._address(file, addresses.derivative_path(file.id, derivative.processor, derivative.key))

    def _address(self, file: File, path: str) -> str:
        address = f"{self.base}{path if UNRESERVED(path) else quote(path)}"
        if self.signer is None or (file.visibility == Visibility.PUBLIC and not self.also_public):
            return address
        return address + self.signer.query(path)


def links_of(request: Request) -> Links:
    return Links(base_of(request), signer_for(principal_of(request.META)))


class DerivativeSerializer(serializers.Serializer[Derivative]):
    role = serializers.CharField(help_text="What it is for, such as `thumbnail-256`.")
    url = serializers.CharField(read_only=True, help_text="The address of its bytes, as `file` of the file.")
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    width = serializers.IntegerField(allow_null=True, help_text="Pixels.")
    height = serializers.IntegerField(allow_null=True, help_text="Pixels.")

    def to_representation(self, derivative: Derivative) -> dict[str, Any]:
        return derivative_members(derivative.file, derivative, self.context["links"])


def derivative_members(file: File, derivative: Derivative, links: Links) -> dict[str, Any]:
    """What `DerivativeSerializer` declares, as JSON has it. Both may be rows of `picasso.files.shown` as well."""
    return {
        "role": derivative.role,
        "url": links.derivative(file, derivative),
        "media_type": derivative.media_type,
        "size": derivative.size,
        "width": derivative.width,
        "height": derivative.height,
    }


FINAL_CODES = frozenset(each.code for each in JOB_CODES if not each.retried) - {"cancelled"}
"""The codes of jobs whose file is at fault."""


class SentenceField(serializers.CharField):
    """A sentence that is stored in English, shown in the language of whoever asks if there is a translation of it."""

    def to_representation(self, value: str) -> str:
        return in_language(value, get_language() or "")


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="A stable identifier, such as `corrupt`. The list: docs/errors.md.")
    detail = SentenceField(help_text="A sentence for people, in English or Russian as `Accept-Language` prefers.")


def error_of(code: str, detail: str) -> dict[str, str] | None:
    """As `ErrorSerializer`; None without a code."""
    return error_members(code, detail) if code else None


def error_members(code: str, detail: str) -> dict[str, str]:
    """What `ErrorSerializer` declares."""
    return {"code": code, "detail": in_language(detail, get_language() or "")}


# Not `File`: generated clients have a type of that name for content.
@extend_schema_serializer(component_name="StoredFile")
class FileSerializer(serializers.Serializer[File]):
    id = serializers.UUIDField()
    file = serializers.SerializerMethodField(
        help_text="The address of its bytes. That of a private file is a link, which expires."
    )
    name = serializers.CharField(
        help_text="The name that the client sent: Unicode NFC, at most 255 characters. Not a path."
    )
    size = serializers.IntegerField(help_text="Bytes.")
    media_type = serializers.CharField(help_text="The media type detected from the content.")
    declared_type = serializers.CharField(help_text="The media type that the client declared; may be empty.")
    sha256 = serializers.CharField(help_text="SHA-256 of the bytes, in hex.")
    uploaded_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=File.State.choices)
    processed = serializers.BooleanField(help_text="Whether `state` is `processed`.")
    visibility = serializers.ChoiceField(
        choices=Visibility.choices, help_text="`public`: everybody who has the address may fetch its bytes."
    )
    owner = serializers.CharField(help_text="The application's word for its end user; empty for none.")
    expires_at = serializers.DateTimeField(allow_null=True, help_text="It is deleted then.")
    scan = serializers.ChoiceField(
        choices=Scan.choices, allow_blank=True, help_text="The verdict about malware; empty if it is not scanned."
    )
    quarantined = serializers.BooleanField(
        help_text="Whether its bytes are withheld because it is not known to be free of malware."
    )
    tags = serializers.ListField(child=serializers.CharField(), help_text="Words of the application, sorted.")
    attributes = serializers.DictField(help_text="What the application says about it.")

    def get_file(self, file: File) -> str:
        links: Links = self.context["links"]
        return links.original(file)

    def to_representation(self, file: File) -> dict[str, Any]:
        """The same as the fields make, in a sixth of the time: a page of a list has a hundred files."""
        found = members(file, self.context["links"])
        for field in self._further:
            with suppress(serializers.SkipField):
                value = field.get_attribute(file)
                found[str(field.field_name)] = None if value is None else field.to_representation(value)
        return found

    @cached_property
    def _further(self) -> Sequence[serializers.Field[Any, Any, Any, Any]]:
        """The fields that a subclass adds."""
        return [field for name, field in self.fields.items() if name not in MEMBERS]


def members(file: File, links: Links) -> dict[str, Any]:
    """What `FileSerializer` declares, as JSON has it. ``file`` may be a row of `queries.rows` as well."""
    state = str(file.state)
    return {
        "id": str(file.id),
        "file": links.original(file),
        "name": file.name,
        "size": file.size,
        "media_type": file.media_type,
        "declared_type": file.declared_type,
        "sha256": file.sha256,
        "uploaded_at": rfc3339(file.uploaded_at),
        "state": state,
        "processed": state == File.State.PROCESSED,
        "visibility": str(file.visibility),
        "owner": file.owner,
        "expires_at": file.expires_at and rfc3339(file.expires_at),
        "scan": str(file.scan),
        "quarantined": file.quarantined,
        "tags": file.tags,
        "attributes": file.attributes,
    }


MEMBERS = frozenset(COLUMNS) - {"key"} | {"file", "processed"}
"""The names of the `members`."""


class ThumbnailSerializer(DerivativeSerializer):
    thumbhash = serializers.CharField(
        allow_null=True, help_text="ThumbHash in base64: a blurred picture to show meanwhile. Null if it has none."
    )

    def to_representation(self, derivative: Derivative) -> dict[str, Any]:
        return {**super().to_representation(derivative), "thumbhash": derivative.thumbhash}  # type: ignore[attr-defined]


@extend_schema_serializer(component_name="ListedFile")
class ListedFileSerializer(FileSerializer):
    """For files to which `picasso.files.listed` has added the parts that the context names as ``parts``."""

    thumbnail = ThumbnailSerializer(
        required=False, allow_null=True, help_text="The derivative to show as its picture, if there is one."
    )
    error = ErrorSerializer(required=False, allow_null=True, help_text="Why processing failed.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """All parts where the context names none, as for the schema."""
        fields = super().get_fields()
        parts = self.context.get("parts", fields)
        return {name: field for name, field in fields.items() if field.required or field.read_only or name in parts}


@extend_schema_serializer(component_name="FileDetail")
class FileDetailSerializer(FileSerializer):
    facts = serializers.DictField(
        read_only=True,
        help_text="Facts about the content, by processor. Under `file`: what every file has. In quarantine without"
        " those that are read from the content.",
    )
    derivatives = DerivativeSerializer(
        many=True, read_only=True, help_text="Files that processors made; none in quarantine."
    )
    error = ErrorSerializer(read_only=True, allow_null=True, help_text="Why processing failed; null if it did not.")
    webhook_url = serializers.CharField(
        read_only=True,
        allow_null=True,
        help_text="Where events of this file are sent to, as its upload said; null without one, and without"
        " the scope `webhooks:write`.",
    )
    webhook_disabled_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="When its receiver answered 410: from then on nothing is sent to it.",
    )

    def to_representation(self, file: File) -> dict[str, Any]:
        """The webhook may have a secret in its URL, so it is shown only where the context says so."""
        webhook: FileWebhook | None = getattr(file, "webhook", None) if self.context.get("shows_webhooks") else None
        told = (webhook.url, webhook.disabled_at) if webhook else NO_WEBHOOK
        return details(file, self.context["links"], shown_derivatives(file), file.failure, told)


NO_WEBHOOK = (None, None)


def details(
    file: File,
    links: Links,
    derivatives: Sequence[Derivative],
    failure: Job | None,
    webhook: tuple[str | None, datetime | None],
) -> dict[str, Any]:
    """What `FileDetailSerializer` declares, as JSON has it. File and derivatives may be rows of `picasso.files.shown`.

    ``webhook``: its URL and when it was disabled, or `NO_WEBHOOK`.
    """
    webhook_url, disabled_at = webhook
    return {
        **members(file, links),
        "facts": shown_facts(file),
        "derivatives": [derivative_members(file, each, links) for each in derivatives],
        "error": error_members(failure.error_code, failure.error_detail) if failure else None,
        "webhook_url": webhook_url,
        "webhook_disabled_at": disabled_at and rfc3339(disabled_at),
    }


class JobSerializer(serializers.Serializer[Job]):
    """For jobs as `picasso.jobs.queries.shown`: with the time of the database, and the name of the file."""

    id = serializers.UUIDField()
    file = serializers.UUIDField(source="file_id", help_text="The id of its file.")
    file_name = serializers.CharField(help_text="The name of its file; may be empty.")
    processor = serializers.CharField(help_text="The name of its processor.")
    pipeline = serializers.CharField(help_text="The pipeline of its file.")
    queue = serializers.CharField(help_text="`quick`, `heavy` or `service`.")
    priority = serializers.IntegerField(
        help_text="Within a pipeline, higher runs first. Below 0: only when nothing else is due."
    )
    state = serializers.ChoiceField(choices=Job.State.choices)
    attempt = serializers.IntegerField(help_text="How many times it was started.")
    progress = serializers.FloatField(allow_null=True, help_text="0 to 1; null if the processor does not report it.")
    error = serializers.SerializerMethodField(help_text="Why it failed or is tried again; null otherwise.")
    final = serializers.SerializerMethodField(
        help_text="Whether it failed because of its file: another run ends the same way, unless settings were changed."
    )
    log = serializers.CharField(
        help_text="The end of the processor's output in the last attempt; of a running one what it has printed so far."
    )
    requested_at = serializers.DateTimeField(help_text="When it was created or last retried.")
    due_at = serializers.DateTimeField(
        help_text="It does not start before this time; a job that waits for a scan is due in the year 9000,"
        " one of a remote processor whose file is in the trash in the year 8000."
    )
    started_at = serializers.DateTimeField(allow_null=True, help_text="The start of the current or last attempt.")
    finished_at = serializers.DateTimeField(allow_null=True)
    waited = serializers.SerializerMethodField(help_text="Seconds from `requested_at` to the start.")
    ran = serializers.SerializerMethodField(
        help_text="Seconds that the last attempt took, or has taken so far; null before the first."
    )

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, job: Job) -> dict[str, str] | None:
        return error_of(job.error_code, job.error_detail)

    def get_final(self, job: Job) -> bool:
        return job.state == Job.State.FAILED and job.error_code in FINAL_CODES

    def get_waited(self, job: Job) -> float:
        return seconds(job.requested_at, job.started_at or job.finished_at or now_of(job))

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_ran(self, job: Job) -> float | None:
        if job.started_at is None:
            return None
        return seconds(job.started_at, job.finished_at or now_of(job))


def now_of(job: Job) -> datetime:
    now: datetime = job.now  # type: ignore[attr-defined] # an annotation of the query
    return now


def seconds(start: datetime, end: datetime) -> float:
    return round(max(0.0, (end - start).total_seconds()), 3)


class FilterSerializer(serializers.Serializer[Any]):
    """Selects the jobs for which all given fields match. At least one field is required."""

    ids = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=100, required=False, help_text="Only these jobs."
    )

    state = serializers.ChoiceField(choices=Job.State.choices, required=False)
    processor = serializers.CharField(max_length=64, required=False)
    queue = serializers.ChoiceField(choices=QUEUES, required=False)
    pipeline = serializers.CharField(max_length=64, required=False)
    error = serializers.CharField(max_length=64, required=False)
    file = serializers.UUIDField(required=False)


class OutcomeSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="How many jobs were changed.")
    more = serializers.BooleanField(help_text="Whether some are left because of the time limit: repeat the request.")


class QueueSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    paused = serializers.BooleanField()
    waiting = serializers.IntegerField(
        help_text="Jobs that are not sent to a worker yet. Above 10,000 it may be 15 seconds old."
    )
    queued = serializers.IntegerField(help_text="Jobs that are sent to a worker.")
    running = serializers.IntegerField()
    paused_at = serializers.DateTimeField(allow_null=True, help_text="Since when it is paused; null if it is not.")
    paused_by = serializers.CharField(
        help_text="The name of who paused it; empty where it is unknown, and without the scope `service:admin`."
    )
    oldest = serializers.FloatField(
        allow_null=True, help_text="Seconds since the longest waiting job became due; null if none is."
    )
