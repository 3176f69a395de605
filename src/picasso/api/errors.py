"""Every error as RFC 9457 problem details, whether DRF, Django or Picasso raised it."""

from __future__ import annotations

import logging
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, serializers

from picasso.errors import PROBLEM_JSON, NotFound, PicassoError, Unavailable, problem

log = logging.getLogger(__name__)


class FieldErrorSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="Stable, for programs.")
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment] # a field, by RFC 9457


def handle(fault: Exception, context: dict[str, Any]) -> JsonResponse | None:
    """DRF's exception handler. Answers without DRF's renderers: an error looks the same to whoever asked for HTML."""
    if error := as_picasso_error(fault):
        return answer(error)
    if not isinstance(fault, exceptions.APIException):
        return None
    headers = {"Allow": ", ".join(context["view"].allowed_methods)} if fault.status_code == 405 else {}
    body = problem(fault.status_code, str(fault.get_codes()).replace("_", "-"), str(fault.detail))
    return JsonResponse(body, status=fault.status_code, content_type=PROBLEM_JSON, headers=headers)


def as_picasso_error(fault: Exception) -> PicassoError | None:
    if isinstance(fault, PicassoError):
        return fault
    if isinstance(fault, Http404):
        return NotFound()
    if isinstance(fault, OperationalError | InterfaceError):
        log.error("the database failed: %s", fault)
        connection.close()
        return Unavailable("The database can't be reached. Please try again.")
    return None


def answer(error: PicassoError) -> JsonResponse:
    return JsonResponse(error.problem(), status=error.status, content_type=PROBLEM_JSON, headers=error.headers)


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return answer(NotFound())


def server_error(request: HttpRequest) -> JsonResponse:
    return answer(PicassoError())


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    body = problem(400, "bad-request", "The request could not be understood.")
    return JsonResponse(body, status=400, content_type=PROBLEM_JSON)


def forbidden(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse(problem(403, "forbidden", "That is not allowed."), status=403, content_type=PROBLEM_JSON)
