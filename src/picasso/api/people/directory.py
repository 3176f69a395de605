"""The people of a project: list, create, change what they may do, a new password, sign out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access import invitations, people_of_projects
from picasso.access.invitations import Invited
from picasso.access.principal import principal_of
from picasso.addresses import invitation_url
from picasso.api.answers import problems, validated
from picasso.api.pagination import Cursor
from picasso.api.parameters import KnownParameters
from picasso.api.safety import AdministersProject, AdministersService
from picasso.errors import InvalidField
from picasso.models import Membership
from picasso.serializers import base_of

MAX_NAME, MAX_PASSWORD = 150, 1024
NOT_STORED = {"Cache-Control": "no-store"}


def expires_in_field() -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=int(invitations.SHORTEST.total_seconds()),
        max_value=int(invitations.LONGEST.total_seconds()),
        default=int(invitations.LIFETIME.total_seconds()),
        help_text="Seconds for which the link of an invitation is valid.",
    )


class PersonSerializer(serializers.Serializer[User]):
    id = serializers.IntegerField()
    name = serializers.CharField(source="username", help_text="With which the person signs in.")
    role = serializers.SerializerMethodField(help_text="In this project; null without one.")
    role_everywhere = serializers.SerializerMethodField(help_text="In all projects; null without one.")
    active = serializers.BooleanField(source="is_active", help_text="Whether the person may sign in.")
    second_factor = serializers.SerializerMethodField(
        help_text="Whether a code of an app or a passkey is asked for, too."
    )
    external = serializers.SerializerMethodField(
        help_text="Whether the person signs in with an organisation, which then gives the roles at each sign-in."
    )
    last_sign_in = serializers.DateTimeField(source="last_login", allow_null=True)
    created_at = serializers.DateTimeField(source="date_joined")
    has_password = serializers.SerializerMethodField(
        help_text="False for who was invited and has not set one yet, and for who signs in with an organisation."
    )
    invited_until = serializers.SerializerMethodField(
        help_text="Until when the link of the last invitation is valid, which may have passed; null without one."
    )

    def get_has_password(self, user: User) -> bool:
        return user.has_usable_password()

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_invited_until(self, user: User) -> str | None:
        found = getattr(user, "invitation", None)
        return serializers.DateTimeField().to_representation(found.expires_at) if found else None

    def get_role(self, user: User) -> str | None:
        return people_of_projects.role_of(user, self.context["project"])

    def get_role_everywhere(self, user: User) -> str | None:
        return people_of_projects.role_of(user, None)

    def get_second_factor(self, user: User) -> bool:
        found = getattr(user, "second_factor", None)
        return bool((found and found.confirmed_at) or user.passkeys.all())

    def get_external(self, user: User) -> bool:
        return bool(user.external_identities.all())


class NewPersonSerializer(serializers.Serializer[Any]):
    name = serializers.RegexField(
        r"^[\w.@+-]+$", max_length=MAX_NAME, help_text="Letters, digits and `@`, `.`, `+`, `-`, `_`."
    )
    role = serializers.ChoiceField(choices=Membership.Role.choices)
    everywhere = serializers.BooleanField(
        default=False, help_text="In all projects, which needs `service:admin`; otherwise in this one."
    )
    password = serializers.CharField(
        required=False, max_length=MAX_PASSWORD, trim_whitespace=False, help_text="Default: a random one."
    )
    invite = serializers.BooleanField(
        default=False, help_text="Give no password: the answer has a link by which the person sets their own."
    )
    expires_in = expires_in_field()


class PersonWithPasswordSerializer(PersonSerializer):
    password = serializers.CharField(help_text="It is shown only in this answer.")


class InvitationSerializer(serializers.Serializer[Any]):
    url = serializers.URLField(help_text="For the person only. It is shown only in this answer, and can be used once.")
    expires_at = serializers.DateTimeField()


class InvitedPersonSerializer(PersonSerializer):
    invitation = InvitationSerializer()


class CreatedPersonSerializer(PersonSerializer):
    password = serializers.CharField(required=False, help_text="It is shown only in this answer. Not with `invite`.")
    invitation = InvitationSerializer(required=False, help_text="With `invite`.")


class NewInvitationSerializer(serializers.Serializer[Any]):
    expires_in = expires_in_field()


class PersonChangesSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Membership.Role.choices, required=False, allow_null=True)
    role_everywhere = serializers.ChoiceField(
        choices=Membership.Role.choices, required=False, allow_null=True, help_text="Needs `service:admin`."
    )
    active = serializers.BooleanField(required=False, help_text="Needs `service:admin`.")


class NewPasswordSerializer(serializers.Serializer[Any]):
    remove_second_factor = serializers.BooleanField(
        default=False, help_text="Also all passkeys. For somebody who has lost them."
    )


class PersonView(KnownParameters):
    permission_classes = [AdministersProject]

    def person(self, pk: int) -> User:
        """Raises `NotFound`."""
        return people_of_projects.get(principal_of(self.request.META), pk)

    def context(self) -> dict[str, Any]:
        return {"project": principal_of(self.request.META).project_id}

    def shown(self, pk: int) -> dict[str, Any]:
        return PersonSerializer(self.person(pk), context=self.context()).data

    def shown_with(self, pk: int, status: int, **secret: Any) -> Response:
        """With what nothing will show again."""
        return Response({**self.shown(pk), **secret}, status=status, headers=NOT_STORED)

    def link(self, invited: Invited) -> dict[str, Any]:
        url = invitation_url(base_of(self.request), invited.secret)
        return InvitationSerializer({"url": url, "expires_at": invited.expires_at}).data


class PersonList(PersonView, generics.ListAPIView[User]):
    """Who has a role in the project or in all of them, newest first; for `service:admin` everybody."""

    serializer_class = PersonSerializer
    pagination_class = Cursor

    def get_queryset(self) -> QuerySet[User]:
        return people_of_projects.of(principal_of(self.request.META))

    def get_serializer_context(self) -> dict[str, Any]:
        return self.context()

    @extend_schema(
        operation_id="list_people",
        tags=["access"],
        responses={200: PersonSerializer(many=True), **problems(400, 401, 403)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="create_person",
        tags=["access"],
        request=NewPersonSerializer,
        responses={201: CreatedPersonSerializer, **problems(400, 401, 403, 415)},
    )
    def post(self, request: Request) -> Response:
        """Create a person. The answer shows their password, or a link to set it, and nothing will show that again."""
        values, principal = validated(NewPersonSerializer(data=request.data)), principal_of(request.META)
        who, wished = (values["name"], values["role"], values["everywhere"]), values.get("password")
        if not values["invite"]:
            user, password = people_of_projects.create(principal, *who, wished)
            return self.shown_with(user.pk, 201, password=password)
        if wished:
            raise InvalidField("password", "Who is invited sets the password: leave it out.")
        user, invited = people_of_projects.create_invited(principal, *who, timedelta(seconds=values["expires_in"]))
        return self.shown_with(user.pk, 201, invitation=self.link(invited))


class PersonDetail(PersonView):
    """One person."""

    @extend_schema(
        operation_id="get_person",
        tags=["access"],
        responses={200: PersonSerializer, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(self.shown(pk))

    @extend_schema(
        operation_id="update_person",
        tags=["access"],
        request=PersonChangesSerializer,
        responses={200: PersonSerializer, **problems(400, 401, 403, 404, 409, 415)},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change roles; null takes one away. It counts within five seconds, in open sessions too."""
        user, principal = self.person(pk), principal_of(request.META)
        values = validated(PersonChangesSerializer(data=request.data))
        before = PersonSerializer(user, context=self.context()).data
        with transaction.atomic():
            if "role" in values:
                people_of_projects.change_role(principal, user, values["role"], everywhere=False)
            if "role_everywhere" in values:
                people_of_projects.change_role(principal, user, values["role_everywhere"], everywhere=True)
            if "active" in values:
                people_of_projects.set_active(principal, user, values["active"])
        found = people_of_projects.of(principal).filter(pk=pk).first()
        # Whoever has lost their last role here is not seen any more.
        without = {"role": None, "role_everywhere": None}
        shown = PersonSerializer(found, context=self.context()).data if found else {**before, **without}
        return Response(shown)


