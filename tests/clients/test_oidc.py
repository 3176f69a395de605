"""People sign in at a certified OpenID Connect provider: npm's oidc-provider."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest

from tests.clients.node import running as running_node
from tests.clients.with_keys import WithKeys
from tests.stack import NO_TLS, Stack

ME = "/api/v1.0/me/"


@pytest.fixture(scope="module")
def provided(with_keys: WithKeys, javascript: str) -> Iterator[Stack]:
    """The service and its provider."""
    stack = with_keys.stack
    with running_node("oidc.mjs", str(with_keys.issuer_port), f"{stack.url}/sign-in/oidc/callback/") as provider:
        next(provider.said())
        yield stack


def browser() -> httpx.Client:
    return httpx.Client(follow_redirects=True, timeout=60, verify=NO_TLS)


def sign_in(client: httpx.Client, stack: Stack, name: str) -> httpx.Response:
    """From the link on the sign-in page, over the pages of the provider, back to the service."""
    page = client.get(f"{stack.url}/sign-in/?next=/account/")
    link = re.search(r'href="([^"]*/sign-in/oidc/[^"]*)"', page.text)
    assert link, page.text
    page = client.get(urljoin(str(page.url), unescape(link[1])))
    for fields in ({"prompt": "login", "login": name, "password": "any"}, {"prompt": "consent"}):
        form = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        if page.url.port == stack.port or not form:
            break
        page = client.post(urljoin(str(page.url), unescape(form[1])), data=fields)
    return page


def test_an_administrator_by_group(provided: Stack) -> None:
    with browser() as client:
        page = sign_in(client, provided, "ann+staff")
        assert (page.url.path, page.status_code) == ("/account/", 200), page.text
        me = client.get(provided.url + ME).json()
        assert (me["kind"], "service:admin" in me["scopes"]) == ("session", True)


def test_a_role_in_one_project_and_the_strongest_counts(provided: Stack) -> None:
    with browser() as client:
        sign_in(client, provided, "bob+support+writers")
        me = client.get(provided.url + ME).json()
        assert me["project"] == "shop"
        assert "files:write" in me["scopes"]
        assert "project:admin" not in me["scopes"]


def test_without_a_group_nobody_comes_in(provided: Stack) -> None:
    with browser() as client:
        page = sign_in(client, provided, "eve+others")
        assert page.status_code == 403
        assert "groups" in page.text
        assert client.get(provided.url + ME).status_code == 401


def test_a_name_is_not_taken_over(provided: Stack) -> None:
    with browser() as first, browser() as second:
        sign_in(first, provided, "kim+support")
        sign_in(second, provided, "kim+staff")  # another subject with the same name
        people = provided.manage("people", "list")
        assert re.search(r"^ *\d+ kim +active +viewer of shop$", people, re.MULTILINE), people
        assert re.search(r"^ *\d+ kim-2 +active +admin of all projects$", people, re.MULTILINE), people


@pytest.mark.parametrize(
    "query", ["", "?code=made-up&state=made-up", "?error=access_denied&state=x", "?state=%00&code=%ff"]
)
def test_a_made_up_answer_of_the_provider_is_refused(provided: Stack, query: str) -> None:
    with browser() as client:
        answer = client.get(f"{provided.url}/sign-in/oidc/callback/{query}")
        assert answer.status_code == 502
        assert client.get(provided.url + ME).status_code == 401


def test_a_code_can_not_be_used_again_or_by_another_browser(provided: Stack) -> None:
    """Whoever gets hold of the address with the code has neither its state nor its verifier."""
    with browser() as victim, browser() as thief:
        page = sign_in(victim, provided, "ann+staff")
        stolen = next(each.url for each in reversed(page.history) if "/oidc/callback/" in each.url.path)
        assert thief.get(stolen).status_code == 502
        assert victim.get(stolen).status_code == 502
