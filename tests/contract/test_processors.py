"""What every installed processor holds to, ours and those of others alike."""

import json
import os
import re
import subprocess
import sys
import tempfile
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from picasso.process.contract import GROUP, Derivative, Processor, ProcessorError, Result, Source
from picasso.process.registry import matches
from tests.contract.samples import samples as all_samples

ENTRIES = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
TYPE_PATTERN = re.compile(r"!?[a-z]+/[a-z0-9*.+-]+")

# None of these may come with the import of a module that the web process reads for its claims.
HEAVY = {
    *("av", "celery", "charset_normalizer", "django", "duckdb", "kreuzberg", "numpy", "PIL", "pillow_heif", "py7zr"),
    *("pypdfium2", "pyvips", "rawpy"),
}

bounded = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(params=ENTRIES, ids=lambda entry: entry.name)
def entry(request: pytest.FixtureRequest) -> EntryPoint:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def processor(entry: EntryPoint) -> Processor:
    made: Processor = entry.load()()
    made.prepare()
    return made


@pytest.fixture(scope="module")
def samples() -> dict[str, bytes]:
    return all_samples()


def claims(processor: Processor, media_type: str) -> bool:
    return matches(processor.media_types, media_type)


def attempt(processor: Processor, media_type: str, content: bytes) -> Result | None:
    """Run it on ``content`` and hold it to the contract; None where it blames the file."""
    with tempfile.TemporaryDirectory() as name:
        path, folder = Path(name, "original"), Path(name, "derived")
        path.write_bytes(content)
        folder.mkdir()
        try:
            result = processor(Source(path, media_type), folder)
        except ProcessorError as error:
            assert_public(error, name)
            return None
        assert path.read_bytes() == content
        assert_facts(result)
        assert_derivatives(result.derivatives, folder)
        return result


def assert_public(error: ProcessorError, folder: str) -> None:
    assert KEBAB.fullmatch(error.code)
    assert error.sentence.endswith(".")
    assert folder not in error.sentence


def assert_facts(result: Result) -> None:
    facts = json.dumps(dict(result.facts), allow_nan=False, ensure_ascii=False)
    assert len(facts.encode()) <= 65_536
    assert "\\u0000" not in facts, "PostgreSQL takes no U+0000 in JSON"


def assert_derivatives(derivatives: tuple[Derivative, ...], folder: Path) -> None:
    roles = [derivative.role for derivative in derivatives]
    assert all(KEBAB.fullmatch(role) for role in roles)
    assert len(set(roles)) == len(roles)
    assert {derivative.file for derivative in derivatives} == {path.name for path in folder.iterdir()}
    assert all((folder / derivative.file).stat().st_size for derivative in derivatives)


def test_ours_are_installed() -> None:
    ours = {"archive", "audio", "document", "image", "pdf", "rendition", "table", "text", "video"}
    assert ours <= {entry.name for entry in ENTRIES}


def test_each_of_ours_has_samples(processor: Processor, samples: dict[str, bytes]) -> None:
    assert any(claims(processor, media_type) for media_type in samples)


def test_names_are_unique() -> None:
    names = [entry.load().name for entry in ENTRIES]
    assert sorted(names) == sorted(set(names))


def test_a_name_is_in_kebab_case(processor: Processor) -> None:
    assert KEBAB.fullmatch(processor.name)


def test_claims_are_patterns_of_media_types(processor: Processor) -> None:
    assert processor.media_types
    assert all(TYPE_PATTERN.fullmatch(pattern) for pattern in processor.media_types)
    assert len(set(processor.media_types)) == len(processor.media_types)
    assert processor.queue in {"quick", "heavy"}


def test_claims_can_be_read_without_what_is_heavy(entry: EntryPoint) -> None:
    code = f"import sys, {entry.module}; print(*sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert entry.module in done.stdout.split()
    assert not HEAVY & set(done.stdout.split())


def test_preparing_twice_is_harmless(processor: Processor) -> None:
    processor.prepare()


def test_valid_files_give_results_and_the_same_ones_again(processor: Processor, samples: dict[str, bytes]) -> None:
    for media_type, content in samples.items():
        if claims(processor, media_type):
            result = attempt(processor, media_type, content)
            assert result is not None, media_type
            assert attempt(processor, media_type, content) == result


@bounded
@given(data=st.data(), content=st.binary(max_size=2_000))
def test_any_bytes_give_a_result_or_a_reason(processor: Processor, data: st.DataObject, content: bytes) -> None:
    pattern = data.draw(st.sampled_from([each for each in processor.media_types if not each.startswith("!")]))
    attempt(processor, pattern.replace("*", "x-any"), content)


@bounded
@given(data=st.data(), keep=st.floats(0.1, 1), changes=st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=4))))
def test_damaged_files_give_a_result_or_a_reason(
    processor: Processor,
    samples: dict[str, bytes],
    data: st.DataObject,
    keep: float,
    changes: list[tuple[float, bytes]],
) -> None:
    claimed = [media_type for media_type in samples if claims(processor, media_type)]
    if not claimed:
        pytest.skip("no samples of what it claims")
    media_type = data.draw(st.sampled_from(claimed))
    content = bytearray(samples[media_type])
    for place, change in changes:
        start = int(place * len(content))
        content[start : start + len(change)] = change
    attempt(processor, media_type, bytes(content[: int(keep * len(content))]))
