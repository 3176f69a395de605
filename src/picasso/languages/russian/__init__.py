"""The Russian table: each sentence that the service says, with ``{}`` for what changes, and its translation.

A test takes the sentences from the source and refuses one that is not here. The gaps of a translation have numbers,
because their order may be another one.
"""

from __future__ import annotations

from picasso.languages.russian import (
    access,
    api,
    codes,
    errors,
    files,
    findings,
    follow,
    fragments,
    jobs,
    pages,
    remote,
    rules,
    uploads,
)

TITLES = errors.TITLES
FRAGMENTS = {**fragments.FRAGMENTS, **jobs.FRAGMENTS}
NESTED = fragments.NESTED | rules.NESTED
LISTS = rules.LISTS
PAGES = pages.TEXTS
CODES = codes.CODES

SENTENCES: dict[str, str] = {
    **errors.SENTENCES,
    **uploads.SENTENCES,
    **access.SENTENCES,
    **api.SENTENCES,
    **files.SENTENCES,
    **follow.SENTENCES,
    **jobs.SENTENCES,
    **findings.SENTENCES,
    **rules.SENTENCES,
    **remote.SENTENCES,
}
