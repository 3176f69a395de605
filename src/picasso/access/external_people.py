"""People of an identity provider: who they are here, and which roles their groups give them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from picasso.access import oidc_claims, people, second_factor
from picasso.access.oidc_claims import Claims
from picasso.conf import Conf, GroupRole
from picasso.errors import SignInRefused
from picasso.models import ExternalIdentity, Membership, Project

MAX_NAME = 140
"""Characters. The table has 150, so a number fits behind a name that somebody has already."""


def sign_in(verified: Mapping[str, Any]) -> User:
    """The person of the claims of a verified ID token, with the roles that their groups give them now.

    Raises `SignInRefused` if none of the groups has a role, if a claim can't be used, or if the person was deactivated
    here.
    """
    conf: Conf = settings.PICASSO
    claims = oidc_claims.parse(verified)
    roles = roles_of(claims.groups, conf.oidc_groups)
    if not roles:
        raise SignInRefused("None of your groups may use this service.")
    with transaction.atomic():
        people.lock()
        user = find_or_create(conf.oidc_issuer, claims)
        if not user.is_active:
            raise SignInRefused
        replace_roles(user, roles)
    return user


def needs_code(user: User, verified: Mapping[str, Any]) -> bool:
    """Whether the person has to enter a code here, too. The provider may have asked for a second factor already."""
    conf: Conf = settings.PICASSO
    asked = oidc_claims.parse(verified).methods & set(conf.oidc_second_factor)
    return not asked and second_factor.is_asked(user)


def roles_of(groups: Collection[str], known: Collection[GroupRole]) -> dict[str, str]:
    """The most powerful role by project name (empty: all projects) of these groups."""
    found: dict[str, str] = {}
    for _, role, project in (each for each in known if each.group in groups):
        if project not in found or people.ROLES_BY_POWER.index(role) > people.ROLES_BY_POWER.index(found[project]):
            found[project] = role
    return found


def find_or_create(issuer: str, claims: Claims) -> User:
    """While `people.lock` is held: two first sign-ins of one person at once make one person."""
    known = ExternalIdentity.objects.select_related("user").filter(issuer=issuer, subject=claims.subject).first()
    if known:
        return known.user
    user = User.objects.create_user(username=free_name(claims.name))
    ExternalIdentity.objects.create(user=user, issuer=issuer, subject=claims.subject)
    return user


def free_name(wanted: str) -> str:
    """A name of their own: one that somebody has already is never taken over."""
    name = re.sub(r"[^\w.@+-]", "-", User.normalize_username(wanted))[:MAX_NAME] or "person"
    taken = set(User.objects.filter(username__istartswith=name).values_list("username", flat=True))
    lowered = {each.lower() for each in taken}
    numbered = (f"{name}-{n}" for n in range(2, len(lowered) + 3))
    return next(each for each in (name, *numbered) if each.lower() not in lowered)


def replace_roles(user: User, roles: Mapping[str, str]) -> None:
    """What the provider says counts: other roles are taken away."""
    projects = {project.name: project for project in Project.objects.filter(name__in=[*roles])}
    wanted = {projects.get(name): role for name, role in roles.items() if not name or name in projects}
    present = {each.project: each.role for each in Membership.objects.filter(user=user).select_related("project")}
    if user.is_superuser:
        present.setdefault(None, "")
    for project in present.keys() - wanted.keys():
        people.take_role(user, project)
    for project, role in wanted.items():
        if present.get(project) != role:
            people.give_role(user, role, project)
