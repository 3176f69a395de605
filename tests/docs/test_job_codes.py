"""What the console says of errors of jobs is what docs/errors.md says, also in Russian."""

from picasso.error_codes import JOB_CODES, REQUEST_CODES
from picasso.languages.russian import CODES
from tests.docs.job_codes import MODULE, RUSSIAN_MODULE, module, russian_module


def test_the_modules_are_written_from_the_code() -> None:
    assert MODULE.read_text() == module(), "python -m tests.docs.job_codes"
    assert RUSSIAN_MODULE.read_text() == russian_module(), "python -m tests.docs.job_codes"


def test_every_cause_and_remedy_has_a_translation_and_no_translation_is_for_nothing() -> None:
    said = {text for each in (*REQUEST_CODES, *JOB_CODES) for text in (each.cause, each.remedy)}
    assert said == CODES.keys()
