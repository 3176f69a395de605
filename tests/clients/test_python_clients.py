"""tuspy and aiotus."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import aiotus
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from tusclient.storage.filestorage import FileStorage
from tusclient.uploader.baseuploader import BaseUploader

from tests.clients.checks import check_stored, content, endpoint, file_of, gone, times_stored
from tests.clients.test_kills import kill_web
from tests.stack import Stack

# tuspy leaves the files that it opens to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

NAME, TYPE = "Arlequín.bin", "application/x-harlequin"
METADATA = {"filename": NAME, "filetype": TYPE}


@pytest.fixture
def client(stack: Stack) -> TusClient:
    return TusClient(endpoint(stack))


def file(uploader: BaseUploader) -> str:
    """What the last answer said that the upload has become."""
    assert uploader.request
    found: str = uploader.request.response_headers["content-location"]
    return found


@pytest.mark.parametrize("checksum", [False, True])
def test_tuspy(stack: Stack, client: TusClient, checksum: bool) -> None:
    sent = content(250_000)
    uploader = client.uploader(
        file_stream=io.BytesIO(sent), chunk_size=100_000, metadata=METADATA, upload_checksum=checksum
    )
    uploader.upload()
    check_stored(stack, file(uploader), sent, NAME, TYPE)


def test_tuspy_without_a_name(stack: Stack, client: TusClient) -> None:
    """Its field for metadata is there then, and empty."""
    sent = content(1000)
    uploader = client.uploader(file_stream=io.BytesIO(sent))
    uploader.upload()
    assert check_stored(stack, file(uploader), sent)["declared_type"] == ""


def test_tuspy_hears_that_a_file_is_empty(client: TusClient) -> None:
    uploader = client.uploader(file_stream=io.BytesIO(b""), metadata=METADATA)
    with pytest.raises(TusCommunicationError, match="400"):
        uploader.upload()


def test_tuspy_goes_on_by_address(stack: Stack, client: TusClient) -> None:
    sent = content(250_000)
    first = client.uploader(file_stream=io.BytesIO(sent), chunk_size=100_000, metadata=METADATA)
    first.upload(stop_at=150_000)
    second = client.uploader(file_stream=io.BytesIO(sent), url=first.url)
    assert second.offset == 150_000
    second.upload()
    check_stored(stack, file(second), sent, NAME, TYPE)


def test_tuspy_goes_on_by_its_store(stack: Stack, client: TusClient, tmp_path: Path) -> None:
    sent = content(250_000)
    path = tmp_path / "file"
    path.write_bytes(sent)
    for stop in (150_000, None):
        storage = FileStorage(str(tmp_path / "store"))  # type: ignore[no-untyped-call]
        uploader = client.uploader(str(path), metadata=METADATA, store_url=True, url_storage=storage)
        assert uploader.offset == (0 if stop else 150_000)
        uploader.upload(stop_at=stop)
        storage.close()  # type: ignore[no-untyped-call]
    check_stored(stack, file(uploader), sent, NAME, TYPE)


@pytest.mark.sampled("the service of a client is killed", 1 / 2)
def test_tuspy_while_the_service_is_killed(stack: Stack, client: TusClient) -> None:
    sent = content(1_000_000)
    uploader = client.uploader(
        file_stream=io.BytesIO(sent), chunk_size=100_000, metadata=METADATA, retries=20, retry_delay=1
    )
    while uploader.offset < len(sent):
        uploader.upload_chunk()  # type: ignore[no-untyped-call]
        if uploader.offset in {300_000, 600_000}:
            kill_web(stack)
    check_stored(stack, file(uploader), sent, NAME, TYPE)


def test_tuspy_without_blocking(stack: Stack, client: TusClient) -> None:
    sent = content(250_000)
    uploader = client.async_uploader(file_stream=io.BytesIO(sent), chunk_size=100_000, metadata=METADATA)
    asyncio.run(uploader.upload())
    check_stored(stack, file(uploader), sent, NAME, TYPE)


BYTES = {name: value.encode() for name, value in METADATA.items()}


def test_aiotus(stack: Stack) -> None:
    sent = content(250_000)
    url = asyncio.run(aiotus.upload(endpoint(stack), io.BytesIO(sent), BYTES, chunksize=100_000))
    check_stored(stack, file_of(stack, str(url)), sent, NAME, TYPE)


def test_aiotus_reads_the_metadata(stack: Stack) -> None:
    told = {**BYTES, "flag": None, "empty": b"", "any": bytes(range(256))}
    url = asyncio.run(aiotus.upload(endpoint(stack), io.BytesIO(content(10)), told))
    # It has no way to tell an empty value from none.
    assert asyncio.run(aiotus.metadata(str(url))) == {**told, "empty": None}


@pytest.mark.parametrize("sizes", [[250_000, 1, 300_000], [1000] * 7, [1000, 0, 1000]])
def test_aiotus_joins_parts(stack: Stack, sizes: list[int]) -> None:
    parts = [content(size) for size in sizes]
    files = [io.BytesIO(part) for part in parts]
    url = asyncio.run(aiotus.upload_multiple(endpoint(stack), files, BYTES, chunksize=100_000))
    check_stored(stack, file_of(stack, str(url)), b"".join(parts), NAME, TYPE)
    for part in filter(None, parts):
        assert not times_stored(stack, part)


@pytest.mark.sampled("the service of a client is killed", 1 / 2)
def test_aiotus_while_the_service_is_killed(stack: Stack) -> None:
    sent = content(1_000_000)
    killing = KillingFile(sent, lambda: kill_web(stack))
    config = aiotus.RetryConfiguration(max_retry_period_seconds=1)
    url = asyncio.run(aiotus.upload(endpoint(stack), killing, BYTES, config=config, chunksize=100_000))
    assert killing.killed == 2
    check_stored(stack, file_of(stack, str(url)), sent, NAME, TYPE)


class KillingFile(io.BytesIO):
    """Something dies each time that it was read up to one of two places."""

    def __init__(self, sent: bytes, kill: Callable[[], None]) -> None:
        super().__init__(sent)
        self._kill = kill
        self.killed = 0

    def read(self, size: int | None = -1, /) -> bytes:
        if self.killed < 2 and self.tell() == [300_000, 600_000][self.killed]:
            self.killed += 1
            self._kill()
        return super().read(size)


def test_aiotus_and_an_upload_that_is_gone(stack: Stack) -> None:
    sent = content(1000)
    url = str(asyncio.run(aiotus.upload(endpoint(stack), io.BytesIO(sent))))
    assert stack.client.delete(url, headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    assert gone(stack, url)