class PersonPassword(PersonView):
    permission_classes = [AdministersService]

    @extend_schema(
        operation_id="replace_password",
        tags=["access"],
        request=NewPasswordSerializer,
        responses={200: PersonWithPasswordSerializer, **problems(400, 401, 403, 404, 409, 415)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Give a person a new random password, which ends their sessions. The answer shows it once."""
        user = self.person(pk)
        values = validated(NewPasswordSerializer(data=request.data))
        password = people_of_projects.replace_password(
            principal_of(request.META), user, remove_second_factor=values["remove_second_factor"]
        )
        return self.shown_with(pk, 200, password=password)


class PersonInvitation(PersonView):
    @extend_schema(
        operation_id="invite_person",
        tags=["access"],
        request=NewInvitationSerializer,
        responses={200: InvitedPersonSerializer, **problems(400, 401, 403, 404, 409, 415)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Make a link by which a person sets their own password, once. It ends the link of before.

        A password of before is valid until then. For somebody who has one, or a role elsewhere, this needs
        `service:admin`.
        """
        user = self.person(pk)
        values = validated(NewInvitationSerializer(data=request.data))
        lifetime = timedelta(seconds=values["expires_in"])
        invited = people_of_projects.invite(principal_of(request.META), user, lifetime)
        return self.shown_with(pk, 200, invitation=self.link(invited))

    @extend_schema(
        operation_id="withdraw_invitation",
        tags=["access"],
        responses={204: None, **problems(401, 403, 404)},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """End the link of an invitation, if there is one."""
        people_of_projects.withdraw_invitation(principal_of(request.META), self.person(pk))
        return Response(status=204)


class PersonSignOut(PersonView):
    takes_body = False
    permission_classes = [AdministersService]

    @extend_schema(
        operation_id="sign_out_person",
        tags=["access"],
        request=None,
        responses={204: None, **problems(401, 403, 404)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """End all sessions of a person who may do no more than you, everywhere within five seconds."""
        people_of_projects.sign_out(principal_of(request.META), self.person(pk))
        return Response(status=204)
