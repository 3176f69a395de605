"""The protocol of OpenID Connect: code flow with PKCE, state, nonce, and the checks of the ID token, all by Authlib.

Between the way to the provider and the way back, the browser keeps what the answer must fit: encrypted, for ten
minutes. The service stores nothing for people who have not signed in. Needs the extra ``oidc``.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from django.conf import settings

from picasso.access.ciphers import Cipher
from picasso.conf import Conf
from picasso.errors import SignInRefused

SCOPES = "openid profile email groups"

MINUTES = 10
"""How long a person may take at the provider."""

cipher = Cipher("oidc flow")


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in that has begun."""

    state: str
    nonce: str
    code_verifier: str
    redirect_uri: str
    next: str
    """The path to go to afterwards."""

    def encrypted(self) -> str:
        return cipher.encrypt(json.dumps(asdict(self)))


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


def begin(redirect_uri: str, next_path: str) -> tuple[str, Flow]:
    """The address at the provider to send the browser to. Raises whatever the network and the provider cause."""
    made = client().create_authorization_url(redirect_uri)
    return made["url"], Flow(made["state"], made["nonce"], made["code_verifier"], redirect_uri, next_path)


def flow_of(encrypted: str) -> Flow | None:
    """What `Flow.encrypted` made in the last minutes."""
    text = cipher.decrypt(encrypted, MINUTES * 60)
    return Flow(**json.loads(text)) if text else None


def claims(flow: Flow, answer: Mapping[str, str]) -> Mapping[str, Any]:
    """The claims of the verified ID token. ``answer`` is the query that the provider has sent the browser back with.

    Raises `SignInRefused` for an answer to another sign-in, and whatever the network and the provider cause.
    """
    if not hmac.compare_digest(answer.get("state", "").encode(errors="replace"), flow.state.encode()):
        raise SignInRefused("This is the answer to another sign-in. Please try again.")
    if error := answer.get("error"):
        raise SignInRefused(f"The provider has answered {error[:100]!r}.")
    token = client().fetch_access_token(flow.redirect_uri, code=answer.get("code"), code_verifier=flow.code_verifier)
    found: Mapping[str, Any] = client().parse_id_token(token, nonce=flow.nonce)
    return found
