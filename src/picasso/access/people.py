"""People who sign in: their roles, and what these allow."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet

from picasso import models
from picasso.access import audit, projects, session_rows
from picasso.access.actor import Actor
from picasso.access.principal import PROJECT_SCOPES, Principal, Scope
from picasso.errors import Conflict, InvalidField
from picasso.models import Invitation, Membership

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


# The first half of the key of an advisory lock.
LOCK = 0x5052


def any_exist() -> bool:
    """Whether anybody has an account, in whatever project."""
    return get_user_model().objects.exists()


def create(name: str, password: str | None, role: str, project: models.Project | None) -> User:
    """A person who may sign in; without a password, once they have one (`picasso.access.invitations`).

    Raises `InvalidField` for a name that is taken or invalid, and for a weak password.
    """
    users = get_user_model()
    name = valid_name(name)
    if password is not None:
        require_strong(password, users(username=name))
    hashed = make_password(password)
    with transaction.atomic():
        lock()
        require_free(name)
        user = users.objects.create(username=name, password=hashed)
        give_role(user, role, project)
    return user


def require_free(name: str) -> None:
    """Raises `InvalidField` for a name that is taken or invalid."""
    if get_user_model().objects.filter(username__iexact=valid_name(name)).exists():
        # Nothing more is told of the person: they may belong to another project.
        raise InvalidField("name", "This name is taken.")


def valid_name(name: str) -> str:
    """The name as it is stored: in one of the ways in which Unicode writes it. Raises `InvalidField`."""
    name = User.normalize_username(name)
    try:
        User._meta.get_field("username").clean(name, None)
    except ValidationError as fault:
        raise InvalidField("name", " ".join(fault.messages)) from fault
    return name


def lock() -> None:
    """For the rest of the transaction nobody else makes a person, so a name that is free stays free.

    On SQLite every transaction that writes is alone.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK])


def locked(user: User) -> User:
    """The person as they are now. For the rest of the transaction nobody else changes or invites them.

    Whoever changes a role, the password or whether the person is active holds this row too, so what was checked under
    the lock is true until the transaction ends. Lock it before the person's other rows: the order prevents deadlocks.
    """
    return User.objects.select_for_update().get(pk=user.pk)


def set_password(user: User, password: str, actor: Actor | None = None) -> None:
    """It ends all sessions of the person. Raises `InvalidField` for a weak one."""
    change_password(user, password, User.objects.filter(pk=user.pk), actor)


def replace_password(user: User, password: str) -> None:
    """As `set_password`, if the person still has the password of ``user``.

    So of two changes at the same moment one counts, and the other raises `Conflict`.
    """
    change_password(user, password, User.objects.filter(pk=user.pk, password=user.password))


def change_password(user: User, password: str, rows: QuerySet[User], actor: Actor | None = None) -> None:
    """Raises `InvalidField` for a weak one, `Conflict` if there is no such row."""
    require_strong(password, user)
    hashed = make_password(password)
    with transaction.atomic():
        if not rows.update(password=hashed):
            raise Conflict("The password was changed meanwhile. Please try again.")
        end_invitation(user)
        audit.record_person("person.password", user, actor=actor)
    user.password = hashed


def end_invitation(user: User) -> None:
    """Its link is not valid any more."""
    Invitation.objects.filter(user=user).delete()


def set_active(user: User, active: bool) -> bool:
    """Whether this changed something. An inactive person can't sign in, and keeps their roles."""
    with transaction.atomic():
        locked(user)
        changed = User.objects.filter(pk=user.pk).exclude(is_active=active).update(is_active=active) == 1
        if not active:
            end_invitation(user)
        if changed:
            audit.record_person("person.activate" if active else "person.deactivate", user)
    if not active:
        session_rows.end(user)
    user.is_active = active
    return changed


def sign_out(user: User, keep: str = "") -> None:
    """End all sessions of the person but the one with this key."""
    with transaction.atomic():
        session_rows.end(user, keep)
        audit.record_person("person.sign-out", user)


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
        locked(user)
        Membership.objects.update_or_create(user=user, project=project, defaults={"role": role})
        end_invitation(user)
        role_changed(user, project, role)


def take_role(user: User, project: models.Project | None) -> bool:
    """Take away the role that the person has in this project; without a project, the one for all projects.

    Whether there was one.
    """
    with transaction.atomic():
        locked(user)
        had = Membership.objects.filter(user=user, project=project).delete()[0] or (not project and user.is_superuser)
        if had:
            role_changed(user, project, "none")
    return bool(had)


def role_changed(user: User, project: models.Project | None, role: str) -> None:
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
    if acts_everywhere(user, memberships):
        return models.Project.objects.filter(name=name or projects.DEFAULT.name).first()
    mine = [each.project for each in memberships if each.project]
    return next((project for project in mine if name in {"", project.name}), None)


def project_names(user: User, most: int) -> list[str]:
    """Of the projects that the person may act in, in their order."""
    memberships = list(memberships_of(user))
    if acts_everywhere(user, memberships):
        return list(models.Project.objects.order_by("pk").values_list("name", flat=True)[:most])
    return [each.project.name for each in memberships if each.project][:most]


def acts_everywhere(user: User, memberships: Iterable[Membership]) -> bool:
    return user.is_superuser or any(each.project_id is None for each in memberships)


def scopes_of(roles: Iterable[str]) -> frozenset[Scope]:
    return frozenset[Scope]().union(*(SCOPES[role] for role in roles))
