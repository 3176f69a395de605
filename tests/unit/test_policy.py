"""A policy is parsed, combined and asked, without any file."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats import active, document

from picasso.detection import Window
from picasso.policy import (
    NO_POLICY,
    ActiveContent,
    Policy,
    PolicyError,
    Reaction,
    check_beginning,
    check_facts,
    check_file,
    check_size,
    combine,
    judges_content,
    look_inside,
    parse_policy,
)

PDF, PNG, ZIP = "application/pdf", "image/png", "application/zip"


def code(verdict: Any) -> str | None:
    refusal = getattr(verdict, "refusal", verdict)
    return refusal.code if refusal else None


def test_an_empty_policy_accepts_everything() -> None:
    assert parse_policy({}) == NO_POLICY
    assert check_size(NO_POLICY, 2**60) is None
    assert check_beginning(NO_POLICY, [ZIP], 2**60) is None
    assert check_file(NO_POLICY, ZIP, 2**60, False).flags == ()
    assert check_facts(NO_POLICY, {"encrypted": True, "active_content": {"macros": True}}).refusal is None


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([], ""),
        ("image/*", ""),
        ({"types": []}, "types"),
        ({"allowed_types": "image/*"}, "allowed_types"),
        ({"allowed_types": []}, "allowed_types"),
        ({"max_size": {}}, "max_size"),
        ({"allowed_types": ["image"]}, "allowed_types[0]"),
        ({"allowed_types": ["image/*", 7]}, "allowed_types[1]"),
        ({"allowed_types": ["image/png; q=1"]}, "allowed_types[0]"),
        ({"allowed_types": ["image/*"] * 201}, "allowed_types"),
        ({"max_size": 0}, "max_size"),
        ({"max_size": True}, "max_size"),
        ({"max_size": "1 GB"}, "max_size"),
        ({"max_size": {"image/*": -1}}, "max_size.image/*"),
        ({"max_size": {"image": 1}}, "max_size.image"),
        ({"max_size": 2**63}, "max_size"),
        ({"type_mismatch": "deny"}, "type_mismatch"),
        ({"type_mismatch": ["flag"]}, "type_mismatch"),
        ({"bombs": True}, "bombs"),
        ({"active_content": {"macro": "refuse"}}, "active_content.macro"),
        ({"active_content": {"macros": "no"}}, "active_content.macros"),
        ({"active_content": 7}, "active_content"),
    ],
)
def test_an_error_names_its_field(value: object, field: str) -> None:
    with pytest.raises(PolicyError) as raised:
        parse_policy(value)
    assert raised.value.field == field
    assert str(raised.value).startswith(f"{field}: " if field else "must be")


def test_synonyms_and_case_count() -> None:
    policy = parse_policy({"allowed_types": ["IMAGE/JPG", "application/x-zip-compressed", "text/*"]})
    assert policy.allows("image/jpeg")
    assert policy.allows(ZIP)
    assert policy.allows("text/csv")
    assert not policy.allows(PNG)


def test_forbidden_types_win() -> None:
    policy = parse_policy({"allowed_types": ["image/*"], "forbidden_types": ["image/svg+xml"]})
    assert code(check_file(policy, "image/svg+xml", 1, None)) == "type-not-allowed"
    assert code(check_file(policy, PNG, 1, None)) is None


def test_the_most_precise_size_counts() -> None:
    policy = parse_policy({"max_size": {"*": 10, "image/*": 100, "image/png": 50, "*/*+xml": 5}})
    assert [policy.max_size(each) for each in (ZIP, "image/gif", PNG, "image/svg+xml")] == [10, 100, 50, 100]
    assert code(check_file(policy, PNG, 51, None)) == "too-large"
    assert code(check_file(policy, PNG, 50, None)) is None


def test_a_declared_size_is_refused_if_no_type_may_have_it() -> None:
    assert code(check_size(parse_policy({"max_size": {"*": 10, "video/*": 99}}), 99)) is None
    assert code(check_size(parse_policy({"max_size": {"*": 10, "video/*": 99}}), 100)) == "too-large"
    assert code(check_size(parse_policy({"max_size": {"video/*": 99}}), 100)) is None
    sized = parse_policy({"max_size": {"video/*": 99}, "allowed_types": ["video/*"]})
    assert code(check_size(sized, 100)) == "too-large"
    assert check_size(sized, None) is None


def test_the_beginning_is_refused_only_if_no_possible_type_fits() -> None:
    policy = parse_policy({"allowed_types": ["image/*"], "max_size": {"image/*": 100}})
    assert code(check_beginning(policy, [ZIP], 10)) == "type-not-allowed"
    assert code(check_beginning(policy, [ZIP, "image/openraster"], 10)) is None
    assert code(check_beginning(policy, [ZIP, "image/openraster"], 101)) == "too-large"


@pytest.mark.parametrize(("reaction", "expected"), [("accept", None), ("flag", None), ("refuse", "type-not-allowed")])
def test_a_declared_type_that_does_not_match(reaction: str, expected: str | None) -> None:
    policy = parse_policy({"type_mismatch": reaction})
    found = check_file(policy, PNG, 1, False)
    assert code(found) == expected
    assert found.flags == (("type_mismatch",) if reaction == "flag" else ())
    assert check_file(policy, PNG, 1, None) == check_file(policy, PNG, 1, True)


def test_active_content_by_kind() -> None:
    policy = parse_policy({"active_content": {"macros": "refuse", "javascript": "flag", "*": "accept"}})
    assert judges_content(policy)
    assert code(check_facts(policy, {"active_content": {"macros": True}})) == "forbidden-content"
    found = check_facts(policy, {"active_content": {"javascript": 2, "launch": 1, "macros": 0}})
    assert (code(found), found.flags) == (None, ("javascript",))


def test_one_word_for_all_kinds_includes_those_of_other_processors() -> None:
    policy = parse_policy({"active_content": "refuse"})
    found = check_facts(policy, {"active_content": {"<script>": True}})
    assert found.refusal
    assert "<" not in found.refusal.sentence


def test_a_file_that_was_not_examined_to_its_end_is_refused_with_a_sentence_that_says_so() -> None:
    policy = parse_policy({"active_content": "refuse"})
    alone = check_facts(policy, {"active_content": {"incomplete": True}}).refusal
    assert alone
    assert alone.sentence == "This file could not be examined to its end, so it is not accepted."
    both = check_facts(policy, {"active_content": {"macros": True, "incomplete": True}}).refusal
    assert both
    assert both.sentence == "This file has content that is not accepted: macros."


def test_bombs_and_passwords() -> None:
    policy = parse_policy({"bombs": "refuse", "encrypted": "refuse"})
    assert code(check_facts(policy, {"flags": {"bomb": True}})) == "forbidden-content"
    assert code(check_facts(policy, {"encrypted": True})) == "forbidden-content"
    assert code(check_facts(policy, {"encrypted": True, "opens_without_password": True})) is None
    assert code(check_facts(policy, {"flags": ["bomb"], "encrypted": "yes", "active_content": [1]})) is None


POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "allowed_types": st.lists(
            st.sampled_from(["image/*", "*", PDF, "application/*", "text/plain"]), min_size=1, max_size=3
        ),
        "forbidden_types": st.lists(st.sampled_from(["image/*", PDF, "image/svg+xml"]), max_size=2),
        "max_size": st.one_of(
            st.integers(1, 100),
            st.dictionaries(st.sampled_from(["*", "image/*", PDF]), st.integers(1, 100), min_size=1),
        ),
        "type_mismatch": st.sampled_from(list(Reaction)),
        "bombs": st.sampled_from(list(Reaction)),
        "encrypted": st.sampled_from(list(Reaction)),
        "active_content": st.one_of(
            st.sampled_from(list(Reaction)),
            st.dictionaries(st.sampled_from(["macros", "javascript", "*"]), st.sampled_from(list(Reaction))),
        ),
    },
).map(parse_policy)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "flags": st.fixed_dictionaries({"bomb": st.booleans()}),
        "encrypted": st.booleans(),
        "active_content": st.dictionaries(st.sampled_from(["macros", "javascript", "xfa"]), st.just(True)),
    },
)


@given(
    st.lists(POLICIES, max_size=3),
    st.sampled_from([PNG, PDF, ZIP, "image/svg+xml", "text/plain"]),
    st.integers(0, 101),
    st.sampled_from([None, True, False]),
    FACTS,
)
def test_a_combination_refuses_what_one_of_its_policies_refuses(
    policies: list[Policy], media_type: str, size: int, matches: bool | None, facts: dict[str, Any]
) -> None:
    both = combine(*policies)
    at_commit = [check_file(each, media_type, size, matches) for each in policies]
    assert bool(check_file(both, media_type, size, matches).refusal) == any(each.refusal for each in at_commit)
    in_job = [check_facts(each, facts) for each in policies]
    assert bool(check_facts(both, facts).refusal) == any(each.refusal for each in in_job)
    if check_size(both, size):
        assert check_file(both, media_type, size, matches).refusal
    assert judges_content(both) == any(map(judges_content, policies))


def test_the_facts_of_active_content_are_short() -> None:
    found = ActiveContent()
    found.count("embedded_files", 2)
    found.count("launch", 0)
    found.mark("macros")
    for number in range(100):
        found.name("auto_run", f"{number}" * 300)
    facts = found.facts()
    assert list(facts) == ["macros", "auto_run", "embedded_files"]
    assert isinstance(facts["auto_run"], list)
    assert len(facts["auto_run"]) == 20
    assert found.has("macros")
    assert not found.has("launch")


def inside(content: bytes, media_type: str = ZIP) -> dict[str, Any]:
    return look_inside(Window.of_bytes(content), media_type)


def test_the_directory_of_a_zip_tells_of_macros_and_passwords() -> None:
    assert inside(active.docm()) == {"active_content": {"macros": True}}
    assert inside(document.docx()) == inside(document.odt()) == {}
    odt = active.with_parts(document.odt(), {"Basic/Standard/script-lb.xml": "<x/>"})
    assert inside(odt) == {}
    assert inside(active.with_parts(odt, {"Basic/Standard/Module1.xml": "<x/>"})) == {
        "active_content": {"macros": True}
    }
    named = document.zipped({"backup/vbaProject.bin": b"not an office file"})
    assert inside(named) == {}
    locked = bytearray(named)
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert inside(bytes(locked)) == {"encrypted": True}
    assert inside(document.locked(), "application/encrypted") == {"encrypted": True}
    assert inside(b"PK") == inside(b"") == inside(b"PK\x03\x04" + bytes(100)) == {}
