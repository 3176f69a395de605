"""Links to the bytes of private files, and the keys that sign them."""

from __future__ import annotations

import time
import uuid
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from picasso.access import link_keys, links
from picasso.access.principal import Principal, principal_of
from picasso.api.answers import problems, utc, validated
from picasso.api.safety import AdministersProject, ReadsFiles
from picasso.errors import InvalidField, NotFound
from picasso.files import queries
from picasso.models import File
from picasso.serializers import Links, base_of


class NewLinkSerializer(serializers.Serializer[Any]):
    expires_in = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=links.MAX_SECONDS,
        help_text="Seconds. By default as of links in answers (PICASSO_LINK_EXPIRY); for a token that is the most.",
    )
    variant = serializers.CharField(
        required=False, max_length=64, help_text="The `role` of a derivative. Without it, the link is to the original."
    )


class LinkSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Whoever has it may fetch the bytes.")
    expires_at = serializers.DateTimeField()


class FileLinks(APIView):
    permission_classes = [ReadsFiles]

    @extend_schema(
        operation_id="create_link",
        tags=["files"],
        request=NewLinkSerializer,
        responses={201: LinkSerializer, **problems(400, 401, 403, 404, 415)},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Make a link to the bytes of a file or of a derivative, for whoever has no credential."""
        principal = principal_of(request.META)
        file = queries.get(principal, pk)
        values = validated(NewLinkSerializer(data=request.data))
        expires = int(time.time()) + seconds(principal, values.get("expires_in"))
        shown = {"url": address(request, file, values.get("variant"), expires), "expires_at": utc(expires)}
        return Response(LinkSerializer(shown).data, status=201, headers={"Cache-Control": "no-store"})


def seconds(principal: Principal, wish: int | None) -> int:
    """A token makes no link that is valid much longer than itself. Raises `InvalidField`."""
    default: int = min(settings.PICASSO.link_expiry, links.MAX_SECONDS)
    if wish is None:
        return default
    if principal.limits and wish > default:
        raise InvalidField("expires_in", f"A link that is made with a token is valid for at most {default} seconds.")
    return wish


def address(request: Request, file: File, role: str | None, expires: int) -> str:
    """Raises `NotFound` if there is no such derivative."""
    project = principal_of(request.META).project
    assert project is not None
    assert project.link_key is not None
    made = Links(base_of(request), links.Signer(project.link_key, expires), also_public=True)
    if role is None:
        return made.original(file)
    derivative = file.derivatives.filter(role=role).first()
    if derivative is None:
        raise NotFound("This file has no such derivative.")
    return made.derivative(file, derivative)


class LinkKeysChange(APIView):
    takes_body = False
    permission_classes = [AdministersProject]


class LinkKeysRotate(LinkKeysChange):
    @extend_schema(
        operation_id="rotate_link_keys", tags=["access"], request=None, responses={204: None, **problems(401, 403)}
    )
    def post(self, request: Request) -> Response:
        """Sign the links of the project with a new key. Those of the key before stay valid until they expire."""
        link_keys.rotate(principal_of(request.META).project_id)
        return Response(status=204)


class LinkKeysRevoke(LinkKeysChange):
    @extend_schema(
        operation_id="revoke_link_keys", tags=["access"], request=None, responses={204: None, **problems(401, 403)}
    )
    def post(self, request: Request) -> Response:
        """End all links of the project, everywhere within five seconds."""
        link_keys.revoke(principal_of(request.META).project_id)
        return Response(status=204)
