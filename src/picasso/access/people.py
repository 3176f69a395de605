"""People who sign in: their roles, and what these allow."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from picasso import models
from picasso.access import audit, projects
from picasso.access.principal import PROJECT_SCOPES, Principal, Scope
from picasso.errors import InvalidField
from picasso.models import Membership

Role = Membership.Role

READS = frozenset({Scope.FILES_READ, Scope.JOBS_READ, Scope.EVENTS_READ})
OPERATES = READS | {
    Scope.FILES_WRITE,
    Scope.FILES_DELETE,
    Scope.FILES_QUARANTINE,
    Scope.JOBS_WRITE,
    Scope.WEBHOOKS_WRITE,
}

SCOPES: dict[str, frozenset[Scope]] = {
    Role.VIEWER: READS,
    Role.OPERATOR: OPERATES,
    Role.ADMIN: PROJECT_SCOPES,
}

ROLES_BY_POWER = (Role.VIEWER, Role.OPERATOR, Role.ADMIN)


def create(name: str, password: str, role: str, project: models.Project | None) -> User:
    """A person who may sign in. Raises `InvalidField` for a name that is taken, and for a weak password."""
    users = get_user_model()
    if found := users.objects.filter(username__iexact=name).first():
        raise InvalidField("name", taken(found))
    require_strong(password, users(username=name))
    with transaction.atomic():
        user = users.objects.create_user(username=name, password=password)
        give_role(user, role, project)
    return user


def taken(user: User) -> str:
    if user.is_active:
        return "There is a person of this name already."
    name = user.get_username()
    return f"There is a person {name!r} already, who is inactive. To activate: picasso people activate {name}"


def set_password(user: User, password: str) -> None:
    """It ends all sessions of the person. Raises `InvalidField` for a weak one."""
    require_strong(password, user)
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        audit.record_person("person.password", user)


def set_active(user: User, active: bool) -> bool:
    """Whether this changed something. An inactive person can't sign in, and keeps their roles."""
    with transaction.atomic():
        changed = User.objects.filter(pk=user.pk).exclude(is_active=active).update(is_active=active) == 1
        if changed:
            audit.record_person("person.activate" if active else "person.deactivate", user)
    user.is_active = active
    return changed


def require_strong(password: str, user: User) -> None:
    """Raises `InvalidField`."""
    try:
        password_validation.validate_password(password, user)
    except ValidationError as fault:
        raise InvalidField("password", " ".join(fault.messages)) from fault


def give_role(user: User, role: str, project: models.Project | None) -> None:
    """Replaces the role that the person has in this project; without a project, the one for all projects.

    Whoever is an administrator of all projects may also use Django's admin.
    """
    with transaction.atomic():
        Membership.objects.update_or_create(user=user, project=project, defaults={"role": role})
        if project is None:
            user.is_staff = user.is_superuser = role == Role.ADMIN
            user.save(update_fields=["is_staff", "is_superuser"])
        project_id = project.pk if project else None
        audit.record_person("person.role", user, project=project_id, role=role)


def principal_of_user(user: User, project_name: str) -> Principal | None:
    """On whose behalf a signed-in person acts: in the named project, or else in the first that they belong to.

    None if they belong to no project, or not to this one.
    """
    memberships = list(memberships_of(user))
    project = chosen_project(user, memberships, project_name)
    if project is None:
        return None
    roles = [each.role for each in memberships if each.project_id in {None, project.pk}]
    scopes = frozenset(Scope) if user.is_superuser else scopes_of(roles)
    return Principal("session", projects.snapshot(project), scopes, identity=f"user:{user.pk}")


def memberships_of(user: User) -> QuerySet[Membership]:
    return Membership.objects.filter(user=user).select_related("project").order_by("project_id")


def chosen_project(user: User, memberships: Iterable[Membership], name: str) -> models.Project | None:
    everywhere = user.is_superuser or any(each.project_id is None for each in memberships)
    if everywhere:
        return models.Project.objects.filter(name=name or projects.DEFAULT.name).first()
    mine = [each.project for each in memberships if each.project]
    return next((project for project in mine if name in {"", project.name}), None)


def scopes_of(roles: Iterable[str]) -> frozenset[Scope]:
    return frozenset[Scope]().union(*(SCOPES[role] for role in roles))
