"""How a file is shown: the one form that doors and API both answer with. Only ever added to (the 1.0 contract)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from picasso import addresses
from picasso.models import Derivative, File, Job
from picasso.queue_names import QUEUES


def base_of(request: Request) -> str:
    """The service's own address as this client reaches it, without a slash at the end."""
    public_url: str = settings.PICASSO.public_url
    return addresses.base_url(public_url, request.scheme or "http", request.get_host(), request.META["SCRIPT_NAME"])


class DerivativeSerializer(serializers.Serializer[Derivative]):
    role = serializers.CharField(help_text="Its part: `thumbnail-256`.")
    url = serializers.SerializerMethodField(help_text="Where its bytes are.")
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    width = serializers.IntegerField(allow_null=True, help_text="Pixels.")
    height = serializers.IntegerField(allow_null=True, help_text="Pixels.")

    def get_url(self, derivative: Derivative) -> str:
        base: str = self.context["base"]
        return addresses.derivative_url(base, derivative.file_id, derivative.processor, derivative.key)


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Stable: `corrupt`, `too-many-pixels`.")
    detail = serializers.CharField(help_text="A sentence for people.")


class FileSerializer(serializers.Serializer[File]):
    id = serializers.UUIDField()
    file = serializers.SerializerMethodField(help_text="Where its bytes are.")
    name = serializers.CharField(help_text="As sent, in NFC and at most 255 characters. Never trust it as a path.")
    size = serializers.IntegerField(help_text="Bytes.")
    media_type = serializers.CharField(help_text="What the content was found to be.")
    declared_type = serializers.CharField(help_text="What the client said it was; may be empty.")
    sha256 = serializers.CharField(help_text="Of the bytes, in hex.")
    uploaded_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=File.State.choices)
    processed = serializers.BooleanField(help_text="Whether `state` is `processed`.")

    def get_file(self, file: File) -> str:
        return addresses.download_url(self.context["base"], file.pk, file.key)


class FileDetailSerializer(FileSerializer):
    facts = serializers.DictField(help_text="What is known of it, by processor; under `file` what every file has.")
    derivatives = DerivativeSerializer(many=True)
    error = serializers.SerializerMethodField(help_text="Null, or why it failed.")

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, file: File) -> ErrorSerializer | None:
        job = file.failure
        return ErrorSerializer({"code": job.error_code, "detail": job.error_detail}).data if job else None  # type: ignore[return-value]


class JobSerializer(serializers.Serializer[Job]):
    """A job with the attribute ``now``, the database's time."""

    id = serializers.UUIDField()
    file = serializers.UUIDField(source="file_id", help_text="The id of the file it works on.")
    processor = serializers.CharField(help_text="What it runs.")
    pipeline = serializers.CharField(help_text="That of its file.")
    queue = serializers.CharField(help_text="Where it stands in line: `quick` or `heavy`.")
    priority = serializers.IntegerField(help_text="Higher goes first; below 0 yields to everything else.")
    state = serializers.ChoiceField(choices=Job.State.choices)
    attempt = serializers.IntegerField(help_text="How many times it has begun.")
    progress = serializers.FloatField(allow_null=True, help_text="0 to 1, of long work that says so.")
    error = serializers.SerializerMethodField(help_text="Null, or why it failed, or is tried again.")
    log = serializers.CharField(help_text="The end of what the processor said in its last attempt that ended.")
    requested_at = serializers.DateTimeField(help_text="When it was made, or last asked for again.")
    due_at = serializers.DateTimeField(help_text="It does not begin before.")
    started_at = serializers.DateTimeField(allow_null=True, help_text="When its present or last attempt began.")
    finished_at = serializers.DateTimeField(allow_null=True)
    waited = serializers.SerializerMethodField(help_text="Seconds from when it was asked for until it began.")
    ran = serializers.SerializerMethodField(help_text="Null, or seconds since its last attempt began, until it ended.")

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, job: Job) -> dict[str, str] | None:
        return {"code": job.error_code, "detail": job.error_detail} if job.error_code else None

    def get_waited(self, job: Job) -> float:
        return seconds(job.requested_at, job.started_at or job.finished_at or now_of(job))

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_ran(self, job: Job) -> float | None:
        if job.started_at is None:
            return None
        return seconds(job.started_at, job.finished_at or now_of(job))


def now_of(job: Job) -> datetime:
    now: datetime = job.now  # type: ignore[attr-defined] # annotated, by whoever asked for it
    return now


def seconds(begin: datetime, end: datetime) -> float:
    return round(max(0.0, (end - begin).total_seconds()), 3)


class WhereSerializer(serializers.Serializer[Any]):
    """Which jobs are meant: those that agree with all of it. One at least must be there."""

    state = serializers.ChoiceField(choices=Job.State.choices, required=False)
    processor = serializers.CharField(max_length=64, required=False)
    queue = serializers.ChoiceField(choices=QUEUES, required=False)
    pipeline = serializers.CharField(max_length=64, required=False)
    error = serializers.CharField(max_length=64, required=False)
    file = serializers.UUIDField(required=False)


class OutcomeSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="How many jobs were changed.")
    more = serializers.BooleanField(help_text="Whether time was up before all were; to ask again goes on.")


class QueueSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    paused = serializers.BooleanField()
    waiting = serializers.IntegerField(help_text="Jobs that are in the table only.")
    queued = serializers.IntegerField(help_text="Jobs on their way to a worker.")
    running = serializers.IntegerField()
    oldest = serializers.FloatField(allow_null=True, help_text="Seconds that the longest due of the waiting has been.")
