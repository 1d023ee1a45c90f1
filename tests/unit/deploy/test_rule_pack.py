"""The district's rule pack against docs/thresholds.md: numbers, marks, sources, cases."""

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deploy.commands.rules.trial import run_case
from deploy.example.sensors import all_sensors, catalogue
from shared.contracts.catalog import SensorEntry
from shared.contracts.conditions import CompositeRule, CorroborationRule
from shared.contracts.fields import Level
from shared.contracts.rules import (
    AbsenceRule,
    RangeRule,
    RuleDefinition,
    StuckRule,
    ThresholdRule,
    WindowRule,
)
from shared.definitions.rules.cases import PackCase, load_cases
from shared.definitions.rules.pack import RulePack, load

FOLDER = Path(__file__).parents[3] / "deploy" / "rules"
NOW = datetime(2026, 7, 1, tzinfo=UTC)
HOUR = 3600.0
ON, OFF = True, False

# Every number of docs/thresholds.md that a sensor can reach: rule, whether it is switched on,
# window in hours (0 = none), readings in a row, then mark, level and limit of each rung.
NUMBERS: list[tuple[str, bool, int, int, list[tuple[str, str, float]]]] = [
    ("rain-12h", ON, 12, 1, [("sourced", "blue", 50)]),
    ("rain-6h", ON, 6, 1, [("sourced", "yellow", 50)]),
    ("rain-3h", ON, 3, 1, [("sourced", "orange", 50), ("sourced", "red", 100)]),
    ("heat-3-days", ON, 0, 3, [("sourced", "yellow", 35)]),
    ("heat-24h", ON, 24, 1, [("sourced", "orange", 37), ("sourced", "red", 40)]),
    ("gale-mean-24h", OFF, 24, 1, [("common knowledge", "blue", 10.8)]),
    ("gale-mean-12h", OFF, 12, 1, [("common knowledge", "yellow", 17.2)]),
    (
        "gale-mean-6h",
        OFF,
        6,
        1,
        [("common knowledge", "orange", 24.5), ("common knowledge", "red", 32.7)],
    ),
    ("gale-gust-24h", OFF, 24, 1, [("common knowledge", "blue", 13.9)]),
    ("gale-gust-12h", OFF, 12, 1, [("common knowledge", "yellow", 20.8)]),
    (
        "gale-gust-6h",
        OFF,
        6,
        1,
        [("common knowledge", "orange", 28.5), ("common knowledge", "red", 37.0)],
    ),
    ("fog-12h", OFF, 12, 1, [("common knowledge", "yellow", 500)]),
    ("fog-6h", OFF, 6, 1, [("common knowledge", "orange", 200)]),
    ("fog-2h", OFF, 2, 1, [("common knowledge", "red", 50)]),
    ("flood-zhutuo", ON, 0, 1, [("sourced", "orange", 212.00)]),
    (
        "flood-cuntan",
        ON,
        0,
        1,
        [
            ("proposal", "blue", 180.00),
            ("derived", "yellow", 180.50),
            ("derived", "orange", 183.50),
            ("sourced", "red", 191.41),
        ],
    ),
    (
        "flood-beibei",
        ON,
        0,
        1,
        [
            ("proposal", "blue", 194.00),
            ("derived", "yellow", 194.50),
            ("sourced", "orange", 199.00),
        ],
    ),
    (
        "flood-ciqikou",
        ON,
        0,
        1,
        [
            ("proposal", "blue", 182.14),
            ("derived", "yellow", 182.64),
            ("sourced", "orange", 185.64),
        ],
    ),
    ("flood-chaotianmen", ON, 0, 1, [("derived", "orange", 185.00)]),
    ("flood-caiyuanba", ON, 0, 1, [("derived", "orange", 185.00)]),
    (
        "flood-dongjintuo",
        ON,
        0,
        1,
        [
            ("proposal", "blue", 206.00),
            ("derived", "yellow", 206.50),
            ("derived", "orange", 208.50),
        ],
    ),
    (
        "flood-changshou",
        ON,
        0,
        1,
        [
            ("proposal", "blue", 169.50),
            ("derived", "yellow", 170.00),
            ("derived", "orange", 174.00),
        ],
    ),
    ("flood-wulong", ON, 0, 1, [("proposal", "blue", 192.50), ("derived", "yellow", 193.00)]),
    (
        "flood-wucha",
        ON,
        0,
        1,
        [
            ("proposal", "blue", 198.01),
            ("sourced", "yellow", 198.51),
            ("sourced", "orange", 200.51),
        ],
    ),
    (
        "flood-caijia",
        ON,
        0,
        1,
        [
            ("proposal", "blue", 224.37),
            ("sourced", "yellow", 224.87),
            ("sourced", "orange", 225.65),
        ],
    ),
    ("flood-ganshui", ON, 0, 1, [("sourced", "orange", 336.00)]),
    ("flood-xinlu", ON, 0, 1, [("sourced", "orange", 292.00)]),
    (
        "low-water-inflow",
        ON,
        0,
        1,
        [
            ("sourced", "blue", 40),
            ("sourced", "yellow", 60),
            ("sourced", "orange", 75),
            ("sourced", "red", 90),
        ],
    ),
    ("gas-combustible", ON, 0, 1, [("sourced", "yellow", 25), ("sourced", "orange", 50)]),
    ("gas-methane-volume", ON, 0, 1, [("derived", "yellow", 1.25), ("derived", "orange", 2.5)]),
    ("gas-toxic-oel", ON, 0, 1, [("sourced", "yellow", 100), ("sourced", "orange", 200)]),
    ("gas-toxic-idlh", ON, 0, 1, [("sourced", "yellow", 5), ("sourced", "orange", 10)]),
    ("gas-older-combustible", OFF, 0, 1, [("sourced", "yellow", 10), ("sourced", "orange", 50)]),
    ("gas-older-co", OFF, 0, 1, [("sourced", "yellow", 24), ("sourced", "orange", 160)]),
    ("gas-older-h2s", OFF, 0, 1, [("sourced", "yellow", 6), ("sourced", "orange", 20)]),
    ("gas-older-o2-low", OFF, 0, 1, [("sourced", "yellow", 19.5)]),
    ("gas-older-o2-high", OFF, 0, 1, [("sourced", "yellow", 23)]),
    ("mine-methane-t1", ON, 0, 1, [("sourced", "yellow", 1.0), ("sourced", "orange", 1.5)]),
    ("mine-methane-corner", ON, 0, 1, [("sourced", "yellow", 1.0), ("sourced", "orange", 1.5)]),
    ("mine-methane-t2", ON, 0, 1, [("sourced", "orange", 1.0)]),
    ("mine-methane-intake", ON, 0, 1, [("sourced", "orange", 0.5)]),
    ("mine-methane-drainage", ON, 0, 1, [("sourced", "orange", 2.5)]),
    ("mine-co-24", ON, 0, 1, [("sourced", "notice", 24)]),
    # AQI is a whole number: "> 200" is 201.
    ("aqi-1-day", ON, 0, 1, [("sourced", "blue", 201)]),
    ("aqi-2-days", ON, 0, 2, [("sourced", "yellow", 201)]),
    ("aqi-3-days", ON, 0, 3, [("sourced", "notice", 201)]),
    ("aqi-4-days", ON, 0, 4, [("sourced", "notice", 201)]),
    ("aqi-300-1-day", ON, 0, 1, [("sourced", "notice", 301)]),
    ("aqi-300-2-days", ON, 0, 2, [("sourced", "notice", 301)]),
    ("aqi-500", ON, 0, 1, [("sourced", "notice", 500)]),
    (
        "forest-fire-danger",
        ON,
        0,
        1,
        [("sourced", "yellow", 3), ("sourced", "orange", 4), ("sourced", "red", 5)],
    ),
    (
        "landslide-tangent-angle",
        OFF,
        0,
        1,
        [
            ("common knowledge", "yellow", 45),
            ("common knowledge", "orange", 80),
            ("common knowledge", "red", 85),
        ],
    ),
]
# Power restored "below": exactly where the cut is given up.
RESTORED = {
    "mine-methane-t1": 1.0,
    "mine-methane-corner": 1.5,
    "mine-methane-t2": 1.0,
    "mine-methane-intake": 0.5,
    "mine-methane-drainage": 2.5,
}
BELOW = {"fog-12h", "fog-6h", "fog-2h", "gas-older-o2-low", "water-main-burst"}
COMPOSED = {
    "mine-spontaneous-combustion": "orange",
    "aqi-orange": "orange",
    "aqi-red": "red",
}


