"""Every sentence that a job says when it fails has a Russian translation: `error.detail` is in the reader's language.

The sentences are taken from the source. One that is missing goes into `src/picasso/languages/russian/jobs.py`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from picasso.languages import russian
from picasso.languages.templates import GAP
from picasso.languages.translate import to_russian
from picasso.scan.processor import SENTENCES
from tests.docs.test_languages import name_of, sentences
from tests.source_trees import nodes, trees

FAULTS = {"ProcessorError", "TransientError", "ServiceFailed", "Refusal"}
"""Their second argument, or their keyword ``sentence``, becomes the `error_detail` of a job."""


def said() -> Iterator[str]:
    for path, found in nodes().items():
        if path.startswith("admin/"):
            continue
        for node in found:
            match node:
                case ast.Call() if name_of(node.func) in FAULTS:
                    given = [*node.args[1:2], *(each.value for each in node.keywords if each.arg == "sentence")]
                    yield from (text for each in given for text in sentences(each))
                case ast.Assign(targets=[ast.Name(id="sentence")], value=value):
                    yield from sentences(value)
                case ast.Dict(keys=keys, values=values):
                    for key, value in zip(keys, values, strict=True):
                        if isinstance(key, ast.Constant) and key.value == "error_detail":
                            yield from sentences(value)
                case ast.Assign(value=ast.Tuple(elts=[ast.Constant(value=str(code)), ast.Constant(value=str(text))])):
                    yield from [text] if re.fullmatch("[a-z-]+", code) and text.endswith(".") else []


def test_every_sentence_of_jobs_has_a_translation() -> None:
    found = {each for each in said() if " " in each and not each.startswith(GAP)}
    assert found - russian.SENTENCES.keys() == set(), (
        "add them, with a translation, to src/picasso/languages/russian/jobs.py"
    )
    assert len(found) > 60


def test_every_reason_of_the_scanner_has_a_translation() -> None:
    for reason in SENTENCES.values():
        assert to_russian(f"This file was not scanned for malware: {reason}.")


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("This picture is damaged or incomplete.", "Изображение повреждено или неполно."),
        ("This table has more than 4,096 columns.", "В таблице больше 4,096 столбцов."),  # noqa: RUF001
        ("Malware was found in this file: Eicar {0} Test.", "В файле найдена вредоносная программа: Eicar {0} Test."),  # noqa: RUF001
        (
            "Processing this file crashed 3 times, so it is not tried again.",
            "Обработка файла аварийно завершилась 3 раза, больше попыток не будет.",
        ),
        ("What a processor of somebody else says.", None),
    ],
)
def test_translations_of_jobs(text: str, translation: str | None) -> None:
    assert to_russian(text) == translation


# What these find is shown in the console (`picasso.monitoring.findings`); what is fine is only counted there.
SHOWN = ("doctor/configuration.py", "doctor/workers.py", "doctor/one_check.py")
IN_DATA_FOLDER = {"permissions", "secret_key", "space"}


def found_by_the_doctor() -> Iterator[str]:
    for path, tree in trees().items():
        if path == "doctor/data_folder.py":
            parts = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in IN_DATA_FOLDER]
        else:
            parts = [node for node in tree.body if isinstance(node, ast.FunctionDef)] if path in SHOWN else []
        for node in (each for part in parts for each in ast.walk(part)):
            match node:
                case ast.Call() if name_of(node.func) in {"warning", "fault"}:
                    yield from (text for each in node.args[1:3] for text in sentences(each))
                case ast.Assign(targets=[ast.Name(id="what" | "change")], value=value):
                    yield from sentences(value)


def test_every_finding_that_the_console_shows_has_a_translation() -> None:
    found = set(found_by_the_doctor())
    assert found - russian.SENTENCES.keys() == set(), "add them to src/picasso/languages/russian/findings.py"
    assert len(found) > 30
