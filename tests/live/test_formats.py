"""Each row of `docs/formats.md`, held against a real file of that format."""

from __future__ import annotations

import pytest

from tests.formats import Format
from tests.formats.page import all_formats
from tests.stack import Stack


@pytest.mark.parametrize("wanted", all_formats(), ids=lambda each: each.name)
def test_a_format_is_what_the_docs_say(embedded: Stack, wanted: Format) -> None:
    try:
        content = wanted.make()
    except LookupError as why:
        pytest.skip(f"NOT TESTED: nothing here writes {wanted.name}: {why}")
    sent = embedded.upload(content, wanted.file_name, "application/octet-stream")
    assert sent["media_type"] == wanted.media_type
    file = embedded.settled(sent["id"], 120)
    if wanted.error:
        assert (file["state"], file["error"]["code"]) == ("failed", wanted.error)
        return
    assert file["state"] == "processed", file["error"]
    found = {maker: facts for maker, facts in file["facts"].items() if maker != "file"}
    assert {maker: sorted(facts) for maker, facts in found.items()} == {
        maker: sorted(keys) for maker, keys in wanted.facts.items()
    }
    assert sorted(each["role"] for each in file["derivatives"]) == sorted(wanted.derivatives)
