"""What a policy refuses once a job has read the whole file, and the policies of project and pipeline together."""

from __future__ import annotations

from typing import Any

import pytest

from tests.formats import document, pdf
from tests.live.test_policy import EXE, by_raw_body, refused
from tests.live.wire import PNG, UPLOAD
from tests.stack import Stack, until

pytestmark = pytest.mark.live

SCRIPT = pdf.pages([pdf.lines(["Hi"])], catalogue=b"/OpenAction << /S /JavaScript /JS (x) >>")


def settled(stack: Stack, content: bytes, name: str, pipeline: str) -> Any:
    answer = stack.client.put(f"{UPLOAD}{name}?pipeline={pipeline}", content=content)
    assert answer.status_code == 201, answer.text
    return stack.settled(answer.json()["id"], 60)


def test_a_file_with_forbidden_content_fails_and_is_not_served(processing: Stack) -> None:
    file = settled(processing, SCRIPT, "a.pdf", "strict")
    assert file["state"] == "failed"
    assert file["error"]["code"] == "forbidden-content"
    assert file["facts"]["pdf"]["active_content"] == {"javascript": 1, "open_action": ["JavaScript"]}
    answer = processing.client.get(file["file"])
    assert refused(answer) == (403, "content-refused")
    assert not file["derivatives"]


def test_bombs_and_passwords_found_by_the_job(processing: Stack) -> None:
    bomb = document.zipped({"zeros": bytes(80 * 2**20)})
    assert settled(processing, bomb, "a.zip", "strict")["error"]["code"] == "forbidden-content"
    assert settled(processing, pdf.locked(), "a.pdf", "strict")["error"]["code"] == "forbidden-content"
    assert settled(processing, pdf.locked(), "a.pdf", "default")["error"]["code"] == "protected"


def test_what_is_flagged_is_served(processing: Stack) -> None:
    file = settled(processing, SCRIPT, "a.pdf", "watch")
    assert file["state"] == "processed"
    assert file["facts"]["pdf"]["policy_flags"] == ["javascript", "open_action"]
    assert processing.client.get(file["file"]).content == SCRIPT


def test_the_policy_of_the_project_and_of_the_pipeline_hold_together(processing: Stack) -> None:
    project = "/api/v1.0/projects/default/"
    wrong = processing.client.patch(project, json={"policy": {"bombs": "perhaps"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "policy.bombs")

    def status() -> int:
        return by_raw_body(processing, PNG, "a.png", "pictures").status_code

    try:
        assert processing.client.patch(project, json={"policy": {"forbidden_types": ["image/png"]}}).status_code == 200
        until(lambda: status() != 201, 20, lambda: "the policy of the project never held", every=0.2)
        assert refused(by_raw_body(processing, PNG, "a.png", "default")) == (415, "type-not-allowed")
        assert refused(by_raw_body(processing, EXE, "a.png", "pictures")) == (415, "type-not-allowed")
    finally:
        processing.client.patch(project, json={"policy": {}})
        # For the tests after it.
        until(lambda: status() == 201, 20, lambda: "the policy of the project still holds", every=0.2)
