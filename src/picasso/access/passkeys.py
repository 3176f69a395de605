"""Passkeys (WebAuthn): a second factor, and with user verification a way to sign in without a password.

They work where `PICASSO_PUBLIC_URL` names the service: a passkey is bound to its host for ever. The library is imported
where it is used: it takes half a second, and many processes never need it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import idna
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from picasso.access import audit, challenges
from picasso.errors import Conflict, NotFound, SignInRefused
from picasso.models import Passkey

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

log = logging.getLogger(__name__)

NAME = "Picasso"
MAX_PASSKEYS = 20
"""Of a person."""

MAX_ANSWER = 20_000
"""Characters of what a browser sends. An attestation has certificates."""

MAX_ID = 1023
"""Bytes of what an authenticator calls a passkey, by the specification."""

MAX_LOGGED = 200
"""Characters of why an answer was refused."""

DEFAULT_PORTS = {"http": 80, "https": 443}

WRONG = "The passkey was not accepted."
LATE = "This took too long, or the page was used already. Please try again."
NOT_ALONE = "You sign in with your organisation. Your passkey is the second factor."
NOT_VERIFIED = "This passkey is a second factor only. Sign in with your password first, and then with it."


class AnsweredLate(SignInRefused):
    """A page that was open for too long has sent this. It is no guess."""


class Site(NamedTuple):
    """Who asks for a passkey."""

    id: str
    """The host."""
    origin: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Of a browser; nothing of it is checked."""

    credential: Any
    challenge: bytes


def site() -> Site | None:
    """None where passkeys don't work: without a public URL, at an IP address, and without TLS."""
    parts = urlsplit(settings.PICASSO.public_url)
    host = ascii_host(parts.hostname or "")
    if not host or not (parts.scheme == "https" or host == "localhost"):
        return None
    port = f":{parts.port}" if parts.port and parts.port != DEFAULT_PORTS[parts.scheme] else ""
    return Site(host, f"{parts.scheme}://{host}{port}")


def ascii_host(host: str) -> str:
    """As browsers write it; empty for an IP address and for what is no name."""
    try:
        ip_address(host)
    except ValueError:
        try:
            return host if host.isascii() else idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            return ""
    return ""


def required_site() -> Site:
    """Raises `NotFound` where passkeys don't work."""
    if (found := site()) is None:
        raise NotFound("Passkeys do not work at this address.")
    return found


def handle(user: User) -> bytes:
    """What new passkeys know the person by. Without the secret of the service it tells nothing about them."""
    return challenges.mac(str(user.pk).encode(), "handle of a person")


def of(user: User) -> list[Passkey]:
    return list(Passkey.objects.filter(user=user))


def creation_options(user: User) -> str:
    """For ``navigator.credentials.create``, as JSON. Raises `NotFound`."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import AuthenticatorSelectionCriteria, ResidentKeyRequirement

    options = generate_registration_options(
        rp_id=required_site().id,
        rp_name=NAME,
        user_id=handle(user),
        user_name=user.get_username(),
        challenge=challenges.new(purpose_of_new(user)),
        timeout=challenges.SECONDS * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(resident_key=ResidentKeyRequirement.PREFERRED),
        exclude_credentials=descriptors(user),
    )
    return options_to_json(options)


def request_options(user: User | None) -> str:
    """For ``navigator.credentials.get``, as JSON: any passkey without a person. Raises `NotFound`."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=required_site().id,
        challenge=challenges.new(purpose(user)),
        timeout=challenges.SECONDS * 1000,
        allow_credentials=descriptors(user) if user else None,
        # After a password, possession is enough.
        user_verification=UserVerificationRequirement("discouraged" if user else "required"),
    )
    return options_to_json(options)


def descriptors(user: User) -> list[PublicKeyCredentialDescriptor]:
    from webauthn import base64url_to_bytes
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    known = {each.value: each for each in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(row.credential), transports=[known[each] for each in row.transports if each in known]
        )
        for row in of(user)
    ]


def purpose(user: User | None) -> str:
    return f"second factor {user.pk}" if user else "sign in"


def purpose_of_new(user: User) -> str:
    return f"new passkey {user.pk}"


def parse(text: str, *, new: bool = False) -> Answer:
    """Raises `SignInRefused` for what no browser sends."""
    from webauthn import helpers

    read = helpers.parse_registration_credential_json if new else helpers.parse_authentication_credential_json
    if len(text) > MAX_ANSWER:
        raise SignInRefused(WRONG)
    credential = accepted(read, text)
    found = accepted(helpers.parse_client_data_json, credential.response.client_data_json)
    return Answer(credential, found.challenge)


def id_of(answer: Answer) -> str:
    """As `Passkey.credential` has it. From the bytes, since the text beside them may be anything."""
    from webauthn.helpers import bytes_to_base64url

    return bytes_to_base64url(answer.credential.raw_id)


def owner(answer: Answer) -> User | None:
    """Whose passkey it says it is; None for an unknown one."""
    row = Passkey.objects.filter(credential=id_of(answer)).select_related("user").first()
    return row.user if row else None


