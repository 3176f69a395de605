"""The tests that every processor has to pass, the built-in ones and those of third parties."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from picasso.process import registry
from picasso.process.child_pool import ChildPool
from picasso.process.contract import GROUP, JSON, Derivative, Processor, ProcessorError, Result, Source
from picasso.process.forkserver_client import ONE_THREAD
from picasso.queue_names import QUEUES

KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
TYPE_PATTERN = re.compile(r"!?[a-z]+/[a-z0-9*.+-]+")

MAX_FACTS = 65_536  # bytes as JSON
CHILD_MEMORY = 2 * 2**30  # bytes of address space
CHILD_SECONDS = 60.0

EXAMPLES = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


class ProcessorContract:
    """Subclass it in a test module, under a name that begins with ``Test``, and set `processor` and `samples`."""

    processor: ClassVar[type[Processor]]
    lazy_modules: ClassVar[frozenset[str]] = frozenset({"celery", "django"})
    """Modules that importing the processor's module must not import, besides those that it `requires`."""

    @classmethod
    def samples(cls) -> Mapping[str, bytes]:
        """Small valid files, at least one, by the media type that each has."""
        raise NotImplementedError

    @classmethod
    def own_samples(cls) -> Mapping[str, bytes]:
        """The samples of types that this processor covers."""
        patterns = cls.processor.media_types
        return {kind: content for kind, content in cls.samples().items() if registry.matches(patterns, kind)}

    @pytest.fixture
    def instance(self) -> Processor:
        instance = self.processor()
        instance.prepare()
        return instance

    @pytest.fixture
    def children(self) -> Iterator[ChildPool]:
        children = ChildPool(CHILD_MEMORY, 32)
        children.open()
        yield children
        children.close()

    def test_is_installed_under_its_name(self) -> None:
        assert registry.processors().get(self.processor.name) is self.processor, f"no entry point in {GROUP}"

    def test_name_is_kebab_case(self) -> None:
        assert KEBAB.fullmatch(self.processor.name)

    def test_media_types_are_patterns(self) -> None:
        patterns = self.processor.media_types
        assert patterns
        assert all(TYPE_PATTERN.fullmatch(pattern) for pattern in patterns)
        assert len(set(patterns)) == len(patterns)

    def test_queue_exists(self) -> None:
        assert self.processor.queue in QUEUES

    def test_options_have_defaults(self) -> None:
        self.processor.Options()

    def test_its_module_imports_no_heavy_library(self) -> None:
        """The web process imports it to read its media types."""
        imported = set(run_python(f"import sys, {self.processor.__module__}; print(*sys.modules)").split())
        assert self.processor.__module__ in imported
        assert not (self.lazy_modules | set(self.processor.requires)) & imported

    def test_prepare_starts_no_threads(self) -> None:
        """Children are forked from the process that has prepared, and would lack these threads."""
        module, name = self.processor.__module__, self.processor.__qualname__
        code = f"from {module} import {name} as processor; processor.prepare()"
        count = "from picasso.process import forkserver; print(forkserver.threads())"
        assert run_python(f"{code}; {count}").split()[-1] == "1"

    def test_prepare_may_be_called_twice(self, instance: Processor) -> None:
        instance.prepare()

    def test_has_samples(self) -> None:
        assert self.own_samples()

    def test_valid_files_give_the_same_result_twice(self, instance: Processor) -> None:
        for media_type, content in self.own_samples().items():
            result = run_processor(instance, media_type, content)
            assert result is not None, media_type
            assert run_processor(instance, media_type, content) == result

    def test_valid_files_give_the_same_result_in_a_confined_child(
        self, instance: Processor, children: ChildPool, tmp_path: Path
    ) -> None:
        """With limited memory, no network, and no files but the original and those of installed libraries."""
        original, folder = tmp_path / "original", tmp_path / "derived"
        for media_type, content in self.own_samples().items():
            original.write_bytes(content)
            result = children.run(self.processor.name, Source(original, media_type), folder, CHILD_SECONDS)
            expected = run_processor(instance, media_type, content)
            assert expected is not None
            assert as_json(result.facts) == as_json(expected.facts), media_type
            assert result.derivatives == expected.derivatives, media_type

    @EXAMPLES
    @given(data=st.data(), content=st.binary(max_size=2_000))
    def test_any_bytes_give_a_result_or_a_processor_error(
        self, instance: Processor, data: st.DataObject, content: bytes
    ) -> None:
        patterns = [pattern for pattern in self.processor.media_types if not pattern.startswith("!")]
        media_type = data.draw(st.sampled_from(patterns)).replace("*", "x-any")
        run_processor(instance, media_type, content)

    @EXAMPLES
    @given(
        data=st.data(), keep=st.floats(0.1, 1), changes=st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=4)))
    )
    def test_damaged_files_give_a_result_or_a_processor_error(
        self, instance: Processor, data: st.DataObject, keep: float, changes: list[tuple[float, bytes]]
    ) -> None:
        """Samples with some bytes changed and the end cut off."""
        media_type = data.draw(st.sampled_from(sorted(self.own_samples())))
        content = bytearray(self.own_samples()[media_type])
        for place, change in changes:
            start = int(place * len(content))
            content[start : start + len(change)] = change
        run_processor(instance, media_type, bytes(content[: int(keep * len(content))]))


def run_processor(processor: Processor, media_type: str, content: bytes) -> Result | None:
    """Process ``content`` in this process and check the result; None after a `ProcessorError`.

    Raises `AssertionError` if the processor breaks the contract, and every other exception of the processor.
    """
    with tempfile.TemporaryDirectory() as name:
        path, folder = Path(name, "original"), Path(name, "derived")
        path.write_bytes(content)
        folder.mkdir()
        try:
            result = processor(Source(path, media_type), folder)
        except ProcessorError as error:
            check_error(error, name)
            return None
        assert path.read_bytes() == content, "the original was changed"
        check_facts(result.facts)
        check_derivatives(result.derivatives, folder)
        return result


def check_error(error: ProcessorError, folder: str) -> None:
    assert KEBAB.fullmatch(error.code)
    assert error.sentence.endswith(".")
    assert folder not in error.sentence, "a public sentence must not name paths"
    check_facts(error.facts)


def check_facts(facts: Mapping[str, JSON]) -> None:
    text = as_json(facts)
    assert len(text.encode()) <= MAX_FACTS
    assert "\\u0000" not in text, "PostgreSQL can't store U+0000 in JSON"


def check_derivatives(derivatives: tuple[Derivative, ...], folder: Path) -> None:
    roles = [derivative.role for derivative in derivatives]
    assert all(KEBAB.fullmatch(role) for role in roles)
    assert len(set(roles)) == len(roles)
    assert {derivative.file for derivative in derivatives} == {path.name for path in folder.iterdir()}
    assert all((folder / derivative.file).stat().st_size for derivative in derivatives)


def as_json(facts: Mapping[str, JSON]) -> str:
    return json.dumps(dict(facts), allow_nan=False, ensure_ascii=False)


def run_python(code: str) -> str:
    """What a new interpreter with the same import path prints."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | ONE_THREAD
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return done.stdout
