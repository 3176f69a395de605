"""Signing in by OpenID Connect: who a person is, and which roles the groups of the provider give them.

The protocol is Authlib's (the extra ``oidc``): code flow with PKCE, state, nonce, and the checks of the ID token.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from picasso.access import people
from picasso.conf import Conf, GroupRole
from picasso.errors import SignInRefused
from picasso.models import ExternalIdentity, Membership, Project

GROUPS = "groups"
"""The claim with the groups of a person."""

SCOPES = "openid profile email groups"


def configured() -> bool:
    conf: Conf = settings.PICASSO
    return bool(conf.oidc_issuer)


@cache
def client() -> Any:
    """Authlib's client of the provider. Raises `ImportError` without the extra ``oidc``."""
    from authlib.integrations.django_client import OAuth

    conf: Conf = settings.PICASSO
    oauth = OAuth()
    return oauth.register(
        "picasso",
        client_id=conf.oidc_client_id,
        client_secret=conf.oidc_client_secret or None,
        server_metadata_url=f"{conf.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": SCOPES, "code_challenge_method": "S256", "timeout": 10},
    )


def sign_in(claims: Mapping[str, Any]) -> User:
    """The person of a verified ID token, with the roles that their groups give them now.

    Raises `SignInRefused` if none of the groups has a role, or if the person was deactivated here.
    """
    conf: Conf = settings.PICASSO
    roles = roles_of(claims.get(GROUPS), conf.oidc_groups)
    if not roles:
        raise SignInRefused("None of your groups may use this service.")
    with transaction.atomic():
        user = find_or_create(conf.oidc_issuer, claims)
        replace_roles(user, roles)
    if not user.is_active:
        raise SignInRefused
    return user


def roles_of(groups: object, known: Collection[GroupRole]) -> dict[str, str]:
    """The most powerful role by project name (empty: all projects) of these groups."""
    mine = groups if isinstance(groups, list) else [groups]
    found: dict[str, str] = {}
    for _, role, project in (each for each in known if each.group in mine):
        if project not in found or people.ROLES_BY_POWER.index(role) > people.ROLES_BY_POWER.index(found[project]):
            found[project] = role
    return found


def find_or_create(issuer: str, claims: Mapping[str, Any]) -> User:
    subject = str(claims["sub"])[:255]
    known = ExternalIdentity.objects.select_related("user").filter(issuer=issuer, subject=subject).first()
    if known:
        return known.user
    user = User.objects.create_user(username=free_name(claims))
    ExternalIdentity.objects.create(user=user, issuer=issuer, subject=subject)
    return user


def free_name(claims: Mapping[str, Any]) -> str:
    """A name of their own: one that somebody has already is never taken over."""
    wanted = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])
    name = re.sub(r"[^\w.@+-]", "-", wanted)[:140] or "person"
    taken = set(User.objects.filter(username__istartswith=name).values_list("username", flat=True))
    lowered = {each.lower() for each in taken}
    return next(each for each in (name, *(f"{name}-{n}" for n in range(2, 10_000))) if each.lower() not in lowered)


def replace_roles(user: User, roles: Mapping[str, str]) -> None:
    """What the provider says counts: roles of before are taken away."""
    projects = {project.name: project for project in Project.objects.filter(name__in=[*roles])}
    Membership.objects.filter(user=user).delete()
    user.is_staff = user.is_superuser = False
    user.save(update_fields=["is_staff", "is_superuser"])
    for name, role in roles.items():
        if not name or name in projects:
            people.give_role(user, role, projects.get(name))
