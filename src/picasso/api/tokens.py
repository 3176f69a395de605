"""Tokens that the service makes, and the secrets with which applications make their own."""

from __future__ import annotations

import time
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from picasso.access import audit, keys, token_format, tokens
from picasso.access.claims import MAX_NETWORKS, MAX_URL, TOKEN_SCOPES, ClaimError, parse_claims
from picasso.access.principal import Principal, Scope, principal_of
from picasso.api.answers import problems, utc
from picasso.api.keys import KeyView
from picasso.errors import Forbidden, InvalidField, InvalidToken
from picasso.models import Key, Visibility
from picasso.process.pipelines import pipelines
from picasso.query_values import without_fraction

DEFAULT_SECONDS = 3600
MIN_SECONDS = 10

SCOPES = [str(scope) for scope in sorted(TOKEN_SCOPES)]


class NewTokenSerializer(serializers.Serializer[Any]):
    """The claims of the token (docs/access.md), and how long it is valid. `picasso.access.claims` checks them."""

    valid_for = serializers.IntegerField(
        required=False, min_value=MIN_SECONDS, max_value=tokens.MAX_SECONDS, help_text="Seconds. Default: an hour."
    )
    owner = serializers.CharField(required=False, max_length=255)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), required=False, min_length=1)
    pipeline = serializers.CharField(required=False, max_length=64)
    max_size = serializers.IntegerField(required=False, min_value=1, help_text="Bytes of a file.")
    media_types = serializers.ListField(
        child=serializers.CharField(), required=False, min_length=1, max_length=50, help_text="Patterns: `image/*`."
    )
    max_files = serializers.IntegerField(required=False, min_value=1)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)
    networks = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        min_length=1,
        max_length=MAX_NETWORKS,
        help_text="Where it may be used from. Default: everywhere, also if its key may not.",
    )
    expires_in = serializers.IntegerField(required=False, min_value=1, help_text="Seconds, of its files.")
    tags = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, help_text="Its files always have them."
    )
    attributes = serializers.DictField(required=False, help_text="Its files always have them.")
    imports = serializers.BooleanField(required=False, help_text="Whether it may import files from URLs.")
    webhook_url = serializers.CharField(
        required=False, max_length=MAX_URL, help_text="Gets the events of its files. The project must allow its host."
    )
    project = serializers.CharField(required=False, max_length=64)
    jti = serializers.CharField(required=False, max_length=128, help_text="Its id. Default: a random one.")


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class SecretSerializer(serializers.Serializer[Any]):
    kid = serializers.CharField(help_text="For the header of a token.")
    alg = serializers.CharField(help_text="`HS256`.")
    signing_secret = serializers.CharField(help_text="The secret: the bytes of this text.")


class TokenList(APIView):
    @extend_schema(
        operation_id="create_token",
        tags=["access"],
        request=NewTokenSerializer,
        responses={201: TokenSerializer, **problems(400, 401, 403, 415)},
    )
    def post(self, request: Request) -> Response:
        """Make a token of the key that asks. It has no scope that the key does not have."""
        principal, claims = principal_of(request.META), request.data
        key = key_of(principal)
        if not isinstance(claims, dict):
            raise InvalidField("body", "The body must be a JSON object with the claims of the token.")
        expires = expiry(claims, key)
        values = {name: value for name, value in claims.items() if name != "valid_for" and value is not None}
        values = {"jti": tokens.new_token_id(), **values, **owner_of(principal, values)}
        require_fitting(principal, values)
        token = tokens.sign(key.pk, {**values, "aud": tokens.AUDIENCE, "exp": expires})
        require_readable(token)
        shown = {"token": token, "expires_at": utc(expires)}
        return Response(TokenSerializer(shown).data, status=201, headers={"Cache-Control": "no-store"})


def require_readable(token: str) -> None:
    """Tokens are limited in size and depth. Only free attributes can be too much. Raises `InvalidField`."""
    try:
        token_format.parse(token)
    except InvalidToken as fault:
        raise InvalidField("attributes", f"This is too much for a token: {fault.detail}") from fault


def key_of(principal: Principal) -> Key:
    """Raises `Unauthorized`, `Forbidden`. A token makes no tokens, so it can't prolong itself."""
    project_id = principal.project_id
    key = Key.objects.filter(pk=principal.key_id, project=project_id).first() if principal.kind == "key" else None
    if key is None:
        raise Forbidden("Only a key makes tokens, and for its own project.")
    return key


def expiry(claims: dict[str, Any], key: Key) -> int:
    """Unix time. Never after that of the key. Raises `InvalidField`."""
    seconds = without_fraction(claims.get("valid_for", DEFAULT_SECONDS))
    if type(seconds) is not int or not MIN_SECONDS <= seconds <= tokens.MAX_SECONDS:
        raise InvalidField("valid_for", f"valid_for must be {MIN_SECONDS} to {tokens.MAX_SECONDS} seconds.")
    end = int(time.time()) + seconds
    return min(end, int(key.expires_at.timestamp())) if key.expires_at else end


def owner_of(principal: Principal, values: dict[str, Any]) -> dict[str, str]:
    """Who acts for an owner makes tokens for this owner only. Raises `Forbidden`."""
    if principal.owner is None:
        return {}
    if values.get("owner", principal.owner) != principal.owner:
        raise Forbidden("The token is for another owner than the one of this request.")
    return {"owner": principal.owner}


SET_BY_SERVICE = frozenset({"aud", "exp", "nbf", "iat", "iss", "sub"})


def require_fitting(principal: Principal, values: dict[str, Any]) -> None:
    """Raises `InvalidField` for a wrong claim, `Forbidden` for more than the key has."""
    for name in SET_BY_SERVICE & values.keys():
        raise InvalidField(name, f"{name} is set by the service; say how long by valid_for.")
    try:
        claims = parse_claims(values, str)
    except ClaimError as fault:
        raise InvalidField(fault.claim, str(fault)) from fault
    if claims.project not in {None, principal.project and principal.project.name}:
        raise Forbidden("A key makes tokens for its own project only.")
    if pipeline := claims.limits.pipeline:
        require_usable(principal, pipeline)
    if missing := sorted(claims.scopes - principal.scopes):
        raise Forbidden(f"A token can't have scopes that its key does not have: {', '.join(missing)}.")


def require_usable(principal: Principal, pipeline: str) -> None:
    """A token for another pipeline would be good for nothing. Raises `InvalidField`."""
    if pipeline not in pipelines():
        raise InvalidField("pipeline", f"There is no pipeline {pipeline!r} here.")
    allowed = principal.project.pipelines if principal.project else None
    if allowed is not None and pipeline not in allowed:
        raise InvalidField("pipeline", f"The pipeline {pipeline} is not allowed in this project.")


class KeySigningSecret(KeyView):
    takes_body = False

    @extend_schema(
        operation_id="show_signing_secret",
        tags=["access"],
        request=None,
        responses={200: SecretSerializer, **problems(401, 403, 404)},
    )
    def post(self, request: Request, pk: str) -> Response:
        """The secret with which an application signs tokens of this key itself."""
        key = self.key(pk)
        keys.require_grantable(principal_of(request.META), {Scope(scope) for scope in key.scopes})
        audit.record("key.show-secret", "key", key.pk, project=key.project_id)
        shown = {"kid": key.pk, "alg": "HS256", "signing_secret": tokens.signing_secret(key.pk)}
        return Response(SecretSerializer(shown).data, headers={"Cache-Control": "no-store"})