@cache
def _sensors() -> dict[str, SensorEntry]:
    return {sensor.sensor_id: sensor for sensor in all_sensors()}


@cache
def _pack() -> RulePack:
    return load([FOLDER], NOW, _sensors())


@cache
def _rules() -> dict[str, RuleDefinition]:
    return {definition.rule_id: definition for definition in _pack().definitions}


@cache
def _cases() -> list[PackCase]:
    result, findings = load_cases([FOLDER], _rules(), _pack().ids, _sensors())
    assert findings == []
    return result


def _rungs(rule: RuleDefinition) -> tuple[Any, ...]:
    """Return the limits of a rule over one sensor."""
    return tuple(getattr(rule.body, "rungs", ())) if rule.over_one_sensor else ()


@pytest.mark.parametrize(
    ("rule_id", "enabled", "hours", "in_a_row", "rungs"),
    NUMBERS,
    ids=lambda number: str(number)[:24],
)
def test_every_published_number_is_in_the_pack_with_its_mark(
    rule_id: str,
    enabled: bool,
    hours: int,
    in_a_row: int,
    rungs: list[tuple[str, str, float]],
) -> None:
    rule = _rules()[rule_id]
    assert rule.enabled is enabled
    marked = [(rung.source.split(":")[0], rung.level.value, rung.raise_at) for rung in _rungs(rule)]
    assert marked == rungs
    weakest = next(
        mark
        for mark in ("common knowledge", "derived", "sourced")
        if mark in {mark for mark, _, _ in rungs}
    )
    assert rule.mark == weakest.replace(" ", "_")
    if isinstance(rule.body, WindowRule):
        assert rule.body.window_s == hours * HOUR
    else:
        assert isinstance(rule.body, ThresholdRule)
        assert hours == 0
        assert rule.body.count == in_a_row


