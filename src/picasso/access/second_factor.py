"""The second factor: codes of an authenticator app (TOTP, RFC 6238) and recovery codes. Each is valid once."""

from __future__ import annotations

import hashlib
import hmac
import io
import secrets
import time

import pyotp
import segno
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from picasso.access import audit
from picasso.access.ciphers import Cipher
from picasso.errors import Conflict
from picasso.models import Passkey, SecondFactor

ISSUER = "Picasso"
STEP_SECONDS = 30
RECOVERY_CODES = 10

cipher = Cipher("second factor")


def of(user: User) -> SecondFactor | None:
    """The confirmed one."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()


def is_asked(user: User) -> bool:
    """Whether a password alone does not sign this person in: they have an app or a passkey."""
    return of(user) is not None or Passkey.objects.filter(user=user).exists()


def enrol(user: User) -> str:
    """Begin to set it up: a new secret, which counts only after `confirm`. The secret in base 32.

    Raises `Conflict` if there is a confirmed one: it is never replaced, only removed.
    """
    secret = pyotp.random_base32()
    fresh: dict[str, object] = {
        "secret": cipher.encrypt(secret),
        "confirmed_at": None,
        "last_step": 0,
        "recovery_codes": [],
    }
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # no other request sets one up meanwhile
        if of(user):
            raise Conflict("There is a second factor already. Remove it first.")
        SecondFactor.objects.update_or_create(user=user, defaults=fresh)
    return secret


def unconfirmed_secret(user: User) -> str | None:
    """Of a second factor that is being set up, in base 32."""
    row = SecondFactor.objects.filter(user=user, confirmed_at=None).first()
    return cipher.decrypt(row.secret) if row else None


def confirm(user: User, code: str) -> list[str] | None:
    """With the first code of the app: recovery codes, to be shown once. None if the code is wrong."""
    codes = ["-".join(secrets.token_hex(2) for _ in range(4)) for _ in range(RECOVERY_CODES)]
    hashes = [hash_of(each) for each in codes]
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if not verify(user, code, confirmed=False):
            return None
        SecondFactor.objects.filter(user=user).update(confirmed_at=timezone.now(), recovery_codes=hashes)
        audit.record_person("person.second-factor", user, active=True)
    return codes


def verify(user: User, code: str, *, confirmed: bool = True) -> bool:
    """Whether this is a code that was not used yet. In a transaction, so that two requests never use the same code."""
    code = code.replace(" ", "").lower()
    with transaction.atomic():
        row = SecondFactor.objects.select_for_update().filter(user=user, confirmed_at__isnull=not confirmed).first()
        return row is not None and (use_step(row, code) or use_recovery_code(row, code))


def use_step(row: SecondFactor, code: str) -> bool:
    """A code of the present time, or of 30 seconds before or after, later than the last one."""
    if (secret := cipher.decrypt(row.secret)) is None:
        return False
    totp, now = pyotp.TOTP(secret), int(time.time()) // STEP_SECONDS
    for step in (now - 1, now, now + 1):
        if step > row.last_step and hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            row.last_step = step
            row.save(update_fields=["last_step"])
            return True
    return False


def use_recovery_code(row: SecondFactor, code: str) -> bool:
    if (found := hash_of(code)) not in row.recovery_codes:
        return False
    row.recovery_codes.remove(found)
    row.save(update_fields=["recovery_codes"])
    return True


def remove(user: User) -> None:
    with transaction.atomic():
        SecondFactor.objects.filter(user=user).delete()
        audit.record_person("person.second-factor", user, active=False)


def remove_all(user: User) -> None:
    """The passkeys as well: for somebody who has lost them, or whose account somebody else has used."""
    with transaction.atomic():
        remove(user)
        for row in Passkey.objects.filter(user=user):
            audit.record_person("person.passkey", user, active=False, passkey=row.name)
            row.delete()


def picture(user: User, secret: str) -> str:
    """The QR code for the app, as SVG."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.get_username(), issuer_name=ISSUER)
    svg = io.BytesIO()
    segno.make(uri).save(svg, kind="svg", scale=5, xmldecl=False, svgns=True, dark="#000", light="#fff")
    return svg.getvalue().decode()


def hash_of(code: str) -> str:
    """64 random bits need no slow hash."""
    return hashlib.sha256(code.encode(errors="replace")).hexdigest()
