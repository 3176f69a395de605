"""tus-js-client in Node, with each of the protocols that it speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients import node
from tests.clients.checks import check_stored, content, endpoint, file_of, gone, times_stored
from tests.clients.node import running
from tests.stack import Stack, until

pytestmark = pytest.mark.usefixtures("javascript")

METADATA = {"filename": "Arlequín.bin", "filetype": "application/x-harlequin"}
CHUNK = {"chunkSize": 100_000}
AT_ONCE = {"uploadDataDuringCreation": True}


@pytest.fixture(params=["tus-v1", "ietf-draft-03", "ietf-draft-05"])
def protocol(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


class Client:
    """Uploads one file to one service.

    By the draft, as bytes: of a file that it reads by its path, this client never says that the last of several pieces
    is the last.
    """

    def __init__(self, stack: Stack, folder: Path, sent: bytes) -> None:
        self.file = folder / "file"
        self.file.write_bytes(sent)
        self.store = folder / "store"
        self.endpoint = endpoint(stack)

    def asked(self, options: dict[str, Any], **more: object) -> str:
        of_tus = options.get("protocol", "tus-v1") == "tus-v1"
        ask = {"file": self.file, "endpoint": self.endpoint, "input": "path" if of_tus else "bytes", "options": options}
        return node.asked({**ask, **more})

    def has_stored_parts(self) -> bool:
        whole = self.store.exists() and "parallelUploadUrls" in self.store.read_text()
        return whole and not self.store.with_name("store.lock").exists()

    def upload(self, options: dict[str, Any], **more: object) -> dict[str, Any]:
        """What the client says of it in the end."""
        with running("upload.mjs", self.asked({"metadata": METADATA, **options}, **more)) as client:
            said = list(client.said())
        # It may tell of bytes that it has sent once more, when it has told of the end.
        last = [each for each in said if "requests" in each][-1]
        assert "error" not in last, last
        return last


def stored(stack: Stack, result: dict[str, Any], sent: bytes) -> None:
    check_stored(stack, result.get("file"), sent, METADATA["filename"], METADATA["filetype"])


@pytest.mark.parametrize("options", [{}, CHUNK, AT_ONCE, {**CHUNK, **AT_ONCE}], ids=["one", "many", "with", "both"])
def test_a_file(stack: Stack, tmp_path: Path, protocol: str, options: dict[str, Any]) -> None:
    sent = content(250_000)
    result = Client(stack, tmp_path, sent).upload({"protocol": protocol, **options})
    stored(stack, result, sent)
    bodies = (3 if CHUNK.items() <= options.items() else 1) + (AT_ONCE.items().isdisjoint(options.items()))
    assert len(result["requests"]) == bodies, result


def test_a_file_of_no_bytes_is_refused(stack: Stack, tmp_path: Path) -> None:
    """With tus alone: by the draft, this client leaves an empty upload incomplete."""
    with running("upload.mjs", Client(stack, tmp_path, b"").asked({"protocol": "tus-v1"})) as client:
        *_, last = client.said()
    assert [request[:2] for request in last["requests"]] == [["POST", 400]]
    assert "The file is empty" in last["error"]
    assert not times_stored(stack, b"")


def test_a_length_that_is_not_known_at_first(stack: Stack, tmp_path: Path, protocol: str) -> None:
    sent = content(250_000)
    options = {"protocol": protocol, "uploadLengthDeferred": True, **CHUNK}
    stored(stack, Client(stack, tmp_path, sent).upload(options, input="stream"), sent)


def test_parts_at_the_same_time(stack: Stack, tmp_path: Path) -> None:
    sent = content(3_000_001)
    result = Client(stack, tmp_path, sent).upload({"parallelUploads": 3})
    check_stored(stack, file_of(stack, result["url"]), sent, METADATA["filename"], METADATA["filetype"])


def test_patch_in_the_guise_of_post(stack: Stack, tmp_path: Path) -> None:
    sent = content(250_000)
    result = Client(stack, tmp_path, sent).upload({"overridePatchMethod": True, **CHUNK})
    stored(stack, result, sent)
    assert {method for method, *_ in result["requests"]} == {"POST"}


def test_an_upload_is_ended_for_good(stack: Stack, tmp_path: Path, protocol: str) -> None:
    sent = content(2_000_000)
    result = Client(stack, tmp_path, sent).upload({"protocol": protocol}, pause=10, terminateAt=500_000)
    assert result["terminated"]
    assert result["requests"][-1][:2] == ["DELETE", 204]
    assert gone(stack, result["url"])
    assert not times_stored(stack, sent)


def test_another_process_goes_on(stack: Stack, tmp_path: Path, protocol: str) -> None:
    """The first is killed in the middle of a request."""
    sent = content(2_000_000)
    client = Client(stack, tmp_path, sent)
    options = {"protocol": protocol, "metadata": METADATA}
    with running("upload.mjs", client.asked(options, store=client.store, pause=10)) as first:
        reached = next(said["sent"] for said in first.said() if said.get("sent", 0) > 500_000)
    result = client.upload(options, store=client.store)
    assert [request[0] for request in result["requests"]] == ["HEAD", "PATCH"]
    # All that has left the first but for what lay in its pipes.
    assert result["requests"][0][2] > reached - 200_000
    stored(stack, result, sent)


def test_parts_go_on_in_another_process(stack: Stack, tmp_path: Path) -> None:
    sent = content(3_000_000)
    client = Client(stack, tmp_path, sent)
    options = {"parallelUploads": 3, "metadata": METADATA}
    # Slow enough not to end while the addresses of all parts are written to the store, under a lock.
    with running("upload.mjs", client.asked(options, store=client.store, pause=300)) as first:
        next(said for said in first.said() if said.get("sent", 0) > 900_000)
        until(client.has_stored_parts, 15, lambda: "the client never wrote where its parts are")
    result = client.upload(options, store=client.store)
    assert [method for method, *_ in result["requests"]].count("HEAD") == 3
    check_stored(stack, file_of(stack, result["url"]), sent, METADATA["filename"], METADATA["filetype"])
