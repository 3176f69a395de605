"""Every type of `docs/types.md`: with its usual name, with a wrong one and without one."""

from __future__ import annotations

import pytest

from picasso import detection
from picasso.detection import Window
from picasso.detection.text.json_types import is_json
from picasso.detection.text.names import FILE_NAMES
from tests.cases import cases
from tests.detection.page import PAGE, page
from tests.detection.samples import Sample, all_samples

SAMPLES = all_samples()
NAMES = [f"{each.media_type} {each.name}" for each in SAMPLES]


def detect(content: bytes, name: str = "") -> detection.Detection:
    return detection.detect(Window.of_bytes(content), name)


@cases("sample", SAMPLES, ids=NAMES)
def test_with_the_usual_name(sample: Sample) -> None:
    detected = detect(sample.content, sample.name)
    assert detected.media_type == sample.media_type
    assert (detected.detected_by == "name") == bool(sample.without_name)


@cases("sample", SAMPLES, ids=NAMES)
def test_without_a_name_and_with_a_wrong_one(sample: Sample) -> None:
    expected = sample.without_name or sample.media_type
    assert detect(sample.content).media_type == expected
    wrong = "paper.pdf" if sample.media_type.startswith("image/") else "photo.jpg"
    assert detect(sample.content, wrong).media_type == expected
    assert detect(sample.content, "a.unknown-extension").media_type == expected


# Names of formats with a required beginning change nothing; those of code and of JSON choose among what a text may be.
@pytest.mark.parametrize("name", ["a.ps", "a.vcf", "a.eml", "a.dxf", "a.vtt"])
def test_names_of_formats_with_a_required_beginning(name: str) -> None:
    for sample in SAMPLES:
        assert detect(sample.content, name).media_type == (sample.without_name or sample.media_type), sample


@pytest.mark.parametrize(("name", "media_type"), [("a.py", "text/x-python"), ("a.json", "application/json")])
def test_names_of_code_and_json(name: str, media_type: str) -> None:
    for sample in SAMPLES:
        expected = sample.without_name or sample.media_type
        choice = {media_type} if expected in CHOSEN_BY_NAME or is_json(expected) else set()
        assert detect(sample.content, name).media_type in {expected, *choice}, sample


# What the name of a text may change.
CHOSEN_BY_NAME = {"text/plain", "text/csv", "text/tab-separated-values", "text/html", "text/xml"}


@cases("sample", SAMPLES, ids=NAMES)
def test_a_type_is_normal_and_has_the_extension_of_its_name(sample: Sample) -> None:
    assert detection.normalize(sample.media_type) == sample.media_type
    if (
        "." in sample.name[1:]
        and sample.name.lower() not in FILE_NAMES
        and sample.media_type not in {"text/plain", detection.UNKNOWN}
    ):
        assert "." + sample.name.rpartition(".")[2].lower() in detection.media_types.extensions(sample.media_type)


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.detection.page"
