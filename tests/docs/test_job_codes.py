"""What the console says of errors of jobs is what docs/errors.md says, also in Russian."""

import re

from tests.docs.job_codes import MODULE, module, sentences

RUSSIAN = MODULE.with_name("job_codes_ru.js")


def test_the_module_is_written_from_the_code() -> None:
    assert MODULE.read_text() == module(), "python -m tests.docs.job_codes"


def test_every_sentence_is_there_in_russian() -> None:
    keys = re.findall(r"""^  (['"])(.*)\1: '.*[\u0430-\u044f].*',$""", RUSSIAN.read_text(), re.MULTILINE)
    assert {key for _, key in keys} == sentences()