def verify(answer: Answer, user: User | None) -> Passkey:
    """The passkey that was used. Without a ``user``: that of anybody, and the device has to know the person.

    It has to have known them when it was added, too: a thief could give a PIN to a key that had none.

    Raises `SignInRefused`, `NotFound`.
    """
    from webauthn import base64url_to_bytes, verify_authentication_response

    where = required_site()
    require_challenge(answer, purpose(user))
    with transaction.atomic():
        # Of two uses at the same moment, the second one sees the count of the first.
        row = Passkey.objects.select_for_update().filter(credential=id_of(answer)).first()
        if row is None or not may_use(row.user, user) or not is_handle_of(answer.credential, row):
            raise SignInRefused(WRONG)
        found = accepted(
            verify_authentication_response,
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=where.id,
            expected_origin=where.origin,
            credential_public_key=base64url_to_bytes(row.public_key),
            credential_current_sign_count=row.sign_count,
            require_user_verification=user is None,
        )
        if user is None:
            require_alone(row)
        row.sign_count, row.last_used_at = found.new_sign_count, timezone.now()
        row.save(update_fields=["sign_count", "last_used_at"])
    return row


def may_use(owner: User, user: User | None) -> bool:
    """Whether it is the passkey of the person who has given a password, or of somebody who may sign in."""
    return owner.pk == user.pk if user else owner.is_active


def require_alone(row: Passkey) -> None:
    """Raises `SignInRefused` for one that is a second factor only."""
    if is_external(row.user):
        raise SignInRefused(NOT_ALONE)
    if not row.verified:
        raise SignInRefused(NOT_VERIFIED)


def is_handle_of(credential: Any, row: Passkey) -> bool:
    """Old security keys name nobody."""
    from webauthn import base64url_to_bytes

    return credential.response.user_handle in {None, b"", base64url_to_bytes(row.handle)}


def is_external(user: User) -> bool:
    """Their provider decides at each sign-in whether they may still come in, and as what."""
    return user.external_identities.exists()


def create(user: User, name: str, text: str) -> Passkey:
    """Add what a browser has made. Raises `SignInRefused`, `Conflict`, `NotFound`."""
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url

    where, answer = required_site(), parse(text, new=True)
    require_challenge(answer, purpose_of_new(user))
    found = accepted(
        verify_registration_response,
        credential=answer.credential,
        expected_challenge=answer.challenge,
        expected_rp_id=where.id,
        expected_origin=where.origin,
    )
    if len(found.credential_id) > MAX_ID:
        raise SignInRefused(WRONG)
    values = {
        "name": name,
        "handle": bytes_to_base64url(handle(user)),
        "verified": found.user_verified,
        "public_key": bytes_to_base64url(found.credential_public_key),
        "sign_count": found.sign_count,
        "transports": [str(each.value) for each in answer.credential.response.transports or ()],
    }
    return insert(user, bytes_to_base64url(found.credential_id), values)


def insert(user: User, credential: str, values: dict[str, Any]) -> Passkey:
    """Raises `Conflict` for one that is known, and for too many."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if Passkey.objects.filter(user=user).count() >= MAX_PASSKEYS:
            raise Conflict(f"You have {MAX_PASSKEYS} passkeys already. Remove one first.")
        row, made = Passkey.objects.get_or_create(credential=credential, defaults={"user": user, **values})
        if not made:
            raise Conflict("This passkey is known already.")
        audit.record_person("person.passkey", user, active=True, passkey=row.name)
    return row


def rename(user: User, passkey_id: int, name: str) -> None:
    """Raises `NotFound`, also for one of somebody else."""
    with transaction.atomic():
        row = locked(user, passkey_id)
        before, row.name = row.name, name
        row.save(update_fields=["name"])
        audit.record_person("person.passkey", user, passkey=name, before=before)


def locked(user: User, passkey_id: int) -> Passkey:
    """In a transaction. Raises `NotFound`, also for one of somebody else."""
    row = Passkey.objects.select_for_update().filter(user=user, pk=passkey_id).first()
    if row is None:
        raise NotFound
    return row


def remove(user: User, passkey_id: int) -> None:
    """Raises `NotFound`, also for one of somebody else."""
    with transaction.atomic():
        row = locked(user, passkey_id)
        row.delete()
        audit.record_person("person.passkey", user, active=False, passkey=row.name)


def require_challenge(answer: Answer, wanted: str) -> None:
    """Raises `SignInRefused` for one that this service did not make for this or that was used, `AnsweredLate`."""
    if challenges.is_late(answer.challenge, wanted):
        raise AnsweredLate(LATE)
    if not challenges.use(answer.challenge, wanted):
        raise SignInRefused(LATE)


def accepted(check: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """What a function of the library returns. It reads what strangers send.

    Raises `SignInRefused` if it raises anything.
    """
    try:
        return check(*arguments, **more)
    except Exception as fault:
        log.info("a passkey was refused: %r", str(fault)[:MAX_LOGGED])  # it quotes what the stranger has sent
        raise SignInRefused(WRONG) from fault