@pytest.mark.parametrize(("rule_id", "restored"), RESTORED.items())
def test_a_mine_s_power_is_restored_below_the_printed_value(rule_id: str, restored: float) -> None:
    assert _rungs(_rules()[rule_id])[-1].clear_at == restored


@pytest.mark.parametrize(("rule_id", "level"), COMPOSED.items())
def test_conditions_beyond_one_sensor_are_composite_rules(rule_id: str, level: str) -> None:
    rule = _rules()[rule_id]
    assert isinstance(rule.body, CompositeRule)
    assert (rule.mark, rule.enabled, rule.body.level) == ("sourced", True, Level(level))


def test_the_pack_is_usable_with_the_catalogue_as_played_and_as_planned() -> None:
    assert _pack().errors == []
    planned = {sensor_entry.sensor_id: sensor_entry for sensor_entry in catalogue(fastest_s=0)}
    result = load([FOLDER], NOW, planned)
    assert result.errors == []
    # Mine rungs whose cut and restored value are one figure flap at it, and the table says so.
    assert {finding.item for finding in result.findings} <= set(RESTORED)


def test_ids_are_unique() -> None:
    counted = Counter(definition.rule_id for definition in _pack().definitions)
    assert [name for name, count in counted.items() if count > 1] == []


def test_a_rule_of_common_knowledge_is_disabled_and_marked() -> None:
    marked = [rule for rule in _rules().values() if rule.mark == "common_knowledge"]
    assert marked
    for rule in marked:
        assert not rule.enabled, rule.rule_id
        assert "common knowledge, no source" in rule.source


