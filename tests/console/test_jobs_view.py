"""The jobs as an operator finds, retries and cancels them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.console.pages import check_looks, findings, focused, press
from tests.devtools import Page
from tests.stack import Stack, until

HOSTILE = f"<img src=x onerror=alert(1)>\u202egnp.{'ж' * 100}.parquet"
NAMES = ("sales-2026-v1.parquet", "sales-2026-v2.parquet", HOSTILE)
# Other tests of this service have no tables that are broken.
MINE = "/jobs/?state=failed&processor=table"
ROWS = "document.querySelectorAll('tbody tr[data-state=failed]').length"

OpenPage = Callable[[str], Page]


@pytest.fixture(scope="module")
def broken(console_service: Stack) -> list[str]:
    """Files whose job fails for good."""
    found = [console_service.upload(b"PAR1" + bytes([n]) * 50 + b"PAR1", name)["id"] for n, name in enumerate(NAMES)]
    assert {console_service.settled(each)["error"]["code"] for each in found} == {"corrupt"}
    return found


def jobs(stack: Stack, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.client.get("/api/v1.0/jobs/", params=query).json()["results"]
    return found


def attempts(stack: Stack) -> list[int]:
    return [each["attempt"] for each in jobs(stack, state="failed", processor="table")]


def attempts_so_far(stack: Stack, broken: list[str]) -> list[int]:
    """Once all have failed: another test may just have retried one."""
    until(lambda: len(attempts(stack)) == len(broken), 60, lambda: f"not failed: {jobs(stack, processor='table')}")
    return attempts(stack)


def test_failed_jobs_are_grouped_and_all_that_match_are_retried(
    open_page: OpenPage, stack: Stack, broken: list[str]
) -> None:
    before = attempts_so_far(stack, broken)
    page = open_page("/jobs/")
    page.until("!!document.querySelector('.reason[data-error=corrupt]')")
    check_looks(page)
    page.click(".reason[data-error=corrupt][data-processor=table] a.button")
    page.until(f"location.search.includes('error=corrupt') && {ROWS} === {len(broken)}")
    assert "<img src=x onerror" in page.text("tbody")
    assert page.run("document.querySelectorAll('#view img').length") == 0
    page.click("[data-action=retry-all]")
    page.until("!!document.querySelector('dialog[open]')")
    assert "3" in page.text("dialog h2")
    assert "because of their files" in page.text("dialog")
    assert findings(page) == []
    page.click("dialog [data-action=agree]")
    page.once(lambda: attempts(stack) == [each + 1 for each in before], "all three have run again")
    shown = "[...document.querySelectorAll('tbody td[data-label=Attempt]')].map((each) => each.innerText).join()"
    page.until(f"{ROWS} === {len(broken)} && {shown} === '{','.join(map(str, attempts(stack)))}'")


def test_jobs_are_ticked_and_retried_by_keys_alone(open_page: OpenPage, stack: Stack, broken: list[str]) -> None:
    page = open_page(MINE)
    page.until(f"{ROWS} === {len(broken)}")
    before = sum(attempts_so_far(stack, broken))
    page.run("document.querySelector('tbody input').focus()")
    press(page, " ")
    page.until("!!document.querySelector('[data-action=retry-ticked]')")
    page.run("document.querySelector('[data-action=retry-ticked]').focus()")
    press(page, "Enter")
    page.until("!!document.querySelector('dialog[open]')")
    assert focused(page) == "Cancel"
    press(page, "Escape")
    page.until("!document.querySelector('dialog') && document.activeElement.dataset.action === 'retry-ticked'")
    press(page, "Enter")
    page.until("!!document.querySelector('dialog[open]')")
    press(page, "Tab")
    assert focused(page) == "Retry"
    press(page, "Enter")
    page.once(lambda: sum(attempts(stack)) == before + 1, "one has run again")


def test_one_job_says_why_it_failed_and_what_one_can_do(open_page: OpenPage, stack: Stack, broken: list[str]) -> None:
    attempts_so_far(stack, broken)
    (job,) = jobs(stack, file=broken[-1])
    page = open_page(f"/jobs/{job['id']}")
    page.until("!!document.querySelector('[data-state=failed]')")
    assert "gnp" in page.text("h1")
    assert "Damaged or incomplete" in page.text("#view")
    assert "upload a sound copy" in page.text("#view")
    check_looks(page)
    page.click("[data-action=retry]")
    page.until("!!document.querySelector('dialog[open]')")
    assert "Another run ends the same way" in page.text("dialog")
    page.click("dialog [data-action=agree]")
    page.once(lambda: jobs(stack, file=broken[-1])[0]["attempt"] != job["attempt"], "it has run again")
    page.until("!!document.querySelector('[data-state=failed]')")


def test_a_running_job_says_how_far_it_is_and_what_it_printed(open_page: OpenPage, stack: Stack) -> None:
    """It follows what its worker writes into its row. The log stays at its end while it grows."""
    file = stack.settled(stack.upload(b"long", "long.txt")["id"])["id"]
    job = jobs(stack, file=file)[0]["id"]

    def write(**columns: Any) -> None:
        statement = f"UPDATE picasso_job SET {', '.join(f'{name} = :{name}' for name in columns)} WHERE id = :id"
        with closing(sqlite3.connect(stack.data / "picasso.sqlite3", timeout=30)) as database, database:
            database.execute(statement, {**columns, "id": job.replace("-", "")})

    at = "{scrollTop, clientHeight, scrollHeight}"
    lines = [f"page {n}\n" for n in range(300)]
    write(state="running", leased_until="2999-01-01 00:00:00", finished_at=None, log="", progress=None)
    try:
        page = open_page(f"/jobs/{job}/")
        page.until("document.querySelector('#job-log ~ p')?.innerText.includes('nothing so far')")
        for progress, count in ((0.25, 200), (0.5, 300)):
            write(progress=progress, log="".join(lines[:count]))
            page.until(f"document.querySelector('#view progress')?.value === {progress}")
            assert f"page {count - 1}" in page.text("#view pre")
            assert (
                page.run(f"(({at}) => scrollHeight - scrollTop - clientHeight)(document.querySelector('#view pre'))")
                < 8
            )
        assert findings(page) == []
    finally:
        write(state="done", leased_until=None, finished_at="2026-01-01 00:00:00")


def test_a_waiting_job_is_cancelled(open_page: OpenPage, stack: Stack) -> None:
    stack.client.post("/api/v1.0/queues/quick/pause/")
    try:
        file = stack.upload(b"waits", "waits.txt")["id"]
        page = open_page(f"/jobs/?file={file}")
        page.until("document.querySelector('.held')?.innerText.startsWith('Waits: the queue quick is paused')")
        page.click("[data-tab=waiting]")
        page.until("location.search.includes('waiting%2Cqueued')")
        # In one look: the list is drawn anew when the tab's own answer comes.
        row = "document.querySelector('tr[data-state=waiting]:has(.end button)')"
        page.until(f"{row}?.innerText.includes('Waiting')")
        check_looks(page)
        page.click("tr[data-state=waiting] .end button")
        page.until("!!document.querySelector('dialog[open]')")
        page.click("dialog [data-action=agree]")
        page.click("[data-tab=all]")
        page.until("!!document.querySelector('tr[data-state=cancelled]')")
    finally:
        stack.client.post("/api/v1.0/queues/quick/resume/")


def test_empty_missing_loading_and_offline(open_page: OpenPage, broken: list[str]) -> None:
    page = open_page("/jobs/?pipeline=nothing")
    page.until("!!document.querySelector('.state-empty')")
    assert findings(page) == []
    # Held back, the answers leave the view as it is while it loads.
    page.ask("Fetch.enable", patterns=[{"urlPattern": "*/api/*"}])
    page.run("document.querySelector('[data-tab=failed]').click()")
    page.until("!!document.querySelector('.view-jobs .skeleton')")
    assert findings(page) == []
    page.ask("Fetch.disable")
    page.until("!document.querySelector('.view-jobs .skeleton')")
    page.connected(False)
    page.run("document.querySelector('[data-tab=done]').click()")
    page.until("!!document.querySelector('.view-jobs .state-offline')")
    assert findings(page) == []
    page.connected(True)
    # It may be back by itself already.
    page.run("document.querySelector('.view-jobs .state-offline button')?.click()")
    page.until("!document.querySelector('.view-jobs .state-offline')")


def test_a_job_that_is_not_there(open_page: OpenPage) -> None:
    page = open_page("/jobs/01890a5d-ac96-774b-bcce-b302099a8057")
    page.until(f"document.querySelector('#view')?.innerText.includes({json.dumps('There is no such job')})")
    assert findings(page) == []
