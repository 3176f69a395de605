"""Structured fields as requests bring them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picasso.errors import BadRequest
from picasso.web import structured


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("?1", True),
        ("?0", False),
        (" ?1 ", True),
        ("?1;a=b", True),
        ("?2", None),
        ("1", None),
        ("", None),
        ("\xff", None),
    ],
)
def test_booleans(text: str, value: bool | None) -> None:
    assert structured.boolean(text) is value


@given(st.integers(0, 10**15 - 1))
def test_integers(number: int) -> None:
    assert structured.integer("Upload-Offset", str(number)) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "?1", "1000000000000000", "1, 2", "a", "\u0661", '"1"'])
def test_what_is_no_integer(text: str) -> None:
    with pytest.raises(BadRequest, match="Upload-Offset"):
        structured.integer("Upload-Offset", text.encode().decode("latin-1"))


@given(st.dictionaries(st.sampled_from(["sha-256", "sha-512", "md5"]), st.binary(max_size=64)))
def test_byte_sequences(digests: dict[str, bytes]) -> None:
    text = ", ".join(f"{name}=:{base64.b64encode(value).decode()}:" for name, value in digests.items())
    assert structured.byte_sequences("Content-Digest", text) == digests
    if digests:
        assert structured.write({**digests}) == text


@pytest.mark.parametrize("text", ["sha-256=:x", "sha-256=:ab==:,", "=:ab==:", "Sha-256=:ab==:"])
def test_what_is_no_dictionary(text: str) -> None:
    with pytest.raises(BadRequest, match="Content-Digest"):
        structured.byte_sequences("Content-Digest", text)


def test_members_of_other_types_are_no_byte_sequences() -> None:
    assert structured.byte_sequences("Content-Digest", 'sha-256=abc, md5="x", a') == {
        "sha-256": None,
        "md5": None,
        "a": None,
    }
