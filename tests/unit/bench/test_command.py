"""Statements of command's benchmark about its own figures, and its definition of a wrong race."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.assignments import AssignmentState
from shared.contracts.units import parent_of
from tests.bench.command import keys, races, run, units, year
from tests.bench.command.races import Trace
from tests.bench.command.service import recipients
from tests.bench.keys import judged

SIGNED, DELIVERED = AssignmentState.SIGNED, AssignmentState.DELIVERED
ISSUE = {
    "fanout_9100_s",
    "fanout_75000_s",
    "fanout_75000_ratio_to_floor",
    "acks_per_s",
    "acks_ratio_of_floor",
    "ack_cost_ratio_75000_to_100",
    "timers_100k_sweep_ms",
    "timers_late_p99_s",
    "races",
    "races_wrong",
    "board_10m_ms",
}
MEASURED: dict[str, dict[str, Any]] = {
    "fan_out": {"9100": {"seconds": 0.8}, "75000": {"seconds": 5.5, "ratio_to_floor": 3.0}},
    "races": {"races": 10_000, "races_wrong": 1},
}


def test_every_key_of_the_issue_is_there_and_judged() -> None:
    result = judged(keys.KEYS, keys.PATHS, MEASURED, {"timers": "no Postgres"}, quick=False)
    assert result.keys() >= ISSUE
    assert result["fanout_9100_s"] == {"value": 0.8, "aim": "<= 1", "met": True}
    assert result["fanout_75000_s"]["met"] is False
    assert result["races"]["met"] is True
    assert result["races_wrong"]["met"] is False
    assert result["timers_late_p99_s"] == {
        "value": None,
        "aim": "<= 1",
        "met": None,
        "why": "no Postgres",
    }
    assert result["acks_per_s"]["why"] == "not measured in this run"


def test_a_quick_run_judges_nothing() -> None:
    result = judged(keys.KEYS, keys.PATHS, MEASURED, {}, quick=True)
    assert {entry["met"] for entry in result.values()} == {None}
    plan = run.Plan.make(run.ROWS, quick=True, repetitions=3)
    assert (plan.repetitions, plan.quick) == (1, True)
    assert plan.races < run.Plan().races


def test_the_generated_city_is_a_tree_of_the_sizes_it_claims() -> None:
    result = units.city()
    unit_ids = {unit_entry.unit for unit_entry in result}
    assert len(unit_ids) == len(result) == units.CITY_SIZE + 1
    assert all(
        unit_entry.parent in unit_ids for unit_entry in result if unit_entry.unit != units.CITY
    )
    assert all(parent_of(unit_entry.unit) == unit_entry.parent for unit_entry in result)
    roots = (units.CITY, units.RED_DISTRICT, units.LARGE_DISTRICT, units.SMALL_TOWN)
    sizes = (units.CITY_SIZE, units.RED, units.LARGE, units.SMALL)
    assert tuple(recipients(root) for root in roots) == sizes


def test_the_generated_year_has_the_size_it_claims() -> None:
    assert sum(count * size for count, size in year.MIXTURE) == 10_000_000
    assert all(now <= count for (now, _), (count, _) in zip(year.OPEN, year.MIXTURE, strict=True))


def a_trace(**change: Any) -> Trace:
    plain = Trace(
        state=SIGNED, late=False, signed=1, versions=(1, 2), overdue=0, late_acknowledgements=0
    )
    return plain._replace(**change)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, False),
        ({"signed": 2, "versions": (1, 2, 2)}, True),
        ({"versions": (1, 2, 3)}, True),
        ({"state": DELIVERED, "signed": 0, "versions": (1,)}, True),
    ],
)
def test_only_one_of_two_signatures_counts(change: dict[str, Any], wrong: bool) -> None:
    assert races.two_signatures_wrong(a_trace(**change)) is wrong


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, False),
        ({"late": True}, False),
        ({"late": True, "overdue": 1}, False),
        ({"overdue": 1}, True),
        ({"late": True, "overdue": 2}, True),
        ({"signed": 0, "state": DELIVERED}, True),
    ],
)
def test_no_assignment_is_both_in_time_and_escalated(change: dict[str, Any], wrong: bool) -> None:
    assert races.deadline_wrong(a_trace(**change)) is wrong


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"versions": (1, 2, 3)}, False),
        ({"signed": 0, "late_acknowledgements": 1}, False),
        ({"signed": 0, "late_acknowledgements": 0}, True),
        ({"versions": (1, 2, 3), "late_acknowledgements": 1}, True),
        ({"versions": (1, 2, 2)}, True),
        ({"state": SIGNED}, True),
    ],
)
def test_a_signature_is_before_the_recall_or_kept_as_late(
    change: dict[str, Any], wrong: bool
) -> None:
    assert races.recall_wrong(a_trace(**{"state": AssignmentState.RECALLED, **change})) is wrong
