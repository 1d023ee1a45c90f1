"""Departments of Yongchuan and blocks of its towns, and a task force: generated, marked synthetic.

Which departments a district of Chongqing has follows common Chinese practice, no list of
Yongchuan's is quoted. The four blocks of a town are those of the "141" system (12371.gov.cn); their
ids are ours.
"""

from functools import cache

from deploy.example.units import DISTRICT, RIVERSIDE, of_tier
from shared.contracts.catalog import GroupEntry, UnitEntry
from shared.contracts.fields import Tier

OF_DISTRICT = {
    "emergency": "应急管理局",
    "health": "卫生健康委员会",
    "housing": "住房和城乡建设委员会",
    "planning": "规划和自然资源局",
    "police": "公安局",
    "transport": "交通运输委员会",
    "urban": "城市管理局",
    "water": "水利局",
}
OF_TOWN = {
    "economy": "经济发展板块",
    "livelihood": "民生服务板块",
    "party": "党的建设板块",
    "safety": "平安法治板块",
}


@cache
def departments() -> tuple[UnitEntry, ...]:
    """The district's departments, then each town's blocks."""
    results = [
        _of(DISTRICT, Tier.DISTRICT, "永川区", slug, name) for slug, name in OF_DISTRICT.items()
    ]
    for town in of_tier(Tier.TOWN):
        results += [
            _of(town.unit, Tier.TOWN, town.name, slug, name) for slug, name in OF_TOWN.items()
        ]
    return tuple(results)


def groups() -> tuple[GroupEntry, ...]:
    """The flood task force 防汛专班: departments and riverside towns."""
    members = [f"{DISTRICT}/{slug}" for slug in OF_DISTRICT]
    return (
        GroupEntry(
            group="flood_task_force",
            name="永川区防汛专班",
            owner=DISTRICT,
            members=(*members, *RIVERSIDE),
            synthetic=True,
        ),
    )


def _of(unit: str, tier: Tier, whose: str, slug: str, name: str) -> UnitEntry:
    return UnitEntry(
        unit=f"{unit}/{slug}", tier=tier, name=f"{whose}{name}", parent=unit, synthetic=True
    )
