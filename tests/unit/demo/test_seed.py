"""The seed: real counts, marked inventions, rules with sources, one empty post, no alarm from quiet."""

import heapq
from collections import Counter
from datetime import UTC, datetime

from deploy.demo import background, oracle, story
from deploy.demo.cast import cast
from deploy.example import departments, officers, plans, rules, sensors, units
from deploy.example.gauges import gauges, gauges_2021
from deploy.local import seed
from shared.contracts.fields import LEVEL_ORDER, Post, Tier
from shared.contracts.rules import ThresholdRule
from shared.contracts.units import parent_of, tier_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PUBLISHED = [gauge.sensor_id for gauge in gauges()] + [one.sensor_id for one in gauges_2021()]


def test_the_tree_has_the_real_counts_and_marks_what_is_generated() -> None:
    everything = units.all_units()
    counted = Counter(one.tier for one in everything)
    assert (counted[Tier.CITY], counted[Tier.TOWN], counted[Tier.VILLAGE]) == (1, 23, 267)
    assert 267 * 5 <= counted[Tier.GRID] <= 267 * 6
    assert counted[Tier.MICROGRID] == 5 * counted[Tier.GRID]
    known = {one.unit for one in everything}
    for one in everything:
        assert one.tier is tier_of(one.unit)
        assert one.parent == parent_of(one.unit)
        assert one.parent is None or one.parent in known
        assert one.synthetic == (one.tier in (Tier.GRID, Tier.MICROGRID))


def test_departments_and_the_task_force_are_marked_and_hang_on_real_units() -> None:
    known = {division.unit for division in units.divisions()}
    result = departments.departments()
    assert len({one.unit for one in result}) == len(result) == 8 + 23 * 4
    for one in result:
        assert one.synthetic
        assert one.parent == parent_of(one.unit)
        assert one.parent in known
        assert one.tier is tier_of(one.unit)
    (force,) = departments.groups()
    assert force.synthetic
    assert set(force.members) <= known | {one.unit for one in result}


def test_twenty_thousand_sensors_of_which_the_published_gauges_are_real() -> None:
    result = sensors.all_sensors()
    assert len({one.sensor_id for one in result}) == len(result) == 20_000
    real = [one for one in result if not one.synthetic]
    assert [one.sensor_id for one in real] == PUBLISHED
    datums = {one.sensor_id: one.datum for one in real}
    assert datums["gauge-cuntan"] == "吴淞"
    assert datums["gauge-beibei"] == "黄海"
    assert datums["gauge-zhutuo"] is None


def test_every_rung_names_its_source_and_clears_on_the_safe_side() -> None:
    known = {sensor.sensor_id: sensor for sensor in sensors.all_sensors()}
    for rule in rules.definitions(NOW):
        for sensor in rule.sensor_ids:
            assert known[sensor].datum == rule.datum
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


def test_the_roster_is_full_but_for_one_post() -> None:
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
    keys = [seed.key_of(one.entry) for one in seed.entries(NOW)]
    assert len(keys) == len(set(keys))
    assert "group:flood_task_force" in keys
    assert "unit:500118000000/water" in keys
    assert (
        len({definition.plan_id for definition in plans.definitions(NOW)})
        == len(plans.definitions(NOW))
        > 10
    )


def test_a_quiet_day_raises_nothing_and_reaches_every_sensor() -> None:
    people = cast()
    quiet = list(background.readings(1, 20_000, 2, people.sensors))
    assert {one.sensor_id for one in quiet} | people.sensors | set(PUBLISHED) == {
        sensor.sensor_id for sensor in sensors.all_sensors()
    }
    thresholds = [key for key in oracle.expected(quiet) if not key[0].startswith("absence")]
    assert thresholds == []


def test_background_and_story_merge_in_order_of_time_with_unique_ids() -> None:
    people = cast()
    told = sorted(story.readings(people, 1))
    merged = list(heapq.merge(told, background.readings(1, 500, 4, people.sensors)))
    assert merged == sorted(merged)
    assert len({one.event_id for one in merged}) == len(merged)
