"""Every sentence that the service says to a client or on a page has a Russian translation.

The sentences are taken from the source. One that is missing goes into `src/picasso/languages/russian/`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from picasso import errors
from picasso.api import console
from picasso.errors import PicassoError, QuotaAsked, QuotaExceeded
from picasso.languages import russian
from picasso.languages.accept import language_of
from picasso.languages.problems import VARY, localized
from picasso.languages.templates import GAP, Template
from picasso.languages.translate import MAX_TEXT, to_russian
from picasso.outbound import errors as outbound
from picasso.templatetags import kinds
from tests.source_trees import SOURCE, nodes, trees

CLASSES = {
    name: each
    for module in (errors, outbound)
    for name, each in vars(module).items()
    if isinstance(each, type) and issubclass(each, PicassoError)
}

RAISED = {*CLASSES, "ValidationError", "PolicyError", "ClaimError"}

# What reads the rules of a project says the ends of sentences.
OF_RULES = {path: {"ValueError"} for path in ("policy/patterns.py", "rate_policies.py", "access/import_rules.py")}

# Said of a setting, when the service starts.
ENGLISH = {"must be off, or a list of name=quota/window with these names: {}"}


def sentences(node: ast.expr) -> Iterator[str]:
    """What an expression may be, with gaps for the values in it. Nothing for what only runs make known."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            yield "".join(str(each.value) if isinstance(each, ast.Constant) else GAP for each in values)
        case ast.IfExp(body=body, orelse=orelse):
            yield from sentences(body)
            yield from sentences(orelse)
        case ast.BoolOp(values=values):
            for each in values:
                yield from sentences(each)
        case ast.Subscript(value=whole, slice=ast.Slice()):
            yield from sentences(whole)
        case ast.Name(id=name):
            yield from constants().get(name, [])


@cache
def constants() -> dict[str, list[str]]:
    """The texts at the top of modules, by the names that are written in capitals."""
    found: dict[str, list[str]] = {}
    for tree in trees().values():
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant() | ast.JoinedStr() as value):
                    found.setdefault(name, []).extend(sentences(value) if name.isupper() else [])
    return found


def raised() -> Iterator[tuple[str, str]]:
    for path, found in nodes().items():
        for node in found:
            # What a serializer refuses is said with the name of the member before it: `picasso.api.field_errors`.
            if isinstance(node, ast.Call) and (name := name_of(node.func)) in RAISED | OF_RULES.get(path, set()):
                detail = node.args[1 if name in {"InvalidField", "PolicyError", "ClaimError"} else 0 :][:1]
                yield from ((sentence_of(name, text), path) for each in detail for text in sentences(each))


def sentence_of(name: str, text: str) -> str:
    """A claim's error says the name of the claim itself."""
    return f"{GAP} {text}." if name == "ClaimError" else text


def name_of(function: ast.expr) -> str:
    return getattr(function, "id", "") or getattr(function, "attr", "")


def test_every_error_has_a_translation() -> None:
    said = {(each.sentence(), "errors.py") for each in CLASSES.values()} | set(raised())
    missing = {each for each in said if " " in each[0] and each[0] not in russian.SENTENCES and each[0] not in ENGLISH}
    assert not missing, "add them, with a translation, to a table in src/picasso/languages/russian/"
    assert len(said) > 200


def test_no_translation_is_for_nothing() -> None:
    """A sentence that was changed leaves its old translation behind."""
    texts = "".join(re.sub(r"\s+", " ", ast.unparse(tree)) for path, tree in trees().items() if "russian" not in path)

    def is_said(sentence: str) -> bool:
        parts = [part.strip().rstrip(".") for part in sentence.split(GAP)]
        return all(
            part in texts or part.replace("'", "\\'") in texts or part.replace('"', '\\"') in texts for part in parts
        )

    docs = " ".join(each.sentence() for each in CLASSES.values())
    unknown = {each for each in russian.SENTENCES if each not in docs and not is_said(each)}
    assert not unknown


def test_every_word_of_the_pages_has_a_translation() -> None:
    templates = (SOURCE / "templates").rglob("*.html")
    said = {text for path in templates for text in re.findall(r'\{\{ "([^"]+)"\|say \}\}', path.read_text())}
    labels = {
        each.value
        for node in nodes()["api/people/forms.py"]
        if isinstance(node, ast.Call)
        for each in (*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "label"))
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value[:1].isupper()
    }
    done = {str(text) for text in re.findall(r'done="([^"]+)"', (SOURCE / "api/people/account.py").read_text())}
    roles = {"Viewer", "Operator", "Admin"}
    views = {entry.label for entry in (*console.FIRST, *console.MORE)} | set(console.HEADINGS.values())
    of_files = {*kinds.WORDS.values()} - {"PDF"}
    assert len(labels) > 7
    assert said | labels | done | roles | views | of_files == russian.PAGES.keys()


