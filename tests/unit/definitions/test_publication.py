"""Next versions and candidates of rules and plans; their text reads back to the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.authors import Author
from shared.contracts.fields import Level, Post, ResponseMode
from shared.definitions.candidates import (
    ended_form,
    is_candidate,
    is_in_force,
    live_form,
    problems_of_trial,
    trial_form,
    without_changes,
)
from shared.definitions.publication import content, differences, next_versions
from shared.definitions.response_plans.book import PlanBook
from shared.definitions.response_plans.pack import PLANS
from shared.definitions.response_plans.pack import load as load_plans
from shared.definitions.rules.cases import load_cases
from shared.definitions.rules.pack import RULES, load
from shared.definitions.yaml_files.items import PackFile
from shared.definitions.yaml_files.nodes import parse
from shared.definitions.yaml_files.writing import to_yaml
from tests.unit.plans.builders import a_plan
from tests.unit.rules.packs import NOW, rule, rungs

HIGHER = {"kind": "threshold", "rungs": rungs(("yellow", 180.5, 180.4), ("orange", 184, 183.4))}


def test_only_changed_definitions_have_a_next_version() -> None:
    old = rule()
    assert next_versions(RULES, [rule()], {"flood-x": old}, NOW) == []
    (fresh,) = next_versions(RULES, [rule(rule_id="new")], {}, NOW)
    assert (fresh.published, fresh.value.version) == (0, 1)
    newest = old.model_copy(update={"version": 7})
    (publication,) = next_versions(RULES, [rule(HIGHER)], {"flood-x": newest}, NOW)
    assert (publication.published, publication.value.version) == (7, 8)
    assert publication.changed == ("body.rungs[1].raise_at",)
    assert publication.value.id != old.id
    (plan,) = next_versions(PLANS, [a_plan(levels=["blue"])], {"flood": a_plan()}, NOW)
    assert (plan.published, plan.value.version) == (1, 2)


def test_the_author_is_no_difference() -> None:
    author = Author(officer_id="o-1", post=Post.A, reason="订正")
    assert differences(rule(), rule().model_copy(update={"author": author})) == ()


def test_a_definition_stands_on_trial_beside_the_one_in_force() -> None:
    candidate = trial_form(RULES, rule(HIGHER))
    assert (candidate.rule_id, candidate.shadow_of) == ("flood-x-candidate", "flood-x")
    assert is_candidate(candidate)
    assert not is_in_force(candidate)
    assert trial_form(RULES, candidate) == candidate
    live = live_form(RULES, candidate, {"flood-x": rule().model_copy(update={"version": 4})})
    assert (live.rule_id, live.shadow_of, live.version) == ("flood-x", None, 5)
    assert content(live) == content(rule(HIGHER))
    assert live_form(RULES, candidate, {}).version == 1
    ended = ended_form(candidate)
    assert (ended.version, is_candidate(ended), is_in_force(ended)) == (2, False, False)


def test_what_says_the_same_needs_no_trial() -> None:
    published = {"flood-x": rule().model_copy(update={"version": 9})}
    assert without_changes(RULES, rule(), published)
    assert not without_changes(RULES, rule(HIGHER), published)
    assert not without_changes(RULES, rule(), {})


def test_what_is_in_force_is_not_switched_off_by_a_file() -> None:
    off = rule(enabled=False)
    (problem,) = problems_of_trial(RULES, off, {"flood-x": rule()})
    assert problem.path == ("enabled",)
    assert problems_of_trial(RULES, off, {}) == []
    assert problems_of_trial(RULES, off, {"flood-x": off}) == []
    assert trial_form(RULES, off) == off
    (problem,) = problems_of_trial(RULES, rule(rule_id="a" * 55), {})
    assert problem.path == ("rule_id",)
    assert problems_of_trial(RULES, rule(rule_id="a" * 54), {}) == []


def test_a_candidate_of_a_plan_holds_for_no_event() -> None:
    candidate = trial_form(PLANS, a_plan(levels=["red"]))
    assert PlanBook([candidate]).choose("11A01", Level.RED, ResponseMode.NORMAL) is None
    live = live_form(PLANS, candidate, {})
    assert PlanBook([live]).choose("11A01", Level.RED, ResponseMode.NORMAL) == live


def test_plans_are_checked_beside_those_in_force() -> None:
    text = to_yaml([written(a_plan(plan_id="second", levels=["red"]))])
    files = [PackFile("plans.yaml", text.encode())]
    existing = a_plan(levels=["red"])
    (error,) = load_plans(files, NOW, beside=[existing]).errors
    assert "is flood's already" in error.message
    off = existing.model_copy(update={"enabled": False})
    assert load_plans(files, NOW, beside=[off]).errors == []
    named_alike = a_plan(plan_id="second", levels=["red"])
    assert load_plans(files, NOW, beside=[named_alike]).errors == [], "the pack replaces it"


def written(definition: Any) -> dict[str, Any]:
    return {name: part for name, part in content(definition).items() if part is not None}


@pytest.mark.parametrize("value", [rule(), rule(HIGHER, enabled=False)])
def test_a_definition_reads_back_from_its_text(value: Any) -> None:
    files = [
        PackFile("rules.yaml", to_yaml([written(value)]).encode()),
        PackFile("rules.test.yaml", b"- {case: x}\n"),
    ]
    pack = load(files, NOW)
    (read_back,) = pack.definitions
    assert content(read_back) == content(value)
    cases, findings = load_cases(files, {}, pack.ids, None)
    assert cases == []
    assert {finding.file for finding in findings} == {"rules.test.yaml"}


plain_texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn")), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | plain_texts
numbers = st.floats(-1e12, 1e12).map(lambda number: number + 0.0)
words = st.sampled_from(
    ["yes", "12:30", "1e5", "null", "~", "", "0x1f", "1_000", "2026-12-03", "- a"]
)


@given(st.dictionaries(plain_texts, scalars | numbers | words | st.lists(words, max_size=3)))
def test_any_text_reads_back_as_it_was(item: dict[str, Any]) -> None:
    root = parse(to_yaml([item]).encode(), "x").root
    assert root is not None
    assert root.plain() == [item]
