"""Rules by response mode: exchanged where the mode changes, at the boundary of a record."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.contracts.conditions import CompositeRule, RuleHolds
from shared.contracts.fields import Level, ResponseMode, Status
from shared.contracts.ids import mode_id, transition_id
from shared.contracts.modes import ResponseModeEvent
from shared.contracts.rules import RuleDefinition
from shared.contracts.units import tier_of
from tests.support.scoring import SENT, TOWN, Feed, a_rule, a_sensor, a_threshold_rule

DISTRICT, OTHER_TOWN = "500118000000", "500118107000"
EMERGENCY, NORMAL = ResponseMode.EMERGENCY, ResponseMode.NORMAL
CALM = a_rule(
    a_threshold_rule(("yellow", 212, 211)), "flood.calm", modes=(NORMAL, ResponseMode.RECOVERY)
)
STRICT = a_rule(
    a_threshold_rule(("yellow", 210, 209), ("orange", 211.5, 211)),
    "flood.strict",
    modes=(ResponseMode.STANDBY, EMERGENCY),
)


def a_mode(
    mode: ResponseMode, version: int = 1, unit: str = DISTRICT, status: Status = Status.ACTUAL
) -> ResponseModeEvent:
    return ResponseModeEvent(
        id=transition_id(mode_id(status, unit), version),
        status=status,
        occurred_at=SENT,
        sent_at=SENT,
        origin_unit=unit,
        tier=tier_of(unit),
        unit=unit,
        version=version,
        mode=mode,
        title="转入急时状态",
        decided_by=("b", "a"),
    )


def a_feed() -> Feed:
    feed = Feed(CALM, STRICT)
    feed.registry.add_sensor(a_sensor("songji-1", place=OTHER_TOWN))
    return feed


def of(feed: Feed, sensor: str = "zhutuo-3") -> list[tuple[str, str, str]]:
    return [
        (alarm.rule_id, alarm.transition.value, alarm.level.value)
        for alarm in feed.alarms
        if alarm.sensor_id == sensor
    ]


def test_limits_are_swapped_with_the_mode_and_back() -> None:
    feed = a_feed()
    feed.read(211.8, 0)
    assert of(feed) == []
    feed.registry.apply_mode(a_mode(EMERGENCY))
    feed.read(211.8, 60)
    assert of(feed) == [("flood.strict", "raised", "orange")]
    feed.registry.apply_mode(a_mode(NORMAL, 2))
    feed.read(211.8, 120)
    assert of(feed)[1:] == [("flood.strict", "cleared", "orange")]
    feed.read(212.5, 180)
    assert of(feed)[2:] == [("flood.calm", "raised", "yellow")]


def test_what_a_rule_of_some_modes_tells_names_the_decision_it_goes_by() -> None:
    feed = Feed(CALM, STRICT, a_rule(a_threshold_rule(("yellow", 211, 210)), "flood.always"))
    feed.read(212.5, 0)
    feed.registry.apply_mode(a_mode(EMERGENCY))
    feed.read(212.5, 60)
    feed.registry.apply_mode(a_mode(EMERGENCY, 2, unit=TOWN))
    feed.read(210.5, 120)
    feed.registry.apply_mode(a_mode(NORMAL, 2))
    feed.registry.apply_mode(a_mode(NORMAL, 3, unit=TOWN))
    feed.read(210.5, 180)
    alarms = [
        (alarm.rule_id, alarm.transition.value, alarm.mode, alarm.mode_version, alarm.mode_unit)
        for alarm in feed.alarms
    ]
    assert alarms == [
        ("flood.always", "raised", None, None, None),
        ("flood.calm", "raised", NORMAL, 0, None),
        ("flood.calm", "cleared", EMERGENCY, 1, DISTRICT),
        ("flood.strict", "raised", EMERGENCY, 1, DISTRICT),
        ("flood.strict", "downgraded", EMERGENCY, 2, TOWN),
        ("flood.strict", "cleared", NORMAL, 3, TOWN),
    ]


def test_a_flip_leaves_the_plan_of_every_other_sensor_the_same_object() -> None:
    feed = a_feed()
    feed.read(212.5, 0)
    feed.read(212.5, 0, sensor_id="songji-1", event_id="s-0")
    feed.registry.apply_mode(a_mode(EMERGENCY, unit=TOWN))
    before = feed.engine.states[b"songji-1"].rule_set
    feed.read(212.5, 60)
    feed.read(212.5, 60, sensor_id="songji-1", event_id="s-1")
    assert feed.engine.states[b"songji-1"].rule_set is before
    assert of(feed, "songji-1") == [("flood.calm", "raised", "yellow")]
    assert of(feed)[-2:] == [
        ("flood.calm", "cleared", "yellow"),
        ("flood.strict", "raised", "orange"),
    ]


@pytest.mark.parametrize("status", [Status.ACTUAL, Status.EXERCISE])
def test_a_mode_swaps_rules_in_its_own_world_only(status: Status) -> None:
    feed = a_feed()
    feed.registry.apply_mode(a_mode(EMERGENCY, status=status))
    for reading_status in (Status.ACTUAL, Status.EXERCISE):
        feed.read(211.8, 0, status=reading_status, event_id=f"r-{reading_status}")
    assert [(alarm.status, alarm.rule_id) for alarm in feed.alarms] == [(status, "flood.strict")]


def test_a_mode_without_rules_by_mode_is_no_reload() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211))))
    revision = feed.registry.revision
    feed.registry.apply_mode(a_mode(EMERGENCY))
    assert feed.registry.revision == revision
    feed.read(213, 0)
    assert feed.transitions == [("raised", "yellow")]


def test_a_rule_that_comes_after_the_mode_goes_by_it() -> None:
    feed = Feed()
    feed.registry.apply_mode(a_mode(EMERGENCY))
    feed.registry.add_rule(STRICT)
    feed.registry.add_rule(CALM)
    feed.read(211.8, 0)
    assert of(feed) == [("flood.strict", "raised", "orange")]


def test_a_rule_over_several_sources_has_no_modes() -> None:
    body = CompositeRule(scope="town", when=RuleHolds(rule="flood.calm"), level=Level.RED)
    no_alarm = dict.fromkeys(("sensor_kind", "metric", "unit", "datum"))
    decision = STRICT.model_dump(exclude={"modes"}) | no_alarm | {"body": body}
    assert not RuleDefinition.model_validate(decision).modes
    with pytest.raises(ValidationError, match="datum, modes"):
        RuleDefinition.model_validate(decision | {"modes": (EMERGENCY,)})
