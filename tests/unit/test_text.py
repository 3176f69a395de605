import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.detection.samples import text_markup, text_names
from tests.sampling import number, sample

from picasso.process.contract import JSON, Source
from picasso.process.processors import text, wellformed
from picasso.process.processors.document import Document
from picasso.process.processors.image import Image
from picasso.process.processors.table import Table
from picasso.process.processors.text import PIECE, Text
from picasso.process.registry import matches

Facts = Mapping[str, JSON]
Run = Callable[[bytes], Facts]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes) -> Facts:
        (tmp_path / "original").write_bytes(content)
        result = Text()(Source(tmp_path / "original", "text/plain"), tmp_path / "derived")
        assert result.derivatives == ()
        return result.facts

    return run


# What is counted


@pytest.mark.parametrize(
    ("content", "lines", "kind"),
    [
        ("", 0, None),
        ("a", 1, None),
        ("\n", 1, "lf"),
        ("a\nb\n", 2, "lf"),
        ("a\nb", 2, "lf"),
        ("a\r\nb\r\n", 2, "crlf"),
        ("a\rb\r", 2, "cr"),
        ("a\r", 1, "cr"),
        ("\n\n\n", 3, "lf"),
        ("\r\r\n", 2, "mixed"),
        ("a\nb\r\n", 2, "mixed"),
        ("a\rb\nc", 3, "mixed"),
        ("a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g", 1, None),
    ],
)
def test_lines_end_with_lf_crlf_or_cr(run: Run, content: str, lines: int, kind: str | None) -> None:
    facts = run(content.encode())
    assert (facts["lines"], facts["line_ends"]) == (lines, kind)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", 0),
        (" \t\n", 0),
        ("one", 1),
        (" one  two\tthree\nfour ", 4),
        ("don't stop-me,now", 2),
        ("für élise", 2),
        ("no\xa0break\u2003wide\u3000ideographic\x85next", 5),
        ("日本語のテキスト 処理", 2),
        ("a\x1cb\x1fc", 3),
        ("zero\u200bwidth", 1),
    ],
)
def test_words_stand_between_white_space(run: Run, content: str, words: int) -> None:
    assert run(content.encode())["words"] == words


def test_characters_are_code_points(run: Run) -> None:
    assert run("née\r\n".encode())["characters"] == 5
    assert run("ne\u0301e 👩‍🚀".encode())["characters"] == 8


def test_the_preview_is_the_first_thousand_characters(run: Run) -> None:
    content = "Größe→👩\n" * 400
    assert run(content.encode())["preview"] == content[:1000]
    assert run(b"short")["preview"] == "short"


def test_the_preview_can_be_stored_in_a_database(run: Run) -> None:
    """PostgreSQL refuses a JSON document with U+0000 in it."""
    assert run(b"some\0thing")["preview"] == "some\N{REPLACEMENT CHARACTER}thing"


def test_pieces_do_not_change_the_counts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "für → 👩 d\xa0a\r\n\r\n\rb\n ende"
    whole = run(content.encode())
    for size in range(1, 12):
        monkeypatch.setattr(text, "PIECE", size)
        assert run(content.encode()) == whole


