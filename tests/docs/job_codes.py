"""Write what the console says of errors of jobs, from the tables in the code: ``python -m tests.docs.job_codes``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import picasso
from picasso.error_codes import JOB_CODES, JobCode
from picasso.languages.russian import CODES

MODULE = Path(picasso.__file__).parent / "static/picasso/console/views/file/job_codes.js"

HEAD = """// Causes and remedies of the errors of jobs, by code. `permanent`: a retry ends the same way.
// `python -m tests.docs.job_codes` writes this file from error_codes/jobs.py.

export default {
"""

RUSSIAN_MODULE = MODULE.with_name("job_codes_ru.js")

RUSSIAN_HEAD = """// Causes and remedies of the errors of jobs in Russian. The English ones are in job_codes.js.
// `python -m tests.docs.job_codes` writes this file from languages/russian/codes.py.

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


def russian_module() -> str:
    return (
        RUSSIAN_HEAD + "".join(f"  {quoted(key)}: {quoted(value)},\n" for key, value in translations().items()) + "};\n"
    )


def translations() -> dict[str, str]:
    """The Russian of each sentence that the console shows, once."""
    return {plain(text): plain(CODES[text]) for each in JOB_CODES for text in (each.cause, each.remedy)}


def quoted(text: str) -> str:
    """As the sources of the console quote: with the other quotes if there is one inside."""
    return json.dumps(text, ensure_ascii=False) if "'" in text else f"'{text}'"


if __name__ == "__main__":
    MODULE.write_text(module())
    RUSSIAN_MODULE.write_text(russian_module())
