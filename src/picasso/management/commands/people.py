"""``picasso people``: who may sign in, and with which role."""

from __future__ import annotations

import getpass
import json
import sys
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from picasso import addresses
from picasso.access import invitations, people, second_factor
from picasso.conf import Conf
from picasso.errors import InvalidField
from picasso.management.command import OwnCommand
from picasso.models import Membership, Project
from picasso.timestamps import rfc3339

ROLES = [str(role) for role in Membership.Role]
NO_ROLE = "none"


class Command(OwnCommand):
    help = (
        "People who sign in with a password: create, list, change. Passwords are read from the terminal or from stdin."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(
            dest="do",
            metavar="create | invite | withdraw | list | role | password | sign-out | activate | deactivate",
            required=True,
        )
        for name, what in (("create", "create a person"), ("role", "give a person another role, or none")):
            command = commands.add_parser(name, help=what)
            command.add_argument("name")
            choices = ROLES if name == "create" else [*ROLES, NO_ROLE]
            command.add_argument("--role", choices=choices, required=True)
            command.add_argument("--project", help="the name of a project (default: all projects)")
        invite = commands.add_parser("invite", help="print a link by which a person, who may be new, sets a password")
        invite.add_argument("name")
        invite.add_argument("--role", choices=ROLES, help="of a new person")
        invite.add_argument("--project", help="the name of a project of a new person (default: all projects)")
        invite.add_argument("--days", type=int, default=invitations.LIFETIME.days, help="how long it is valid (3)")
        commands.add_parser("withdraw", help="end the link of an invitation").add_argument("name")
        commands.add_parser("list", help="list the people").add_argument(
            "--json", action="store_true", help="print JSON"
        )
        password = commands.add_parser("password", help="set a new password; it ends all sessions")
        password.add_argument("name")
        password.add_argument(
            "--remove-second-factor", action="store_true", help="for somebody who lost their app; removes passkeys, too"
        )
        commands.add_parser("sign-out", help="end all sessions of a person").add_argument("name")
        commands.add_parser("activate", help="let an inactive person sign in again").add_argument("name")
        commands.add_parser("deactivate", help="let a person sign in no more").add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        calls = {
            "create": self._create,
            "invite": self._invite,
            "withdraw": self._withdraw,
            "list": self._list,
            "role": self._role,
            "password": self._password,
            "sign-out": self._sign_out,
            "activate": self._activate,
            "deactivate": self._deactivate,
        }
        try:
            calls[options["do"]](options)
        except InvalidField as fault:
            raise CommandError(fault.detail) from fault

    def _create(self, options: dict[str, Any]) -> None:
        project = project_of(options)
        try:
            people.require_free(options["name"])
            people.create(options["name"], new_password(), options["role"], project)
        except InvalidField as fault:
            raise CommandError(fault.detail + activation(options["name"])) from fault
        self.stdout.write(f"{options['name']} may sign in now, with the role {options['role']} in {place_of(project)}.")

    def _invite(self, options: dict[str, Any]) -> None:
        lifetime = timedelta(days=options["days"])
        if not invitations.SHORTEST <= lifetime <= invitations.LONGEST:
            raise CommandError(f"A link is valid for 1 to {invitations.LONGEST.days} days.")
        with transaction.atomic():
            invited = invitations.create(invited_person(options), lifetime)
        conf: Conf = settings.PICASSO
        base = conf.public_url or f"http://{conf.host}:{conf.port}"
        self.stdout.write(addresses.invitation_url(base, invited.secret))
        self.stderr.write(f"It sets a password once, until {invited.expires_at:%Y-%m-%d %H:%M} UTC.")

    def _withdraw(self, options: dict[str, Any]) -> None:
        user = person(options)
        told = "has no invitation any more." if invitations.withdraw(user) else "had no invitation."
        self._tell(user, told)

    def _role(self, options: dict[str, Any]) -> None:
        user, project = person(options), project_of(options)
        where = place_of(project)
        if options["role"] != NO_ROLE:
            people.give_role(user, options["role"], project)
            self._tell(user, f"has the role {options['role']} in {where}.")
        elif people.take_role(user, project):
            self._tell(user, f"has no role in {where} any more.")
        else:
            self._tell(user, f"had no role in {where}.")

    def _password(self, options: dict[str, Any]) -> None:
        user = person(options)
        people.set_password(user, new_password())
        if options["remove_second_factor"]:
            second_factor.remove_all(user)
        removed = " and no second factor" if options["remove_second_factor"] else ""
        self._tell(user, f"has a new password{removed}; all sessions end within five seconds.")

    def _sign_out(self, options: dict[str, Any]) -> None:
        user = person(options)
        people.sign_out(user)
        self._tell(user, "is signed out; all sessions end within five seconds.")

    def _activate(self, options: dict[str, Any]) -> None:
        user = person(options)
        changed = people.set_active(user, True)
        self._tell(user, "may sign in again." if changed else "is active already.")

    def _deactivate(self, options: dict[str, Any]) -> None:
        user = person(options)
        name, changed = user.get_username(), people.set_active(user, False)
        what = "can't sign in any more; all sessions end within five seconds." if changed else "is inactive already."
        self.stdout.write(f"{name} {what}")

    def _tell(self, user: User, what: str) -> None:
        name = user.get_username()
        note = "" if user.is_active else f" {name} is inactive; to activate: picasso people activate {name}"
        self.stdout.write(f"{name} {what}{note}")

    def _list(self, options: dict[str, Any]) -> None:
        found = [described(user) for user in User.objects.order_by("username")]
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        if not found:
            self.stdout.write("There are no people yet. To create one: picasso people create NAME --role admin")
        for each in found:
            roles = ", ".join(f"{role} of {project or 'all projects'}" for project, role in each["roles"])
            invited = f", invited until {each['invited_until'][:16]}Z" if each["invited_until"] else ""
            self.stdout.write(
                f"{each['id']:>6} {each['name']:20} {'active' if each['active'] else 'inactive':8} {roles}{invited}"
            )


def invited_person(options: dict[str, Any]) -> User:
    """Who has this name, locked until the transaction ends, or a new person with the role."""
    name = User.normalize_username(options["name"])
    user = User.objects.select_for_update().filter(username=name).first()
    if user is None and not options["role"]:
        raise CommandError(f"There is no person {name!r}. For a new one, give a --role.")
    if user and options["role"]:
        raise CommandError(
            f"{name} is there already. For a new link, leave out --role;"
            f" for another role: picasso people role {name} --role …"
        )
    if user and not user.is_active:
        raise CommandError(f"{name} is inactive; to activate: picasso people activate {name}")
    return user or people.create(name, None, options["role"], project_of(options))


def activation(name: str) -> str:
    """How to let a person of this name in again who is inactive; empty if there is none."""
    user = User.objects.filter(username__iexact=User.normalize_username(name), is_active=False).first()
    if user is None:
        return ""
    return f" {user.get_username()} is inactive; to activate: picasso people activate {user.get_username()}"


def described(user: User) -> dict[str, Any]:
    until = invitations.until(user)
    roles = [(each.project.name if each.project else None, each.role) for each in people.memberships_of(user)]
    return {
        "id": user.pk,
        "name": user.get_username(),
        "active": user.is_active,
        "roles": roles,
        "second_factor": second_factor.is_asked(user),
        "has_password": user.has_usable_password(),
        "invited_until": until and rfc3339(until),
    }


def person(options: dict[str, Any]) -> User:
    user = User.objects.filter(username=options["name"]).first()
    if user is None:
        raise CommandError(f"There is no person {options['name']!r}.")
    return user


def project_of(options: dict[str, Any]) -> Project | None:
    if not options["project"]:
        return None
    project = Project.objects.filter(name=options["project"]).first()
    if project is None:
        raise CommandError(f"There is no project {options['project']!r}.")
    return project


def new_password() -> str:
    """From the terminal, twice; from a pipe, its first line. Never from the command line, which other users see."""
    if not sys.stdin.isatty():
        if not (line := sys.stdin.readline()):
            raise CommandError("No password was given: it is the first line of the standard input.")
        return line.rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise CommandError("The passwords are not the same.")
    return password


def place_of(project: Project | None) -> str:
    return f"the project {project.name}" if project else "all projects"
