"""A rule that costs too much is set aside alone: its cost is counted, never timed."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.alerting.core.multi_source import work_limit
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.conditions import MOST_PARTS, AllOf, CompositeRule, RuleHolds
from shared.contracts.fields import Level, Position, Tier
from shared.contracts.rules import RuleDefinition
from tests.unit.alerting.builders import a_report, a_rule, an_alarm, at, sources_of
from tests.unit.alerting.engine_harness import EngineHarness

COSTLY = a_rule("costly", sources_of(need=1.5, window_s=60, radius_m=100_000, within=Tier.DISTRICT))
"""Enough sources, all near each other, never two of them within the window."""
CHEAP = a_rule("cheap", sources_of(need=1.0, within=Tier.VILLAGE))


def reports(count: int) -> list[object]:
    return [
        a_report(
            f"worker-{number}",
            occurred_at=at(2 * number),
            position=Position(lat=29.0 + number / 10_000, lon=105.8),
        )
        for number in range(count)
    ]


def test_a_rule_that_costs_minutes_is_set_aside_and_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work_limit, "FIRST_STEPS", 20_000)
    monkeypatch.setattr(work_limit, "STEPS_PER_MESSAGE", 1_000)
    harness = EngineHarness(COSTLY, CHEAP)
    raised = harness.deliver(reports(200))
    engine = harness.engine
    assert engine.too_costly == engine.rules.quarantined == {"costly"}
    assert sum(engine._limit._steps.values()) < 20_000 + 200 * 1_000 + 2 * 200 * 200
    assert {event.rule_id for event in raised} == {"cheap"}
    assert harness.deliver([COSTLY]) == [], "the same version is set aside further"
    assert engine.rules.quarantined == {"costly"}


def test_a_new_version_of_such_a_rule_is_evaluated_over_all_evidence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work_limit, "FIRST_STEPS", 20_000)
    monkeypatch.setattr(work_limit, "STEPS_PER_MESSAGE", 0)
    harness = EngineHarness(COSTLY)
    assert harness.deliver(reports(100)) == []
    assert harness.engine.rules.quarantined == {"costly"}
    monkeypatch.setattr(work_limit, "FIRST_STEPS", 1_000_000)
    harness.engine._limit = work_limit.WorkLimit()
    body = COSTLY.body.model_copy(update={"window_s": 3_600.0, "radius_m": None})
    mended = RuleDefinition.model_validate(COSTLY.model_copy(update={"version": 2, "body": body}))
    [event] = harness.deliver([mended.model_copy(update={"id": "rule-2"})])
    assert (event.rule_id, event.rule_version) == ("costly", 2)
    assert harness.engine.rules.quarantined == set()


def test_ordinary_rules_stay_far_below_the_limit() -> None:
    harness = EngineHarness(CHEAP, a_rule("near", sources_of(radius_m=500, within=Tier.DISTRICT)))
    harness.deliver(reports(300))
    assert not harness.engine.too_costly
    allowed = work_limit.FIRST_STEPS + 300 * work_limit.STEPS_PER_MESSAGE
    assert max(harness.engine._limit._steps.values()) < allowed / 20


def storm(sensors: int, rounds: int) -> list[AlarmEvent]:
    """Each sensor raises and clears an alarm per round, a minute after the sensor before it."""
    alarms = []
    for number in range(sensors * rounds):
        sensor = number % sensors
        changes: dict[str, Any] = {
            "sensor_id": f"gas-{sensor}",
            "position": Position(lat=29.0 + sensor / 100_000, lon=105.8),
            "started_at": at(number),
        }
        name = f"alm-{number}"
        alarms += [
            an_alarm(name, occurred_at=at(number), **changes),
            an_alarm(name, 2, AlarmTransition.CLEARED, occurred_at=at(number + 0.5), **changes),
        ]
    return alarms


def test_a_storm_of_alarms_costs_no_search_of_all_evidence_for_each_end() -> None:
    near = a_rule("near", sources_of(radius_m=500, need=1.5, kinds=1, within=Tier.DISTRICT))
    harness = EngineHarness(near)
    alarms = storm(sensors=60, rounds=5)
    events = harness.deliver(alarms)
    assert [event.transition for event in events] == [AlarmTransition.RAISED]
    steps = sum(harness.engine._limit._steps.values())
    assert steps < 1_000 * len(alarms), "a search at each end costs 10 times as much"
    [end] = harness.deliver([a_report(occurred_at=at(2_000))])
    assert end.transition is AlarmTransition.CLEARED
    assert end.occurred_at == at(299.5 + 30), "the window of the rule after the last end"


def test_a_tree_has_a_bounded_number_of_parts() -> None:
    leaves = [RuleHolds(rule=f"r{number}") for number in range(16)]
    branch = AllOf(of=tuple(leaves))

    def tree(branches: int) -> CompositeRule:
        when = AllOf(of=(branch,) * branches)
        return CompositeRule(scope="site", when=when, level=Level.YELLOW)

    assert tree(7).kind == "composite"
    with pytest.raises(ValidationError, match=f"137 parts, at most {MOST_PARTS}"):
        tree(8)
