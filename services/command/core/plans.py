"""Response plans 预案 as data: what is commanded to whom, by event type and alert level.

Example data in the shape of a Chongqing town's flood plan (patrol, prepare, move people, all hands);
the reach grows with the level. An event type without a plan of its own gets `OTHER`. A level that is
not listed (notice 提示) calls for no command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.fields import Level, Tier


class Scope(StrEnum):
    """Where a plan reaches.

    place: the town of the alert's place; areas: every town in its areas; village: the town itself
    and below it only the villages that the alert names.
    """

    PLACE = "place"
    AREAS = "areas"
    VILLAGE = "village"


@dataclass(frozen=True, slots=True)
class Plan:
    """One line of a plan. `action` is part of the command's id; `tiers` says who takes part."""

    action: str
    scope: Scope
    tiers: frozenset[Tier]
    title: str
    instruction: str


_OFFICES = frozenset({Tier.TOWN, Tier.VILLAGE})
_FIELD = _OFFICES | {Tier.GRID, Tier.MICROGRID}
_ALL = _FIELD | {Tier.DISTRICT}

FLOOD: Mapping[Level, Plan] = {
    Level.BLUE: Plan(
        "flood.blue",
        Scope.PLACE,
        _OFFICES,
        "防汛蓝色指令：值守巡查 / Flood blue: watch and patrol",
        "加强值班值守，巡查沿江低洼地段，每两小时反馈一次。\n"
        "Strengthen the watch, patrol low ground along the river, report every two hours.",
    ),
    Level.YELLOW: Plan(
        "flood.yellow",
        Scope.PLACE,
        _OFFICES,
        "防汛黄色指令：转移准备 / Flood yellow: prepare to move people",
        "核对沿江住户名单，备好安置点和船只，做好转移准备并反馈。\n"
        "Check the lists of riverside households, ready shelters and boats, report when prepared.",
    ),
    Level.ORANGE: Plan(
        "flood.orange",
        Scope.PLACE,
        _ALL,
        "防汛橙色指令：组织转移 / Flood orange: move people",
        "立即组织沿江危险区群众转移，逐户清点，网格到户到人，完成后反馈。\n"
        "Move everybody out of the riverside danger zone now, count household by household, report.",
    ),
    Level.RED: Plan(
        "flood.red",
        Scope.AREAS,
        _ALL,
        "防汛红色指令：全员避险 / Flood red: all hands, everybody to safety",
        "启动最高等级应对，危险区人员全部撤离，封控道路，逐级清点并反馈。\n"
        "Highest response: clear the danger zone, close the roads, count up tier by tier, report.",
    ),
}


def _gas(level: Level, colour: str) -> Plan:
    return Plan(
        f"gas.{level}",
        Scope.VILLAGE,
        _FIELD,
        f"燃气泄漏{colour}指令：疏散断火 / Gas leak {level}: evacuate, no flames",
        "疏散周边群众，切断火源电源，设警戒线，等待燃气抢修，完成后反馈。\n"
        "Evacuate the surroundings, cut flames and power, cordon off, wait for the gas crew, report.",
    )


def _other(level: Level, colour: str) -> Plan:
    return Plan(
        f"other.{level}",
        Scope.PLACE,
        _OFFICES,
        f"应急{colour}指令：核查处置 / Emergency {level}: check and act",
        "到现场核查，按预案处置，并反馈情况。\nGo and check, act according to plan, report.",
    )


_COLOURS = {Level.BLUE: "蓝色", Level.YELLOW: "黄色", Level.ORANGE: "橙色", Level.RED: "红色"}
GAS: Mapping[Level, Plan] = {level: _gas(level, zh) for level, zh in _COLOURS.items()}
OTHER: Mapping[Level, Plan] = {level: _other(level, zh) for level, zh in _COLOURS.items()}

PLANS: Mapping[str, Mapping[Level, Plan]] = {"11A01": FLOOD, "12:gas_leak": GAS}
"""By event type."""


def plan_for(event_type: str, level: Level) -> Plan | None:
    """The plan of this event type at this level, or None when none is called for."""
    return PLANS.get(event_type, OTHER).get(level)
