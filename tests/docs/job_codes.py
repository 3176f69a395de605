"""Write what the console says of errors of jobs, from the tables in the code: ``python -m tests.docs.job_codes``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import picasso
from picasso.error_codes import JOB_CODES, JobCode

MODULE = Path(picasso.__file__).parent / "static/picasso/console/views/file/job_codes.js"

HEAD = """// Causes and remedies of the errors of jobs, by code. `permanent`: a retry ends the same way.
// `python -m tests.docs.job_codes` writes this file from error_codes/jobs.py.

export default {
"""

LINK = re.compile(r"\[([^]]+)]\([^)]+\)")


def module() -> str:
    return HEAD + "".join(map(member, JOB_CODES)) + "};\n"


def member(each: JobCode) -> str:
    shown = {"cause": plain(each.cause), "remedy": plain(each.remedy), "permanent": each.permanent}
    return f"  {json.dumps(each.code)}: {json.dumps(shown, ensure_ascii=False)},\n"


def plain(text: str) -> str:
    """Without links to pages of the documentation."""
    return LINK.sub(r"\1", text)


def sentences() -> set[str]:
    """What the console must have in every language."""
    return {plain(text) for each in JOB_CODES for text in (each.cause, each.remedy)}


if __name__ == "__main__":
    MODULE.write_text(module())