def test_every_rule_names_its_source_and_a_proposal_is_marked() -> None:
    for rule in _rules().values():
        assert rule.source.strip(), rule.rule_id
        if rule.mark == "proposal":
            words = ("proposal", "template")
            assert any(word in rule.source for word in words), rule.rule_id
        else:
            assert not rule.source.startswith("proposal"), rule.rule_id
        if rule.mark in ("sourced", "derived") and rule.enabled:
            assert "common knowledge" not in rule.source, rule.rule_id


def test_every_rung_begins_with_its_mark_and_clears_on_the_safe_side() -> None:
    for rule in _rules().values():
        sign = -1 if rule.rule_id in BELOW else 1
        assert getattr(rule.body, "direction", "above") == ("below" if sign < 0 else "above")
        for rung in _rungs(rule):
            mark = rung.source.split(":")[0]
            assert mark in ("sourced", "derived", "common knowledge", "proposal"), rung.source
            has_no_margin = rung.clear_at == rung.raise_at
            assert rung.clear_at * sign <= rung.raise_at * sign
            assert not has_no_margin or rule.rule_id in RESTORED, rule.rule_id


def test_a_sourced_rule_that_is_disabled_has_been_superseded() -> None:
    off = [rule for rule in _rules().values() if rule.mark == "sourced" and not rule.enabled]
    assert all("superseded" in rule_definition.source for rule_definition in off)


def test_every_kind_of_catalogued_sensor_is_judged_and_watched() -> None:
    kinds = {sensor.sensor_kind for sensor in all_sensors()}
    for family in (AbsenceRule, RangeRule):
        watched = {rule.sensor_kind for rule in _rules().values() if isinstance(rule.body, family)}
        assert kinds <= watched
    judged = {
        rule.sensor_kind
        for rule in _rules().values()
        if rule.sensor_kind and not isinstance(rule.body, AbsenceRule | RangeRule | StuckRule)
    }
    assert kinds <= judged


def test_every_gauge_is_in_exactly_one_rule_of_each_family_with_its_datum() -> None:
    gauges = {sensor.sensor_id for sensor in all_sensors() if sensor.sensor_kind == "river_gauge"}
    assert len(gauges) == 13
    for family in ("flood-", "rise-", "absence-", "stuck-", "range-"):
        named = [
            name
            for rule in _rules().values()
            if rule.rule_id.startswith(family) and rule.sensor_kind == "river_gauge"
            for name in rule.sensor_ids
        ]
        assert sorted(named) == sorted(gauges), family


def test_every_rule_with_a_number_and_every_rule_over_several_sources_has_a_case() -> None:
    judged = {name for pack_case in _cases() for name in pack_case.case.rules}
    for rule in _rules().values():
        if "template" in rule.source:
            continue
        if not isinstance(rule.body, AbsenceRule | StuckRule | RangeRule):
            assert rule.rule_id in judged, rule.rule_id
    for family in ("absence-", "stuck-", "range-"):
        assert any(name.startswith(family) for name in judged)


def test_every_case_passes() -> None:
    sensors = _sensors()
    for pack_case in _cases():
        result = run_case(pack_case, _rules(), sensors)
        assert result.passed, (pack_case.file, pack_case.line, pack_case.case.case, result)


def test_trusts_add_up_exactly() -> None:
    for rule in _rules().values():
        if isinstance(rule.body, CorroborationRule):
            for source in rule.body.sources:
                assert (source.trust * 4).is_integer()


def test_a_generated_sensor_is_marked_and_lies_inside_the_bounding_box() -> None:
    for sensor in all_sensors():
        if sensor.position is None:
            continue
        assert sensor.synthetic
        assert sensor.site
        assert 105.626 <= sensor.position.lon <= 106.085
        assert 28.942 <= sensor.position.lat <= 29.573


def test_sensors_of_one_site_share_its_position() -> None:
    places: dict[str, object] = {}
    for sensor in all_sensors():
        if sensor.site is not None:
            assert places.setdefault(sensor.site, sensor.position) == sensor.position
