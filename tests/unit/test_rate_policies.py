"""How the settings and a project write rates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picasso.rate_policies import (
    DEFAULTS,
    MAX_QUOTA,
    MAX_WINDOW,
    Policy,
    default_policies,
    parse_policies,
    parse_policy,
    parse_project_rates,
)


@pytest.mark.parametrize(
    ("text", "quota", "window"),
    [
        ("3000/60", 3000, 60),
        ("1/1s", 1, 1),
        ("50/s", 50, 1),
        ("100/5m", 100, 300),
        ("7/h", 7, 3600),
        ("1000000/d", 1_000_000, 86_400),
        ("1000000000/31d", 10**9, 31 * 86_400),
    ],
)
def test_a_policy(text: str, quota: int, window: int) -> None:
    assert parse_policy("key", text) == Policy("key", quota, window)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "60",
        "0/60",
        "60/0",
        "-1/60",
        "1.5/60",
        "1/",
        "/60",
        "1 / 60",
        "1/60x",
        "1/m5",
        "1/32d",
        "1000000001/60",
        "٣/60",
    ],
)
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must have a quota.* for key$"):
        parse_policy("key", text)


@given(st.text())
def test_any_text_is_a_policy_or_a_value_error(text: str) -> None:
    try:
        policy = parse_policy("key", text)
    except ValueError:
        return
    assert policy is None or (0 < policy.quota <= MAX_QUOTA and 0 < policy.window <= MAX_WINDOW)


def test_what_is_not_named_keeps_its_default() -> None:
    found = parse_policies("address=10/1m, list=off schema=5/h")
    assert found.keys() == DEFAULTS.keys() - {"list"}
    assert (found["address"], found["schema"]) == (Policy("address", 10, 60), Policy("schema", 5, 3600))
    assert found["key"] == default_policies(local=False)["key"]


def test_all_can_be_off() -> None:
    assert parse_policies("off") == {}


def test_limits_on_a_developers_machine_are_there_and_out_of_reach() -> None:
    local, other = default_policies(local=True), default_policies(local=False)
    assert local.keys() == other.keys()
    assert all(local[name].quota >= 1000 * policy.quota for name, policy in other.items())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adress=1/60", "these names: address, key"),
        ("address", "quota/window .* for address"),
        ("address=1", "quota/window .* for address"),
        ("address:1/60", "these names"),
        ("off,key=1/60", "these names"),
        ("requests=1/60", "these names"),
    ],
)
def test_a_wrong_setting_is_explained(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_policies(text)


def test_rates_of_a_project() -> None:
    assert parse_project_rates({}) == {}
    found = parse_project_rates({"requests": "1000/60", "key": "off"})
    assert found == {"requests": Policy("requests", 1000, 60), "key": None}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "must be an object"),
        ([], "must be an object"),
        ("1000/60", "must be an object"),
        ({"request": "1/60"}, "must have only the names requests, .* and not request$"),
        ({"sign-in": "1/60"}, "and not sign-in"),
        ({"requests": 1000}, "quota/window .* for requests"),
        ({"requests": "1000"}, "quota/window .* for requests"),
        ({"requests": None}, "quota/window .* for requests"),
        ({"requests": ["1/60"]}, "quota/window .* for requests"),
    ],
)
def test_wrong_rates_of_a_project_are_explained(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_project_rates(value)
