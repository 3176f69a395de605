"""The error codes of the service, with the cause and the remedy of each."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.api.answers import problems
from picasso.api.parameters import KnownParameters
from picasso.error_codes import JOB_CODES, REQUEST_CODES
from picasso.languages import russian
from picasso.languages.accept import ENGLISH, RUSSIAN

HEADERS = {"Cache-Control": "public, max-age=3600", "Vary": "Accept-Language"}


class AdviceField(serializers.CharField):
    """A cause or a remedy in the language of whoever asks."""

    def to_representation(self, value: str) -> str:
        return russian.CODES[value] if get_language() == RUSSIAN else value


class RequestCodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    status = serializers.IntegerField(help_text="Of HTTP.")
    cause = AdviceField()
    remedy = AdviceField()


class JobCodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    retried = serializers.BooleanField(help_text="Whether the service itself tries again before it gives up.")
    cause = AdviceField()
    remedy = AdviceField()


class ErrorCodesSerializer(serializers.Serializer[Any]):
    requests = RequestCodeSerializer(many=True, help_text="`code` of a problem document.")
    jobs = JobCodeSerializer(many=True, help_text="`error.code` of files and jobs.")


class ErrorCodes(KnownParameters):
    """In English, as in the documentation, or in Russian."""

    @extend_schema(
        operation_id="list_error_codes", tags=["service"], responses={200: ErrorCodesSerializer, **problems(400)}
    )
    def get(self, request: Request) -> Response:
        """Each error code of this version with its cause and its remedy, in English or Russian by `Accept-Language`."""
        language = RUSSIAN if get_language() == RUSSIAN else ENGLISH
        body = ErrorCodesSerializer({"requests": REQUEST_CODES, "jobs": JOB_CODES}).data
        return Response(body, headers={**HEADERS, "Content-Language": language})
