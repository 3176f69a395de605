"""Who signs in with a browser."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from picasso.models.projects import Project


class Membership(models.Model):
    """What a person may do in a project, or without a project in all of them."""

    class Role(models.TextChoices):
        VIEWER = "viewer"
        OPERATOR = "operator"
        ADMIN = "admin"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "project"], name="one_role_per_person_and_project"),
            models.UniqueConstraint(
                fields=["user"], name="one_role_per_person_in_all", condition=models.Q(project=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.project or 'all projects'}"


class ExternalIdentity(models.Model):
    """Who a person is at an identity provider. People are never matched by name or mail, which they may choose."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="external_identities")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_per_subject")]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"


class SecondFactor(models.Model):
    """Codes of an authenticator app (TOTP, RFC 6238), and codes for the day on which it is lost."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="second_factor"
    )
    secret = models.CharField(max_length=200, help_text="Encrypted.")
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="It counts from the first right code on.")
    last_step = models.BigIntegerField(default=0, help_text="The time step of the last code: none is valid twice.")
    recovery_codes = models.JSONField(default=list, help_text="SHA-256 of those that were not used yet.")

    def __str__(self) -> str:
        return f"of {self.user}"


class Passkey(models.Model):
    """A credential of WebAuthn: `picasso.access.passkeys`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=100, help_text="By which the person tells it from others.")
    credential = models.CharField(
        max_length=1400, unique=True, help_text="Its id, which the authenticator chose, in base 64 for URLs."
    )
    handle = models.CharField(max_length=64, help_text="What it knows the person by, in base 64 for URLs.")
    public_key = models.TextField(help_text="COSE, in base 64 for URLs.")
    verified = models.BooleanField(
        help_text="Whether it made sure who holds it when it was added. Others are a second factor only."
    )
    sign_count = models.BigIntegerField(default=0, help_text="Of its last use: a copy would have a smaller one.")
    transports = models.JSONField(default=list, help_text="How browsers reach it.")
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class UsedChallenge(models.Model):
    """A challenge of WebAuthn that was answered, as long as it would be valid."""

    digest = models.CharField(primary_key=True, max_length=64, help_text="Its SHA-256.")
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.digest[:12]} at {self.at}"


class Invitation(models.Model):
    """A link by which a person sets their own password, once: `picasso.access.invitations`."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="invitation")
    secret_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret in the link.")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"of {self.user} until {self.expires_at}"


class SignInFailure(models.Model):
    """A failed attempt to sign in, for a while: too many lock an account or an address."""

    subject = models.CharField(max_length=80, help_text="`account:` or `address:`, and a hash.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject", "at"], name="sign_in_failure_subject")]

    def __str__(self) -> str:
        return f"{self.subject} at {self.at}"
