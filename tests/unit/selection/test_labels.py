"""The label of a unit: from the town down, in the language of the reader where it is known."""

from __future__ import annotations

import pytest

from shared.contracts.catalog import UnitEntry
from shared.contracts.units import tier_of
from shared.domain.bilingual import Bilingual
from shared.domain.selection.labels import label
from shared.domain.selection.tree import UnitTree

TOWN, VILLAGE = "500118118000", "500118118201"
GRID = f"{VILLAGE}/grid/004"


def a_tree(**names: str) -> UnitTree:
    tree = UnitTree()
    for unit, name in zip((TOWN, VILLAGE, GRID), names.values(), strict=False):
        tree.put(UnitEntry(unit=unit, tier=tier_of(unit), name=name))
    return tree


@pytest.mark.parametrize(
    ("names", "unit", "expected"),
    [
        ({"town": "朱沱镇"}, TOWN, Bilingual("朱沱镇", "朱沱镇")),
        ({"town": "朱沱镇 ‖ Zhutuo"}, TOWN, Bilingual("朱沱镇", "Zhutuo")),
        (
            {"town": "朱沱镇 ‖ Zhutuo", "village": "四明村村民委员会 ‖ Siming"},
            VILLAGE,
            Bilingual("朱沱镇 · 四明村", "Zhutuo · Siming"),
        ),
        (
            {"town": "朱沱镇 ‖ Zhutuo", "village": "四明村村民委员会"},
            VILLAGE,
            Bilingual("朱沱镇 · 四明村", "Zhutuo · 四明村"),
        ),
        (
            {"town": "朱沱镇 ‖ Zhutuo"},
            GRID,
            Bilingual("朱沱镇 · 网格 004", "Zhutuo · grid 004"),
        ),
        ({}, TOWN, Bilingual(f"（编号 {TOWN}）", f"(code {TOWN})")),
    ],
)
def test_a_label_has_the_names_of_each_language(
    names: dict[str, str], unit: str, expected: Bilingual
) -> None:
    assert label(a_tree(**names), unit) == expected
