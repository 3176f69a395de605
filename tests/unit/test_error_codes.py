"""The tables of error codes are complete: no answer and no job has a code that the documentation does not explain."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rest_framework import exceptions
from tests.source_trees import nodes

from picasso import errors
from picasso.api.errors import code_of
from picasso.error_codes import JOB_CODES, REQUEST_CODES, JobCode, RequestCode

BY_CODE = {entry.code: entry for entry in REQUEST_CODES}
JOB_CODE_NAMES = {entry.code for entry in JOB_CODES}


def subclasses(kind: type[errors.PicassoError]) -> Iterator[type[errors.PicassoError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from subclasses(each)


@pytest.mark.parametrize("kind", sorted(subclasses(errors.PicassoError), key=str))
def test_every_error_class_is_explained(kind: type[errors.PicassoError]) -> None:
    assert BY_CODE[kind.code].status == kind.status


@pytest.mark.parametrize("kind", [exceptions.ParseError, exceptions.NotAcceptable, exceptions.UnsupportedMediaType])
def test_every_error_of_the_framework_is_explained(kind: type[exceptions.APIException]) -> None:
    fault = kind("text/plain") if kind is exceptions.UnsupportedMediaType else kind()
    assert BY_CODE[code_of(fault)].status == fault.status_code


@pytest.mark.parametrize("entry", [*REQUEST_CODES, *JOB_CODES], ids=lambda entry: entry.code)
def test_an_explanation_is_made_of_sentences(entry: RequestCode | JobCode) -> None:
    assert entry.cause.endswith(".")
    assert entry.remedy.endswith(".")


def test_no_code_is_listed_twice() -> None:
    assert len(BY_CODE) == len(REQUEST_CODES)
    assert len(JOB_CODE_NAMES) == len(JOB_CODES)


def calls(name: str) -> Iterator[tuple[str, str]]:
    """Where the first argument of a call of ``name`` is a literal: the file and that literal."""
    for path, found in nodes().items():
        for node in found:
            if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
                continue
            if getattr(node.func, "id", getattr(node.func, "attr", "")) == name:
                yield path, str(node.args[0].value)


@pytest.mark.parametrize("name", ["ProcessorError", "TransientError"])
def test_every_code_of_a_job_is_explained(name: str) -> None:
    found = list(calls(name))
    assert len(found) > 3
    assert not [each for each in found if each[1] not in JOB_CODE_NAMES]


def test_the_codes_that_are_constants_are_explained() -> None:
    from picasso.jobs.commands import CANCELLED
    from picasso.process.child_protocol import TOO_LARGE_OUTPUT, TRANSIENT_ERRORS

    assert {CANCELLED["error_code"], TOO_LARGE_OUTPUT[0], *TRANSIENT_ERRORS} <= JOB_CODE_NAMES


def test_the_errors_of_nginx_are_the_same_as_ours() -> None:
    text = (Path(__file__).parents[2] / "deploy/nginx.conf").read_text().replace(r"\'", "'")
    found = re.findall(r'"status":(\d+),"detail":"([^"]+)","code":"([^"]+)"', text)
    assert len(found) > 10
    assert not [code for _, _, code in found if code not in BY_CODE]
    sentences = {(str(kind.status), kind.code): kind.sentence() for kind in subclasses(errors.PicassoError)}
    same = {"403", "404", "405", "412", "413", "416", "431", "500"}
    assert not [each for each in found if each[0] in same and sentences[each[0], each[2]] != each[1]]
