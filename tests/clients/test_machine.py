"""Requests in any order, cut, overtaken and killed, against a model: offset and bytes always agree."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.clients.checks import UPLOADS, content, digests, file_of, gone
from tests.clients.model import GONE, Draft, Speaker, Tus, Upload, final
from tests.clients.test_kills import kill_web
from tests.live.wire import Wire
from tests.sampling import number
from tests.stack import Stack, until

QUARTERS = 4
SIZES = st.sampled_from([1, 5, 1000, 65_536, 65_537, 300_000, 1_200_000])
SHARES = st.integers(0, QUARTERS)
PICKS = st.integers(0, 9)


class Uploads(RuleBasedStateMachine):
    """All uploads of one run. A rule picks one of those that it fits by number."""

    def __init__(self, stack: Stack, deaths: int) -> None:
        super().__init__()
        self.stack = stack
        self.speaker = Speaker(stack)
        self.uploads: list[Upload] = []
        self.deaths = deaths

    def chosen(self, pick: int, fits: Callable[[Upload], bool]) -> Upload:
        found = [upload for upload in self.uploads if fits(upload)]
        return found[pick % len(found)]

    def some(self, fits: Callable[[Upload], bool]) -> bool:
        return any(map(fits, self.uploads))

    @initialize(deaths=st.sampled_from([0, 0, 0, 1]))
    def choose_deaths(self, deaths: int) -> None:
        """A kill takes seconds, so few runs have one."""
        self.deaths *= deaths

    # Creation

    @rule(size=st.one_of(st.just(0), SIZES), told=st.booleans(), partial=st.booleans(), share=SHARES)
    def create_tus(self, size: int, told: bool, partial: bool, share: int) -> None:
        partial = partial or not size  # an empty file is refused, but a part may be empty
        upload = Upload(Tus(), content(size), told=told, partial=partial, metadata="filename YS5iaW4=")
        fields = {"Upload-Length": str(size)} if told else {"Upload-Defer-Length": "1"}
        fields |= {"Upload-Concat": "partial"} if partial else {}
        body = upload.source[: size * share // QUARTERS]
        with_body = {"Content-Type": "application/offset+octet-stream"} if body else {}
        answer = self.speaker.create(upload, {**fields, **with_body, "Upload-Metadata": upload.metadata or ""}, body)
        assert answer.headers.get("upload-offset", "0") == str(len(body))
        self.created(upload, answer.headers["location"], len(body), complete=told and len(body) == size)

    @rule(interop=st.integers(3, 8), size=SIZES, told=st.booleans(), last=st.booleans(), share=SHARES)
    def create_by_the_draft(self, interop: int, size: int, told: bool, last: bool, share: int) -> None:
        dialect, last = Draft(interop), last and share == QUARTERS
        upload = Upload(dialect, content(size), told=told)
        body = upload.source[: size * share // QUARTERS]
        fields = {**dialect.complete(last), "Content-Type": "application/x-any"}
        fields |= {"Upload-Length": str(size)} if told else {}
        answer = self.speaker.create(upload, fields, body)
        if last:
            [(name, value)] = dialect.complete(True).items()
            assert answer.headers[name.lower()] == value
            upload.complete = True
            upload.file = answer.headers["location"]
        else:
            self.created(upload, answer.headers["location"], len(body), complete=False)

    def created(self, upload: Upload, location: str, offset: int, *, complete: bool) -> None:
        assert location.startswith(self.stack.url + UPLOADS)
        upload.path = location.removeprefix(self.stack.url)
        upload.complete = complete
        upload.settle(offset)
        self.uploads.append(upload)
        assert self.speaker.offset(upload) == offset

    # Appending

    @precondition(lambda self: self.some(lambda upload: upload.open))
    @rule(pick=PICKS, share=SHARES, last=st.booleans(), checksum=st.sampled_from(["", "", "right", "wrong"]))
    def append(self, pick: int, share: int, last: bool, checksum: str) -> None:
        upload = self.chosen(pick, lambda upload: upload.open)
        start = self.speaker.offset(upload)
        size = len(upload.source)
        end = start + -(-(size - start) * share // QUARTERS)
        last = last and end == size
        checksum = checksum if isinstance(upload.dialect, Tus) else ""
        if checksum == "wrong":
            # Whether a length that is told with a refused chunk holds is nowhere said.
            answer = self.speaker.append(upload, end, last=False, checksum=checksum)
            assert answer.status == 460, answer
            upload.settle(self.speaker.offset(upload))
        else:
            self.appended(upload, end, last, checksum)

    def appended(self, upload: Upload, end: int, last: bool, checksum: str = "") -> None:
        answer = self.speaker.append(upload, end, last=last, checksum=checksum)
        by_length = isinstance(upload.dialect, Tus) and (upload.told or last) and end == len(upload.source)
        complete = by_length or last
        assert answer.status == (upload.dialect.last if complete else 204), answer
        assert int(answer.headers["upload-offset"]) >= end
        upload.settle(int(answer.headers["upload-offset"]))
        upload.told = upload.told or last
        upload.complete = complete
        if complete and not upload.partial:
            upload.file = answer.headers["content-location"]
        if not upload.joined:
            assert self.speaker.offset(upload) == upload.low

    @precondition(lambda self: self.some(lambda upload: upload.open))
    @rule(pick=PICKS, ahead=st.booleans(), by=st.integers(1, 1000))
    def append_elsewhere(self, pick: int, ahead: bool, by: int) -> None:
        upload = self.chosen(pick, lambda upload: upload.open)
        offset = upload.high + by if ahead else max(0, upload.low - by)
        if upload.low <= offset <= upload.high:
            return
        fields = self.speaker.fields(upload, offset, offset, last=False)
        answer = self.speaker.ask("PATCH", upload.path, fields, b"!" * by)
        assert answer.status == 409, answer
        if isinstance(upload.dialect, Draft):
            assert answer.json()["type"].endswith("#mismatching-upload-offset")
            upload.told_offset(int(answer.headers["upload-offset"]))
        self.speaker.offset(upload)

    # What goes wrong

    @precondition(lambda self: self.some(lambda upload: upload.open and upload.low < len(upload.source)))
    @rule(
        pick=PICKS, share=st.integers(0, QUARTERS - 1), checksum=st.booleans(), how=st.sampled_from(["close", "reset"])
    )
    def cut(self, pick: int, share: int, checksum: bool, how: str) -> None:
        upload, start, sent, connection = self.begun(pick, share, checksum)
        if how == "reset":
            connection.reset()
        else:
            connection.close()
            self.arrives(upload, start + sent)

    def begun(self, pick: int, share: int, checksum: bool) -> tuple[Upload, int, int, Wire]:
        """A transfer of which a share has been sent; what has a checksum counts as a whole or not at all."""
        upload = self.chosen(pick, lambda upload: upload.open and upload.low < len(upload.source))
        checksum = checksum and isinstance(upload.dialect, Tus)
        start, size = self.settled(upload), len(upload.source)
        sent = (size - start) * share // QUARTERS
        connection = self.speaker.begin(upload, size, sent, checksum)
        sent = 0 if checksum else sent
        upload.high = start + sent
        return upload, start, sent, connection

    def settled(self, upload: Upload) -> int:
        """The offset, once nothing that was sent before can change it any more: an empty append overtakes it all."""
        if upload.low < upload.high:
            self.appended(upload, upload.low, last=False)
        return self.speaker.offset(upload)

    def arrives(self, upload: Upload, offset: int) -> None:
        """Every byte that was sent counts, once it has been read; GET looks without ending what is under way."""
        until(lambda: self.speaker.looked(upload) == offset, 15, lambda: f"{upload} never came to {offset}")
        upload.settle(offset)

    @precondition(lambda self: self.some(lambda upload: upload.open and upload.low < len(upload.source)))
    @rule(pick=PICKS, share=st.integers(0, QUARTERS - 1), checksum=st.booleans(), end=st.booleans())
    def overtake(self, pick: int, share: int, checksum: bool, end: bool) -> None:
        """A transfer stalls, and another comes."""
        upload, _, _, connection = self.begun(pick, share, checksum)
        if end and upload.final is None:
            self.deleted(upload)
        else:
            self.appended(upload, len(upload.source), last=True)
        # 409 if it was overtaken; for all that is known here the other may have come first, and left nothing to add to.
        assert final(connection).status in {400, 409, *GONE}
        connection.close()

    @precondition(lambda self: self.deaths > 0 and self.some(lambda u: u.open and u.low < len(u.source)))
    @rule(pick=PICKS, share=st.integers(1, QUARTERS - 1))
    def kill_in_the_middle(self, pick: int, share: int) -> None:
        """What was told is a promise."""
        upload, start, sent, connection = self.begun(pick, share, checksum=False)
        self.arrives(upload, start + sent)
        self.kill()
        connection.close()
        assert self.speaker.offset(upload) == start + sent

    @precondition(lambda self: self.deaths > 0)
    @rule()
    def kill(self) -> None:
        self.deaths -= 1
        kill_web(self.stack)
        self.stack.wait_for("/healthz")
        for upload in self.uploads:
            if upload.open:
                self.speaker.offset(upload)

    # The end

    @precondition(lambda self: self.some(lambda upload: upload.open and upload.final is None))
    @rule(pick=PICKS)
    def delete(self, pick: int) -> None:
        self.deleted(self.chosen(pick, lambda upload: upload.open and upload.final is None))

    def deleted(self, upload: Upload) -> None:
        fields = upload.dialect.fields()
        assert self.speaker.ask("DELETE", upload.path, fields).status == 204
        upload.deleted = True
        self.gone(upload)

    def gone(self, upload: Upload) -> None:
        for method in ("HEAD", "DELETE"):
            answer = self.speaker.ask(method, upload.path, upload.dialect.fields())
            assert answer.status in GONE, answer
            assert "upload-offset" not in answer.headers
        fields = self.speaker.fields(upload, upload.low, upload.low, last=False)
        assert self.speaker.ask("PATCH", upload.path, fields).status in GONE

    # Concatenation

    @precondition(lambda self: self.some(free))
    @rule(picks=st.lists(PICKS, min_size=1, max_size=3))
    def concatenate(self, picks: list[int]) -> None:
        """Whole parts and unfinished ones."""
        parts = tuple(dict.fromkeys(self.chosen(pick, free) for pick in picks))
        upload = Upload(Tus(), b"".join(part.source for part in parts), parts=parts)
        if not upload.source:
            return
        named = " ".join(part.path for part in parts)
        answer = self.speaker.create(upload, {"Upload-Concat": f"final;{named}"})
        upload.path = answer.headers["location"].removeprefix(self.stack.url)
        self.uploads.append(upload)
        for part in parts:
            part.final = upload
        self.check_final(upload)

    def check_final(self, upload: Upload) -> None:
        answer = self.speaker.ask("HEAD", upload.path, Tus().fields())
        assert answer.status == 200, answer
        assert answer.headers["upload-concat"].startswith("final;")
        whole = all(part.complete for part in upload.parts)
        assert answer.headers.get("upload-offset") in ({None, str(len(upload.source))} if whole else {None})

    @precondition(lambda self: self.some(lambda upload: bool(upload.parts)))
    @rule(pick=PICKS)
    def append_to_a_final(self, pick: int) -> None:
        upload = self.chosen(pick, lambda upload: bool(upload.parts))
        fields = self.speaker.fields(upload, 0, 0, last=False)
        assert self.speaker.ask("PATCH", upload.path, fields, b"!").status == 403
        self.check_final(upload)

    @precondition(lambda self: self.some(lambda upload: upload.final is not None))
    @rule(pick=PICKS)
    def take_a_part_twice(self, pick: int) -> None:
        path = self.chosen(pick, lambda upload: upload.final is not None).path
        answer = self.speaker.ask("POST", UPLOADS, {**Tus().fields(), "Upload-Concat": f"final;{path}"})
        assert 400 <= answer.status < 500, answer

    # At the end of each run

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:
            self.finish()

    def finish(self) -> None:
        """Complete what is open, and see that the files are those that the model says, and no others."""
        for upload in self.uploads:
            if upload.open:
                self.appended(upload, len(upload.source), last=True)
        finals = [upload for upload in self.uploads if upload.parts]
        for upload in finals:
            upload.file = file_of(self.stack, upload.path)
            self.check_final(upload)
            for part in upload.parts:
                self.is_forgotten(part)
        files = [upload for upload in self.uploads if upload.complete and not upload.partial] + finals
        for upload in files:
            self.check_bytes(upload)
        self.check_files(files)

    def is_forgotten(self, part: Upload) -> None:
        """After a moment; after a few if who joined it was killed before it could do that."""
        until(lambda: gone(self.stack, part.path), 10, lambda: f"{part} is left")
        self.gone(part)

    def check_bytes(self, upload: Upload) -> None:
        file = self.stack.file(upload.file.rstrip("/").rpartition("/")[2])
        assert (file["size"], file["sha256"]) == (len(upload.source), hashlib.sha256(upload.source).hexdigest())
        assert self.stack.client.get(file["file"]).content == upload.source

    def check_files(self, files: list[Upload]) -> None:
        """Some are of one byte or none, and many runs have such."""
        stored = digests(self.stack)
        distinct = [upload for upload in self.uploads if len(upload.source) > 5]
        expected = Counter(hashlib.sha256(upload.source).hexdigest() for upload in files)
        for upload in distinct:
            digest = hashlib.sha256(upload.source).hexdigest()
            assert stored[digest] == expected[digest], upload


def free(upload: Upload) -> bool:
    """Whether it is a part that a final can take."""
    return upload.partial and upload.final is None and not upload.deleted


@pytest.mark.parametrize("dialect", [Tus(), Draft(8)], ids=["tus", "draft"])
@pytest.mark.parametrize("size", [1000, 100_000, 5_000_000])
def test_all_that_arrived_counts(stack: Stack, dialect: Tus | Draft, size: int) -> None:
    """Though nobody is there any more by the time that it is looked at."""
    speaker, upload = Speaker(stack), Upload(dialect, content(size), high=size)
    fields = {"Upload-Length": str(size)} | ({} if isinstance(dialect, Tus) else dialect.complete(False))
    upload.path = speaker.create(upload, fields).headers["location"].removeprefix(stack.url)
    speaker.begin(upload, size, size // 2, checksum=False).close()
    until(lambda: speaker.looked(upload) == size // 2, 5, lambda: f"only {upload.low} of {size // 2} bytes were kept")
    assert speaker.append(upload, size, last=True).status == dialect.last


def play(stack: Stack, examples: int, deaths: int) -> None:
    """Without shrinking, which would take minutes; what is printed are the steps as they were."""
    run_state_machine_as_test(
        lambda: Uploads(stack, deaths),  # type: ignore[arg-type] # a factory will do, says its documentation
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.faults
@pytest.mark.parametrize("engine", ["embedded", "clustered"])
def test_any_steps(request: pytest.FixtureRequest, engine: str) -> None:
    """Embedded, or on two web processes and PostgreSQL."""
    if engine == "embedded":
        play(request.getfixturevalue("stack"), examples=number(25, 6), deaths=2)
    else:
        play(request.getfixturevalue("clustered"), examples=number(8, 3), deaths=1)
