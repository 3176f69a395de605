"""Write `docs/errors.md` from the tables in the code: ``python -m tests.docs.errors_page``."""

from __future__ import annotations

import json
from pathlib import Path

from picasso.error_codes import JOB_CODES, REQUEST_CODES, JobCode
from picasso.errors import StorageFull

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"

HEAD = """# Error codes

Every error has a stable `code` for programs and a sentence for people. Compare the code, show the sentence. The codes
of one version of the API do not change; new ones may be added.

`python -m tests.docs.errors_page` writes this page from `src/picasso/error_codes/`. `GET /api/v1.0/error-codes/` gives
the same as JSON, also in Russian, and `/developers/` searches in it.

## Errors of requests
The answer to a request that fails is a problem document (RFC 9457) with the type `application/problem+json`:

```json
EXAMPLE
```

`code` is listed below, `detail` explains this one case, and `errors` lists all invalid fields of an `invalid-field`.
With 405 `allowed` has the supported methods, with 415 and 406 `supported` has the supported types, and with 413
`max_size` has the limit in bytes. Some answers have a `Retry-After` header: wait for that many seconds before the next
try. An error whose type is not `application/problem+json` comes from a proxy, not from Picasso. Only a browser that
shows the answer in its window (`Sec-Fetch-Mode: navigate`, or an `Accept` that begins with `text/html`) gets a page
instead.

`title` and `detail` are in English, or in Russian for a client that prefers it by `Accept-Language`; so are the pages
to sign in and the account. `Content-Language` says which. What a library says, and has no translation for, stays
English as a whole. So does `error.detail` of a file or job that has failed: it is stored in English, and shown
in Russian if it is a sentence of the service's own. `code` and `field` are the same in every language.

`type` is `about:blank`, except for three codes that the IETF draft of resumable uploads defines:
`mismatching-upload-offset`, `inconsistent-upload-length` and `completed-upload`. Their `type` is
`https://iana.org/assignments/http-problem-types#` and the code. A `mismatching-upload-offset` also has the members
`expected-offset`, the offset to continue at, and `provided-offset`, the offset that the request had.

"""

JOBS = """
## Errors of files and jobs
A file whose processing failed has the `state` `failed` and an `error` with one of these codes; `GET
/api/v1.0/files/{id}/jobs/` shows the error of each job, with the end of its log. The uploaded file itself stays and
can be downloaded. Jobs with a temporary cause are tried again before they fail; the column says which ones. `POST
/api/v1.0/jobs/{id}/retry/` runs a job once more. Processors of third parties may have further codes.

"""


def page() -> str:
    return HEAD.replace("EXAMPLE", json.dumps(StorageFull().problem(), indent=2)) + request_codes() + JOBS + job_codes()


def request_codes() -> str:
    rows = [row(f"`{each.code}`", str(each.status), each.cause, each.remedy) for each in REQUEST_CODES]
    return table(("code", "status", "cause", "remedy"), rows)


def job_codes() -> str:
    rows = [row(f"`{each.code}`", tried_again(each), each.cause, each.remedy) for each in JOB_CODES]
    return table(("code", "tried again", "cause", "remedy"), rows)


def tried_again(each: JobCode) -> str:
    return "yes" if each.retried else "no"


def table(head: tuple[str, ...], rows: list[str]) -> str:
    return row(*head) + row(*("---" for _ in head)) + "".join(rows)


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
