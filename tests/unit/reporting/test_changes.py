"""Changes since the last report, and the sequence of numbers of follow-ups."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts.reports import ReportFacts, ReportKind, Trend
from shared.domain.report_series.changes import LABELS, Direction, changes, line, merged_facts
from shared.domain.report_series.numbers import Mark, Numbered, marks

AT = datetime(2026, 7, 1, 8, tzinfo=UTC)


def facts(**lines_of_change: Any) -> ReportFacts:
    return ReportFacts(**lines_of_change)


def test_a_follow_up_contains_only_changes() -> None:
    first = facts(place_text="朱沱镇沿江", dead=0, trapped=5, trend=Trend.RISING)
    then = facts(dead=2, trapped=3, trend=Trend.FALLING, evacuated=40, place_text="朱沱镇沿江")
    result = changes(first, then)
    assert [(change.field, change.before, change.after, change.direction) for change in result] == [
        ("dead", 0, 2, Direction.UP),
        ("trapped", 5, 3, Direction.DOWN),
        ("evacuated", None, 40, Direction.FIRST),
        ("trend", Trend.RISING, Trend.FALLING, Direction.REPLACED),
    ]
    assert line(result[0]).en == "Dead: 0 → 2 (more)"
    assert [line(change).zh for change in result] == [
        "死亡：0 → 2（增）",
        "被困：5 → 3（减）",
        "转移：40",
        "趋势：加剧 → 减轻",
    ]


def test_facts_that_a_report_omits_stay_valid() -> None:
    existing_report_facts = merged_facts([facts(dead=1, nature="内涝"), facts(injured=3)])
    assert existing_report_facts == facts(dead=1, nature="内涝", injured=3)
    assert changes(existing_report_facts, facts(dead=1)) == []


def test_every_field_of_the_contents_has_a_label() -> None:
    assert set(LABELS) == set(ReportFacts.model_fields)


def test_a_text_that_is_long_or_has_line_breaks_becomes_one_line() -> None:
    (result,) = changes(facts(), facts(measures="封路\n" * 100))
    for words in line(result):
        assert "\n" not in words
        assert len(words) < 100


def test_a_time_is_shown_on_the_wall_clock() -> None:
    at = datetime(2026, 12, 1, 20, 56, tzinfo=UTC)
    (result,) = changes(facts(), facts(event_at=at))
    assert line(result) == ("发生时间：12月2日 04:56", "Happened: 2 Dec 04:56")


@pytest.mark.parametrize(
    "lines_of_change",
    [{"dead": -1}, {"dead": "2"}, {"dead": True}, {"property_loss_cny": 1.5}, {"scope": ""}],
)
def test_loose_facts_are_refused(lines_of_change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ReportFacts(**lines_of_change)


some_facts = st.builds(
    ReportFacts,
    dead=st.none() | st.integers(0, 3),
    missing=st.none() | st.integers(0, 3),
    nature=st.none() | st.sampled_from(["内涝", "滑坡"]),
    event_at=st.none() | st.just(AT),
)


@given(st.lists(some_facts, max_size=6))
def test_the_changes_in_sequence_lead_to_the_known_facts(
    report_fact: list[ReportFacts],
) -> None:
    existing_report_facts = ReportFacts()
    for report_facts in report_fact:
        results = {
            change.field: change.after for change in changes(existing_report_facts, report_facts)
        }
        existing_report_facts = existing_report_facts.model_copy(update=results)
    assert existing_report_facts == merged_facts(report_fact)


def follow_up(report_id: str, number: int) -> Numbered:
    return Numbered(report_id, ReportKind.FOLLOW_UP, number)


def test_a_gap_and_a_repeat_are_marked_and_a_gap_can_be_filled() -> None:
    line_ = [Numbered("a", ReportKind.INITIAL, 1), follow_up("b", 1), follow_up("c", 3)]
    assert marks(line_) == {"c": Mark.GAP}
    assert marks([*line_, follow_up("d", 2)]) == {}
    assert marks([*line_, follow_up("e", 3)]) == {"c": Mark.GAP, "e": Mark.REPEAT}


@given(st.lists(st.integers(1, 5), max_size=6), st.randoms())
def test_marks_do_not_depend_on_order(numbers: list[int], chance: Any) -> None:
    line_ = [follow_up(f"r{at}", number) for at, number in enumerate(numbers)]
    result = marks(line_)
    chance.shuffle(line_)
    assert marks(line_) == result
    assert len(numbers) - len(set(numbers)) == sum(m is Mark.REPEAT for m in result.values())


def test_kinds_are_those_of_the_domain() -> None:
    assert [str(kind) for kind in ReportKind] == ["initial", "follow_up", "final", "supplement"]