def test_pages_have_no_words_without_a_translation() -> None:
    for name in (
        "account",
        "sign_in",
        "sign_in_code",
        "csrf_failed",
        "small_page",
        "field",
        "top",
        "console",
        "nav_link",
    ):
        text = (SOURCE / f"templates/picasso/{name}.html").read_text()
        bare = re.sub(r"<code>picasso .*?</code>|\{%.*?%\}|\{#.*?#\}|\{\{.*?\}\}|<[^>]+>", "", text, flags=re.DOTALL)
        assert set(bare.split()) <= {"Picasso", "·", ":", "."}, name


def test_gaps_are_filled_and_never_touch() -> None:
    for table in (russian.SENTENCES, russian.FRAGMENTS):
        for sentence, translation in table.items():
            count = sentence.count(GAP)
            assert GAP * 2 not in sentence
            assert {int(each) for each in re.findall(r"\{(\d)\}", translation)} == set(range(count)), sentence
            assert not re.search(r"[A-Za-z] [a-z]+ [a-z]+ [a-z]+", translation), "that is English"


def test_every_title_has_a_translation() -> None:
    statuses = {each.status for each in CLASSES.values()}
    assert {errors.problem(status, "", "")["title"] for status in statuses} <= russian.TITLES.keys()


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("uk,ru;q=0.5,en;q=0.4", "ru"),
        ("de, fr;q=0.9", "en"),
        ("*", "en"),
        ("*,ru;q=0.5", "en"),
        ("ru;q=0", "en"),
        ("ru;q=0.5,*;q=0.1", "ru"),
        ("ru,en", "ru"),
        ("en,ru", "en"),
        ("RU ; q=1", "ru"),
        ("ru;q=x", "en"),
        ("ru;q=9", "en"),
        ("русский", "en"),
        (",;,=,\0", "en"),
        ("x," * 10_000 + "ru", "en"),
    ],
)
def test_the_wanted_language(header: str, language: str) -> None:
    assert language_of(header) == language


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("There is nothing at this address.", "По этому адресу ничего нет."),
        ("This needs the scope files:read.", "Для этого нужно право files:read."),
        ("There is no upload 7 {0} {}.", "Загрузки 7 {0} {} нет."),
        ("'x' is not a parameter here, only page, size.", "'x' здесь не параметр: есть только page, size."),
        ("'x' is not a parameter here; there is none.", "'x' здесь не параметр: здесь их нет."),
        (
            "This is too much for a token: tags must be a list of strings.",
            "Для токена этого слишком много: tags — список строк.",
        ),
        ("This is too much for a token: unknown words", None),
        ("something: else", None),
        ("max_size.*: may have at most 200 patterns", "max_size.*: образцов может быть не больше 200"),
        ("q: is not known (known: bombs, encrypted)", "q: неизвестно (есть: bombs, encrypted)"),
        (
            "rates must have a quota/window such as 3000/60, 100/5m or 1000000/d, or off, for key.",
            "rates должны для key быть квотой и окном, например 3000/60, 100/5m или 1000000/d, или off.",
        ),
        (
            "This file has content that is not accepted: macros, open action, something new.",
            "В файле есть содержимое, которое не принимается: макросы, действие при открытии, something new.",  # noqa: RUF001
        ),
        ("name: Это поле обязательно.", "name: Это поле обязательно."),
        ("A sentence of some library.", None),
        ("a: " * (MAX_TEXT // 3 + 1), None),
    ],
)
def test_translations(text: str, translation: str | None) -> None:
    assert to_russian(text) == translation


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "1 раз"),
        (2, "2 раза"),
        (4, "4 раза"),
        (5, "5 раз"),
        (11, "11 раз"),
        (12, "12 раз"),
        (21, "21 раз"),
        (22, "22 раза"),
        (100, "100 раз"),
        (111, "111 раз"),
    ],
)
def test_words_after_a_number(number: int, words: str) -> None:
    crashed = to_russian(f"Processing this file crashed {number} times, so it is not tried again.")
    assert crashed == f"Обработка файла аварийно завершилась {words}, больше попыток не будет."
    counted = to_russian(f"tag is there {number} times. Give it once.")
    assert counted
    assert counted.startswith(f"tag указан {words}. ")


def test_a_quota_in_russian() -> None:
    used = QuotaExceeded("bytes_per_day", "this owner", 10, 9, QuotaAsked(5))
    found, headers = localized(used.problem(), "ru")
    assert (
        found["detail"]
        == "Квота владельца этого не позволяет: использовано 9 из 10 (байты, за сегодня; в этой загрузке 5)."
    )
    assert found["quota"] == used.quota
    assert headers == {"Content-Language": "ru", "Vary": VARY}


def test_an_unknown_sentence_stays_english_as_a_whole() -> None:
    found, headers = localized(errors.Forbidden("Some words.").problem(), "ru")
    assert (found["title"], found["detail"], headers["Content-Language"]) == ("Forbidden", "Some words.", "en")


def test_matching_takes_linear_time() -> None:
    """Texts repeat what clients have sent."""
    template = Template.parse("{} has no {}, only {}.")
    assert template.gaps("a has no b, only c.") == ["a", "b", "c"]
    assert template.gaps(" has no , only" * 100_000) is None
    assert template.gaps("x has no " * 100_000 + ".") is None