@given(st.text("aé👩 \xa0\n\r\0", max_size=60), st.integers(1, 9))
@settings(max_examples=number(200, 50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counts_agree_with_a_simple_implementation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, size: int
) -> None:
    monkeypatch.setattr(text, "PIECE", size)
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbf" + content.encode())
    facts = Text()(Source(tmp_path / "a", "text/plain"), tmp_path).facts
    in_lf = content.replace("\r\n", "\n").replace("\r", "\n")
    lines = in_lf.count("\n") + (not in_lf.endswith("\n") and in_lf != "")
    assert (facts["characters"], facts["words"], facts["lines"]) == (len(content), len(content.split()), lines)
    assert facts["undecodable"] == 0


def test_line_ends_are_counted(run: Run) -> None:
    assert run(b"a\nb\r\nc\r\nd\re")["line_end_counts"] == {"lf": 1, "crlf": 2, "cr": 1}


# How it is encoded

PANGRAM = "Zwölf Boxkämpfer jagen Viktor über den großen Sylter Deich, “schön”\n"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
        (b"\xff\xfe\0\0", "utf-32-le"),
        (b"\0\0\xfe\xff", "utf-32-be"),
    ],
)
def test_a_byte_order_mark_decides_and_does_not_count(run: Run, mark: bytes, encoding: str) -> None:
    facts = run(mark + PANGRAM.encode(encoding))
    assert (facts["encoding"], facts["preview"], facts["characters"]) == (encoding, PANGRAM, len(PANGRAM))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_detected_without_a_mark(run: Run, encoding: str) -> None:
    facts = run(PANGRAM.encode(encoding))
    assert (facts["encoding"], facts["preview"], facts["undecodable"]) == (encoding, PANGRAM, 0)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (PANGRAM, "cp1252"),
        ("Le café est très bon à l'été, où ça ?\n", "cp1252"),
        ("Привет, как дела? Это русский текст.\n", "cp1251"),
        ("Привет, как дела? Это русский текст.\n", "koi8-r"),
        ("日本語のテキスト処理する。これは文章です。\n", "cp932"),
        ("这是一个中文的测试文件。请多多指教。\n", "gb18030"),
    ],
)
@pytest.mark.parametrize("times", [1, 5_000])
def test_older_encodings_are_guessed(run: Run, content: str, encoding: str, times: int) -> None:
    facts = run((content * times).encode(encoding))
    assert (facts["encoding"], facts["undecodable"]) == (encoding, 0)
    assert facts["characters"] == len(content) * times
    assert facts["preview"] == (content * times)[:1000]


