"""Renders every error of DRF, Django and Picasso as an RFC 9457 problem document, or as a page."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions, serializers
from rest_framework.request import Request

from picasso.errors import (
    ERROR_CODE,
    PROBLEM_JSON,
    BadRequest,
    Forbidden,
    HostNotAllowed,
    MethodNotAllowed,
    NotFound,
    PicassoError,
    Problem,
    TooLarge,
    Unavailable,
    json_bytes,
    problem,
)
from picasso.html_answers import HEADERS, Look, asked_for, is_page_load, problem_page
from picasso.languages import preferences
from picasso.languages.problems import localized

log = logging.getLogger(__name__)

NOT_ACCEPTABLE = "This address has no answer of a type that Accept names."


class FieldErrorSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="A stable identifier for programs. The list: docs/errors.md.")
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment] # a field, by RFC 9457


def handle(fault: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler. It bypasses DRF's renderers: an error looks the same at all addresses."""
    if error := as_picasso_error(fault):
        context["request"].META.get("asgi.scope", {})[ERROR_CODE] = error.code
        return answer(error, context["request"])
    if not isinstance(fault, exceptions.APIException):
        return None
    headers = {"Allow": ", ".join(context["view"].allowed_methods)} if fault.status_code == 405 else {}
    body: Any = {**problem(fault.status_code, code_of(fault), sentence_of(fault)), **choices_of(fault, context["view"])}
    return as_response(body, fault.status_code, headers, context["request"])


def choices_of(fault: exceptions.APIException, view: Any) -> dict[str, list[str]]:
    """What the address supports instead."""
    match fault:
        case exceptions.MethodNotAllowed():
            return {"allowed": view.allowed_methods}
        case exceptions.UnsupportedMediaType():
            return {"supported": [each.media_type for each in view.parser_classes]}
        case exceptions.NotAcceptable():
            return {"supported": [each.media_type for each in view.renderer_classes]}
        case _:
            return {}


def sentence_of(fault: exceptions.APIException) -> str:
    """Our own sentence for those that DRF raises by itself."""
    match fault:
        case exceptions.MethodNotAllowed():
            return MethodNotAllowed.sentence()
        case exceptions.UnsupportedMediaType():
            return "The Content-Type must be application/json."
        case exceptions.NotAcceptable():
            return NOT_ACCEPTABLE
        case _:
            return str(fault.detail)


def code_of(fault: exceptions.APIException) -> str:
    return str(fault.get_codes()).replace("_", "-")


def as_picasso_error(fault: Exception) -> PicassoError | None:
    if isinstance(fault, PicassoError):
        return fault
    if isinstance(fault, Http404):
        return NotFound()
    if isinstance(fault, OperationalError | InterfaceError):
        log.error("the database failed: %s", fault)
        connection.close()
        return Unavailable("The database is unavailable. Please try again.")
    return None


def answer(error: PicassoError, request: HttpRequest | Request) -> HttpResponse:
    return as_response(error.problem(), error.status, error.headers, request)


def as_response(body: Problem, status: int, headers: Mapping[str, str], request: HttpRequest | Request) -> HttpResponse:
    is_page, accepted = is_page_load(request.headers), request.META.get("HTTP_ACCEPT_LANGUAGE", "")
    found, language = localized(body, preferences.accept_language(request.headers) if is_page else accepted)
    if not is_page:
        return HttpResponse(
            json_bytes(found), status=status, content_type=PROBLEM_JSON, headers={**headers, **language}
        )
    prefix = request.META.get("SCRIPT_NAME", "")
    asked = asked_for(request.path.removeprefix(prefix), request.META.get("QUERY_STRING", ""))
    look = Look(language["Content-Language"], prefix, preferences.theme(request.headers))
    page = problem_page(found, look, asked)
    return HttpResponse(page, status=status, headers={**headers, **language, **HEADERS})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(NotFound(), request)


def no_such_page(request: HttpRequest, rest: str) -> HttpResponse:
    return answer(NotFound(), request)


def server_error(request: HttpRequest) -> HttpResponse:
    return answer(PicassoError(), request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(as_bad_request(exception), request)


def as_bad_request(fault: Exception) -> PicassoError:
    match fault:
        case DisallowedHost():
            return HostNotAllowed()
        case TooManyFieldsSent() | TooManyFilesSent():
            return BadRequest("The request has too many fields.")
        case RequestDataTooBig():
            return TooLarge("The body of the request is too large.")
        case _:
            return BadRequest()


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(Forbidden(), request)
