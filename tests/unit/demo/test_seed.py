"""The seed: real counts, marked inventions, rules with sources, one empty post, no alarm from
quiet.
"""

import heapq
from collections import Counter
from datetime import UTC, datetime

from deploy.demo import background, expected_alarms, strands
from deploy.demo.actors import all_actors
from deploy.example import departments, officers, plans, rules, sensors, units
from deploy.example.gauges import gauges, gauges_2021
from deploy.local import seed
from shared.contracts.catalog import catalog_key
from shared.contracts.fields import LEVEL_ORDER, Post, Tier
from shared.contracts.rules import ThresholdRule
from shared.contracts.units import parent_of, tier_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PUBLISHED = [gauge.sensor_id for gauge in gauges()] + [
    gauge2021.sensor_id for gauge2021 in gauges_2021()
]


def test_the_tree_has_the_real_counts_and_marks_generated_units() -> None:
    entries = units.all_units()
    counted = Counter(unit_entry.tier for unit_entry in entries)
    assert (counted[Tier.CITY], counted[Tier.TOWN], counted[Tier.VILLAGE]) == (1, 23, 267)
    assert 267 * 5 <= counted[Tier.GRID] <= 267 * 6
    assert counted[Tier.MICROGRID] == 5 * counted[Tier.GRID]
    unit_ids = {unit_entry.unit for unit_entry in entries}
    for unit_entry in entries:
        assert unit_entry.tier is tier_of(unit_entry.unit)
        assert unit_entry.parent == parent_of(unit_entry.unit)
        assert unit_entry.parent is None or unit_entry.parent in unit_ids
        assert unit_entry.synthetic == (unit_entry.tier in (Tier.GRID, Tier.MICROGRID))


def test_departments_and_the_task_force_are_marked_and_hang_on_real_units() -> None:
    unit_ids = {division.unit for division in units.divisions()}
    result = departments.departments()
    assert len({unit_entry.unit for unit_entry in result}) == len(result) == 8 + 23 * 4
    for unit_entry in result:
        assert unit_entry.synthetic
        assert unit_entry.parent == parent_of(unit_entry.unit)
        assert unit_entry.parent in unit_ids
        assert unit_entry.tier is tier_of(unit_entry.unit)
    (force,) = departments.groups()
    assert force.synthetic
    assert set(force.members) <= unit_ids | {unit_entry.unit for unit_entry in result}


def test_twenty_thousand_sensors_of_which_the_published_gauges_are_real() -> None:
    result = sensors.all_sensors()
    assert len({sensor_entry.sensor_id for sensor_entry in result}) == len(result) == 20_000
    real = [sensor_entry for sensor_entry in result if not sensor_entry.synthetic]
    assert [sensor_entry.sensor_id for sensor_entry in real] == PUBLISHED
    datums = {sensor_entry.sensor_id: sensor_entry.datum for sensor_entry in real}
    assert datums["gauge-cuntan"] == "吴淞"
    assert datums["gauge-beibei"] == "黄海"
    assert datums["gauge-zhutuo"] is None


def test_every_rung_names_its_source_and_clears_on_the_safe_side() -> None:
    sensors_by_id = {sensor.sensor_id: sensor for sensor in sensors.all_sensors()}
    for rule in rules.definitions(NOW):
        for sensor in rule.sensor_ids:
            assert sensors_by_id[sensor].datum == rule.datum
        if isinstance(rule.body, ThresholdRule):
            levels = [LEVEL_ORDER[rung.level] for rung in rule.body.rungs]
            assert levels == sorted(levels)
            sign = 1 if rule.body.direction == "above" else -1
            for rung in rule.body.rungs:
                assert rung.clear_at * sign <= rung.raise_at * sign
                assert rung.source


def test_blue_is_flagged_as_our_proposal() -> None:
    for rule in rules.packs():
        for rung in rule["body"].get("rungs", []):
            if rung["level"] == "blue" and rule["event_type"] == "11A01":
                assert "proposal" in rung["source"]


def test_the_roster_is_full_except_for_one_post() -> None:
    result = officers.slots(NOW)
    empty = [(slot.unit, slot.post) for slot in result if slot.officer is None]
    assert empty == [officers.EMPTY_SLOT]
    assert all(slot.synthetic for slot in result)
    towns = [slot for slot in result if slot.tier is Tier.TOWN and "/" not in slot.unit]
    assert len(towns) == 23 * len(Post)
    posts: dict[str, set[Post]] = {}
    for slot in result:
        posts.setdefault(slot.unit, set()).add(slot.post)
    for department in departments.departments():
        assert {Post.B, Post.COMMANDER} <= posts[department.unit]
    assert posts["500118000000/water"] == set(Post)
    names = [account.officer_id for account in officers.accounts()]
    assert len(names) == len(set(names))


def test_the_seed_is_the_same_every_time() -> None:
    assert seed.fingerprint() == seed.fingerprint()
    keys = [catalog_key(catalog_entry.entry) for catalog_entry in seed.entries(NOW)]
    assert len(keys) == len(set(keys))
    assert "group:flood_task_force" in keys
    assert "unit:500118000000/water" in keys
    assert (
        len({definition.plan_id for definition in plans.definitions(NOW)})
        == len(plans.definitions(NOW))
        > 10
    )


def test_a_quiet_day_raises_nothing_and_reaches_every_sensor() -> None:
    actors = all_actors()
    quiet = list(background.readings(1, 20_000, 2, actors.sensors))
    assert {moment.sensor_id for moment in quiet} | actors.sensors | set(PUBLISHED) == {
        sensor.sensor_id for sensor in sensors.all_sensors()
    }
    thresholds = [
        key for key in expected_alarms.expected(quiet) if not key[0].startswith("absence")
    ]
    assert thresholds == []


def test_background_and_story_merge_in_order_of_time_with_unique_ids() -> None:
    actors = all_actors()
    moments = sorted(strands.readings(actors, 1))
    merged = list(heapq.merge(moments, background.readings(1, 500, 4, actors.sensors)))
    assert merged == sorted(merged)
    assert len({moment.event_id for moment in merged}) == len(merged)