def test_the_encoding_is_guessed_after_the_ascii_beginning(run: Run) -> None:
    head, tail = "plain\n" * (PIECE // 2), "Привет, как дела? Это русский текст.\n"
    facts = run((head + tail).encode("koi8-r"))
    assert (facts["encoding"], facts["characters"]) == ("koi8-r", len(head + tail))


@pytest.mark.parametrize("shift", [0, 1])
def test_a_split_character_does_not_change_the_guess(run: Run, shift: int) -> None:
    content = "x" * shift + "\n" + "这是一个中文的测试文件。请多多指教\n" * 9_000
    assert run(content.encode("gb18030"))["encoding"] == "gb18030"


@pytest.mark.parametrize(
    ("content", "encoding", "evidence"),
    [
        ("Größe".encode(), "utf-8", "validity"),
        (b"plain", "utf-8", "validity"),
        ("Größe".encode("utf-16"), "utf-16-le", "mark"),
        ("Привет, мир".encode("utf-16-be"), "utf-16-be", "validity"),
        ("# -*- coding: cp1251 -*-\n# Привет\n".encode("cp1251"), "cp1251", "declaration"),
        ('<?xml version="1.0" encoding="windows-1251"?>\n<Файл/>'.encode("cp1251"), "cp1251", "declaration"),
        ("Съешь ещё этих мягких французских булок".encode("koi8-r"), "koi8-r", "guess"),
        (bytes(random.Random(1).choices(range(128, 256), k=500)), None, None),
    ],
    ids=range(8),
)
def test_the_facts_say_what_tells_the_encoding(
    run: Run, content: bytes, encoding: str | None, evidence: str | None
) -> None:
    facts = run(content)
    assert (facts["encoding"], facts["encoding_evidence"]) == (encoding, evidence)
    assert facts["encoding_sure"] is (encoding is not None)
    assert "\N{REPLACEMENT CHARACTER}" not in str(facts["preview"])


def test_one_line_in_another_encoding_is_enough(run: Run) -> None:
    assert run("Grüße\nplain\nplain\n".encode("cp1252"))["preview"] == "Grüße\nplain\nplain\n"


def test_a_bad_byte_in_utf_8_is_counted_and_changes_nothing_else(run: Run) -> None:
    facts = run((PANGRAM * 50).encode() + b"\xff\xfe\n")
    assert (facts["encoding"], facts["undecodable"], facts["lines"]) == ("utf-8", 2, 51)


def test_binary_data_is_counted_as_well(run: Run) -> None:
    facts = run(b"\xff\xfe\xfd\x81\x8d" * 5_000 + b"\n")
    assert isinstance(facts["undecodable"], int)
    assert facts["undecodable"] > 0 or facts["encoding"] != "utf-8"


@given(st.binary(max_size=300))
@settings(max_examples=number(300, 75), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_facts(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    facts = Text()(Source(tmp_path / "a", "text/plain"), tmp_path).facts
    assert "\\u0000" not in json.dumps(dict(facts))


def test_a_missing_file_raises_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Text()(Source(tmp_path / "gone", "text/plain"), tmp_path)


# Whether it keeps to its grammar

LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))


@pytest.mark.parametrize(
    ("media_type", "content", "well_formed"),
    [
        ("application/json", b'{"a": [1, 2.5, null, "x", true]}', True),
        ("application/json", b"\xef\xbb\xbf{}", True),
        ("application/json", '{"a": "é"}'.encode("utf-16"), True),
        ("application/geo+json", b"[" + b"9" * 10_000 + b"]", True),
        ("application/json", b'{"a": }', False),
        ("application/json", b"[1] [2]", False),
        ("application/json", b"[NaN]", False),
        ("application/json", b"", False),
        ("application/json", b"[" * 10**6 + b"]" * 10**6, None),
        ("application/json", b"[" + b" " * wellformed.MAX_JSON + b"]", None),
        ("text/xml", b'<?xml version="1.0"?><a b="c">d</a>', True),
        ("application/atom+xml", "<a>é</a>".encode("utf-16"), True),
        ("text/xml", b"<a>" * 100_000 + b"</a>" * 100_000, True),
        ("text/xml", b"<a><b></a>", False),
        ("text/xml", b"<a>&none;</a>", False),
        ("text/xml", b"", False),
        ("text/xml", b'<!DOCTYPE a [<!ENTITY l0 "l">' + LAUGHS + b"]><a>&l11;</a>", True),
        ("text/xml", b'<!DOCTYPE a [<!ENTITY l0 "l">' + LAUGHS + b']><a b="&l11;"/>', None),
        ("text/xml", b'<a b="' + b"x" * (wellformed.MAX_TOKEN + 2 * wellformed.PIECE) + b'"/>', None),
        ("text/xml", b'<?xml version="1.0" encoding="x-none"?><a/>', None),
        ("text/plain", b"{}", None),
    ],
    ids=range(21),
)
def test_json_and_xml_are_checked(tmp_path: Path, media_type: str, content: bytes, well_formed: bool | None) -> None:
    (tmp_path / "a").write_bytes(content)
    assert Text()(Source(tmp_path / "a", media_type), tmp_path).facts["well_formed"] is well_formed


def test_external_entities_of_xml_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/" [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    )
    facts = Text()(Source(tmp_path / "a", "text/xml"), tmp_path).facts
    assert facts["well_formed"] is True
    assert "root:" not in json.dumps(dict(facts))


def test_tables_and_documents_are_excluded() -> None:
    assert matches(Text.media_types, "text/plain")
    assert matches(Text.media_types, "text/x-c")
    for other in ("text/csv", "text/html", "text/markdown", "text/rtf", "message/rfc822", "application/x-ndjson"):
        assert not matches(Text.media_types, other)


def test_formats_in_text_are_processed() -> None:
    """Code, configuration and markup, whatever their names begin with; not by this processor and another one."""
    others = [Document.media_types, Image.media_types, Table.media_types]
    for each in (*text_names.SAMPLES, *text_markup.SAMPLES):
        by_others = any(matches(types, each.media_type) for types in others)
        if each.media_type not in {"application/x-spss-por", "application/x-amf"}:
            assert matches(Text.media_types, each.media_type) != by_others, each.media_type


# What it costs

COST = """
import resource, sys
from pathlib import Path
from picasso.process.contract import Source
from picasso.process.processors.text import Text
Text.prepare()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
facts = Text()(Source(Path(sys.argv[1]), "text/plain"), Path()).facts
print(facts["characters"], (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss in KiB")
@pytest.mark.parametrize("unit", sample([b"x", b"\n", "ä ".encode(), b"\0"], lambda _: "text", 1 / 2))
def test_memory_does_not_grow_with_the_file(tmp_path: Path, unit: bytes) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.writelines([unit * (1 << 20)] * 48)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", COST, str(tmp_path / "large")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=True)
    characters, megabytes = map(int, done.stdout.split())
    assert characters == 48 * (1 << 20) * len(unit.decode())
    assert megabytes < 24
