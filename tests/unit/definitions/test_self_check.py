"""The check before going live: each thing that is missing, alone, in words of both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts.catalog import SensorEntry, UnitEntry
from shared.contracts.fields import Position, Post
from shared.contracts.pages import Officer, RosterSlot
from shared.contracts.units import NO_UNIT, parent_of, tier_of
from shared.definitions.self_check import MOST_NAMED, Installation, MissingItem, missing_items
from shared.domain.selection.tree import UnitTree
from tests.unit.plans.builders import a_plan, line, part
from tests.unit.rules.packs import rule

NOW = datetime(2026, 12, 3, tzinfo=UTC)
CITY, DISTRICT, TOWN, VILLAGE = "510100000000", "510104000000", "510104021000", "510104021001"
OTHER_TOWN = "510104022000"
UNITS = (CITY, DISTRICT, TOWN, VILLAGE)


def tree_of(*units: str) -> UnitTree:
    tree = UnitTree()
    for unit in units:
        tree.put(UnitEntry(unit=unit, tier=tier_of(unit), name=f"名{unit}", parent=parent_of(unit)))
    return tree


def a_slot(unit: str, post: Post = Post.B, officer: str | None = "") -> RosterSlot:
    """Return a post; without an officer id of its own the holder is named after the post."""
    holder = (
        None if officer is None else Officer(officer_id=officer or f"o-{unit}-{post}", name="李")
    )
    return RosterSlot(
        id=f"slot-{unit}-{post}",
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=unit,
        tier=tier_of(unit),
        unit=unit,
        post=post,
        officer=holder,
    )


SLOTS = (*(a_slot(unit) for unit in UNITS), a_slot(CITY, Post.A))


def a_sensor(name: str = "g1", **change: Any) -> SensorEntry:
    values: dict[str, Any] = {
        "sensor_id": name,
        "sensor_kind": "river_gauge",
        "name": f"{name} 水位站",
        "place": TOWN,
        "metric": "water_level",
        "unit": "m",
        "datum": "吴淞",
        "interval_s": 60,
        **change,
    }
    return SensorEntry(**values)


def officers(slots: Sequence[RosterSlot]) -> frozenset[str]:
    return frozenset(slot.officer.officer_id for slot in slots if slot.officer is not None)


COMPLETE = Installation(
    root=CITY,
    tree=tree_of(*UNITS),
    slots=SLOTS,
    sensors=(a_sensor(),),
    rules=(rule(),),
    plans=(a_plan(levels=["yellow", "orange", "red"]),),
    proven=officers(SLOTS),
    has_readings=True,
    is_tested=True,
)


def missing(**change: Any) -> list[MissingItem]:
    return missing_items(replace(COMPLETE, **change))


def test_a_complete_office_lacks_nothing() -> None:
    assert missing() == []


def test_an_empty_installation_lacks_the_beginnings() -> None:
    items = missing_items(Installation(root=NO_UNIT, tree=UnitTree()))
    kinds = [item.kind for item in items]
    assert kinds == ["units", "sensors", "readings", "rules", "plans", "test_alarm"]
    assert all(item.text.zh and item.text.en and item.text.zh != item.text.en for item in items)


@pytest.mark.parametrize(
    ("change", "kind", "count", "zh", "en"),
    [
        (
            {"slots": (*SLOTS[:2], *SLOTS[3:])},
            "posts",
            1,
            f"无人值班的单位：1（名{TOWN}）",
            f"Units with nobody on duty: 1 (名{TOWN})",
        ),
        (
            {"slots": (*SLOTS[:4], a_slot(CITY, Post.A, f"o-{CITY}-B"))},
            "signers",
            1,
            f"红色预警需要 2 名不同人员签发，名{CITY}只有 1 名",
            f"A red alert needs the signatures of 2 officers, 名{CITY} has 1",
        ),
        (
            {"proven": officers(SLOTS[1:])},
            "channels",
            1,
            f"尚未收到过通知的岗位：1（名{CITY} B岗）",
            f"Posts that no page has reached yet: 1 (名{CITY} post B)",
        ),
        ({"sensors": ()}, "sensors", 1, "编目中还没有传感器", "The catalogue has no sensors yet"),
        ({"has_readings": False}, "readings", 1, "还没有数据来源报送读数", None),
        ({"rules": ()}, "rules", 1, "还没有生效的规则", "No rule is in force yet"),
        ({"rules": (rule(enabled=False),)}, "rules", 1, "还没有生效的规则", None),
        (
            {"sensors": (a_sensor(), a_sensor("t1", sensor_kind="thermometer"))},
            "rules_for_sensors",
            1,
            "没有适用规则的传感器：1（t1 水位站）",
            "Sensors without a rule: 1 (t1 水位站)",
        ),
        ({"sensors": (a_sensor(datum="黄海"),)}, "rules_for_sensors", 1, None, None),
        ({"plans": ()}, "plans", 1, "还没有生效的预案", "No plan is in force yet"),
        (
            {"plans": (a_plan(levels=["red", "yellow"]),)},
            "plans_for_events",
            1,
            "没有预案的事件与级别：1（洪水橙色）",
            None,
        ),
        (
            {
                "tree": tree_of(*UNITS, OTHER_TOWN),
                "slots": (*SLOTS, a_slot(OTHER_TOWN)),
                "proven": officers((*SLOTS, a_slot(OTHER_TOWN))),
                "plans": (
                    a_plan(
                        "flood", line("lead", part("@town", "village")), levels=["yellow", "orange"]
                    ),
                ),
            },
            "plans_for_units",
            1,
            f"没有预案下达任务的镇街：1（名{OTHER_TOWN}）",
            f"Towns that get no order from any plan: 1 (名{OTHER_TOWN})",
        ),
        (
            {"is_tested": False},
            "test_alarm",
            1,
            "还没有一次演练走完全程：下达指令并有单位签收",
            None,
        ),
    ],
)
def test_one_thing_is_missing(
    change: dict[str, Any], kind: str, count: int, zh: str | None, en: str | None
) -> None:
    [item] = missing(**change)
    assert (item.kind, item.count) == (kind, count)
    assert zh in (None, item.text.zh)
    assert en in (None, item.text.en)


def test_a_rule_about_the_sensor_itself_judges_no_danger() -> None:
    absence = rule({"kind": "absence"}, rule_id="silent-x")
    assert [item.kind for item in missing(rules=(absence,))] == ["rules"]
    one_sensor = rule(sensor_ids=["g2"])
    [item] = missing(rules=(one_sensor,), sensors=(a_sensor("g1"), a_sensor("g2")))
    assert (item.kind, item.ids) == ("rules_for_sensors", ("g1",))


def test_a_rule_of_a_place_judges_the_sensors_inside() -> None:
    centre = Position(lat=30.6, lon=104.0)
    circle = {"kind": "circle", "centre": centre.model_dump(), "radius_m": 500}
    sensors = (a_sensor("g1", position=centre), a_sensor("g2"))
    [item] = missing(rules=(rule(geofences=[circle]),), sensors=sensors)
    assert (item.kind, item.ids) == ("rules_for_sensors", ("g2",))


def test_a_district_below_its_city_needs_no_signers_of_its_own() -> None:
    slots = SLOTS[1:4]
    assert missing(root=DISTRICT, slots=slots) == []
    [item] = missing(root=DISTRICT, slots=slots, tree=tree_of(*UNITS[1:]))
    assert (item.kind, item.ids) == ("signers", (DISTRICT,))


def test_a_plan_for_the_whole_city_reaches_every_town() -> None:
    plan = a_plan("all", line("lead", part("@city", "city")), levels=["yellow", "orange"])
    tree = tree_of(*UNITS, OTHER_TOWN)
    kinds = [item.kind for item in missing(tree=tree, plans=(plan,))]
    assert kinds == ["posts"]


def test_an_item_names_the_first_few_and_counts_all() -> None:
    sensors = [a_sensor(f"t{number:02}", sensor_kind="thermometer") for number in range(12)]
    [item] = missing(sensors=(*COMPLETE.sensors, *sensors))
    assert (item.count, len(item.ids)) == (12, MOST_NAMED)
    assert item.text.zh.startswith("没有适用规则的传感器：12（t00 水位站、t01")
    assert item.text.zh.endswith("等）")
    assert item.text.en.endswith(", …)")
