"""The people of a project: who may see them, and who may change what they may do."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from picasso import models
from picasso.access import invitations, people, second_factor
from picasso.access.invitations import Invited
from picasso.access.principal import Principal, Scope
from picasso.errors import Conflict, Forbidden, NotFound
from picasso.models import Membership

PASSWORD_BYTES = 15


def of(principal: Principal) -> QuerySet[User]:
    """Those with a role in the principal's project or in all; for an administrator of the service everybody."""
    rows = User.objects.prefetch_related(
        "memberships", "external_identities", "second_factor", "passkeys", "invitation"
    )
    if principal.may(Scope.SERVICE_ADMIN):
        return rows
    mine = Membership.objects.filter(Q(project=principal.project_id) | Q(project=None))
    return rows.filter(Q(pk__in=mine.values("user")) | Q(is_superuser=True))


def get(principal: Principal, user_id: int) -> User:
    """Raises `NotFound`, also for somebody who has nothing to do with the project."""
    if (row := of(principal).filter(pk=user_id).first()) is None:
        raise NotFound
    return row


def role_of(user: User, project_id: int | None) -> str | None:
    """In a project, or for None in all projects."""
    found = [each.role for each in user.memberships.all() if each.project_id == project_id]
    if project_id is None and user.is_superuser:
        return str(Membership.Role.ADMIN)
    return found[0] if found else None


def create(principal: Principal, name: str, role: str, everywhere: bool, password: str | None) -> tuple[User, str]:
    """A person, and their password, which is a random one unless it is given. Raises `Forbidden`, `InvalidField`."""
    require_grantable(principal, role, everywhere)
    project = None if everywhere else models.Project.objects.get(pk=principal.project_id)
    password = password or new_password()
    return people.create(name, password, role, project), password


def create_invited(
    principal: Principal, name: str, role: str, everywhere: bool, lifetime: timedelta
) -> tuple[User, Invited]:
    """A person who sets their own password. Raises `Forbidden`, `InvalidField`."""
    require_grantable(principal, role, everywhere)
    project = None if everywhere else models.Project.objects.get(pk=principal.project_id)
    with transaction.atomic():
        user = people.create(name, None, role, project)
        return user, invitations.create(user, lifetime)


@transaction.atomic
def invite(principal: Principal, user: User, lifetime: timedelta) -> Invited:
    """A new link. Raises `Forbidden`, `Conflict`."""
    user = people.locked(user)
    require_other(principal, user)
    require_as_much(principal, user)
    if user.external_identities.exists():
        raise Conflict("This person signs in with your organisation, without a password.")
    if not user.is_active:
        raise Conflict("This person is inactive. Activate them first.")
    if user.has_usable_password() or not belongs_only_to(user, principal.project_id):
        # Whoever has the link signs in as the person.
        principal.require(Scope.SERVICE_ADMIN)
    return invitations.create(user, lifetime)


def belongs_only_to(user: User, project_id: int | None) -> bool:
    return not user.is_superuser and all(each.project_id == project_id for each in user.memberships.all())


def withdraw_invitation(principal: Principal, user: User) -> None:
    """Raises `Forbidden`."""
    if hasattr(user, "invitation"):
        require_as_much(principal, user)
        invitations.withdraw(user)


def new_password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)


@transaction.atomic
def change_role(principal: Principal, user: User, role: str | None, everywhere: bool) -> None:
    """Give or, for None, take away the role in the principal's project or in all. Raises `Forbidden`, `Conflict`."""
    user = people.locked(user)
    require_other(principal, user)
    before = role_of(user, None if everywhere else principal.project_id)
    for each in {role, before} - {None}:
        require_grantable(principal, str(each), everywhere)
    project = None if everywhere else models.Project.objects.get(pk=principal.project_id)
    if role is None:
        people.take_role(user, project)
    elif role != before:
        people.give_role(user, role, project)


def require_grantable(principal: Principal, role: str, everywhere: bool) -> None:
    """Nobody gives or takes a role that may do more than they. Raises `Forbidden`."""
    if everywhere:
        principal.require(Scope.SERVICE_ADMIN)
    if principal.owner is not None or not people.SCOPES[role] <= principal.scopes:
        raise Forbidden(f"The role {role} may do more than you.")


def require_as_much(principal: Principal, user: User) -> None:
    """Before something that takes an account from its person, or locks them out of it. Raises `Forbidden`.

    Whoever sets a password can sign in as the person, so they must have what the person has.
    """
    roles = {each.role for each in user.memberships.all()} | ({Membership.Role.ADMIN} if user.is_superuser else set())
    for role in sorted(roles):
        require_grantable(principal, str(role), everywhere=user.is_superuser)


def require_other(principal: Principal, user: User) -> None:
    """So nobody locks themselves out. Raises `Conflict`."""
    if principal.identity == f"user:{user.pk}":
        raise Conflict("You can't do this to yourself. Ask another administrator.")


@transaction.atomic
def set_active(principal: Principal, user: User, active: bool) -> None:
    """Raises `Forbidden`, `Conflict`."""
    user = people.locked(user)
    principal.require(Scope.SERVICE_ADMIN)
    require_other(principal, user)
    require_as_much(principal, user)
    people.set_active(user, active)


def sign_out(principal: Principal, user: User) -> None:
    """End all sessions of the person. Raises `Forbidden`."""
    require_as_much(principal, user)
    people.sign_out(user)


@transaction.atomic
def replace_password(principal: Principal, user: User, *, remove_second_factor: bool) -> str:
    """A random one, which ends all sessions of the person. Raises `Forbidden`, `Conflict`."""
    user = people.locked(user)
    require_other(principal, user)
    require_as_much(principal, user)
    password = new_password()
    people.set_password(user, password)
    if remove_second_factor:
        second_factor.remove_all(user)
    return password
