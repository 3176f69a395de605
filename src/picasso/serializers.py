"""How a file is shown: the one form that doors and API both answer with. Only ever added to (the 1.0 contract)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from picasso.models import Derivative, File


def base_of(request: Request) -> str:
    """The service's own address as this client reaches it, without a slash at the end."""
    public: str = settings.PICASSO.public_url
    return public or f"{request.scheme}://{request.get_host()}"


def file_url(base: str, file: File) -> str:
    return f"{base}/files/{file.pk}/{quote(file.key.rpartition('/')[2])}"


def derivative_url(base: str, derivative: Derivative) -> str:
    return (
        f"{base}/files/{derivative.file_id}/derived/{derivative.processor}/{quote(derivative.key.rpartition('/')[2])}"
    )


class DerivativeSerializer(serializers.Serializer[Derivative]):
    role = serializers.CharField(help_text="Its part: `thumbnail-256`.")
    url = serializers.SerializerMethodField(help_text="Where its bytes are.")
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    width = serializers.IntegerField(allow_null=True, help_text="Pixels.")
    height = serializers.IntegerField(allow_null=True, help_text="Pixels.")

    def get_url(self, derivative: Derivative) -> str:
        return derivative_url(self.context["base"], derivative)


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
        return file_url(self.context["base"], file)


class FileDetailSerializer(FileSerializer):
    facts = serializers.DictField(help_text="What is known of it, by processor; under `file` what every file has.")
    derivatives = DerivativeSerializer(many=True)
    error = serializers.SerializerMethodField(help_text="Null, or why it failed.")

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, file: File) -> ErrorSerializer | None:
        job = file.failure
        return ErrorSerializer({"code": job.error_code, "detail": job.error_detail}).data if job else None  # type: ignore[return-value]
