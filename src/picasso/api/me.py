"""Who asks, and what they may do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from picasso.access import people
from picasso.access.principal import Principal, principal_of
from picasso.api.answers import problems
from picasso.models import Key

MAX_PROJECTS = 500


class OwnKeySerializer(serializers.Serializer[Key]):
    id = serializers.CharField()
    name = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)


class MeSerializer(serializers.Serializer[Principal]):
    kind = serializers.CharField(help_text="`key`, `token`, `session`, or `open` where everybody is let in.")
    project = serializers.CharField(source="project.name")
    trash_days = serializers.IntegerField(
        source="project.trash_days", help_text="So long its deleted files can be restored; 0: it has no trash."
    )
    scopes = serializers.SerializerMethodField()
    owner = serializers.CharField(allow_null=True, help_text="The end user whose files it sees; null for all.")
    key = serializers.SerializerMethodField(help_text="The key that asks; null without one.")
    person = serializers.SerializerMethodField(help_text="The name of the person who is signed in; null without one.")

    projects = serializers.SerializerMethodField(
        help_text=f"Where the person may act, by `Picasso-Project`: at most {MAX_PROJECTS} names. Empty for others."
    )

    def get_scopes(self, principal: Principal) -> list[str]:
        return sorted(principal.scopes)

    def get_projects(self, principal: Principal) -> list[str]:
        return projects_of(principal)

    @extend_schema_field(OwnKeySerializer(allow_null=True))
    def get_key(self, principal: Principal) -> Any:
        row = Key.objects.filter(pk=principal.key_id).first() if principal.kind == "key" else None
        return row and OwnKeySerializer(row).data

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_person(self, principal: Principal) -> str | None:
        found = person_of(principal)
        return found.get_username() if found else None


def person_of(principal: Principal) -> User | None:
    kind, _, pk = principal.identity.partition(":")
    return User.objects.filter(pk=pk).first() if (kind, pk.isdigit()) == ("user", True) else None


def projects_of(principal: Principal) -> list[str]:
    found = person_of(principal) if principal.kind == "session" else None
    return people.project_names(found, MAX_PROJECTS) if found else []


class Me(APIView):
    """Who asks, and what they may do."""

    @extend_schema(operation_id="get_me", tags=["access"], responses={200: MeSerializer, **problems(401)})
    def get(self, request: Request) -> Response:
        principal = principal_of(request.META)
        principal.project_id  # noqa: B018 - raises `Unauthorized` for strangers
        return Response(MeSerializer(principal).data)
