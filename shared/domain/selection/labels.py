"""What a unit is called among people: its name, with its town's where that tells it apart."""

from __future__ import annotations

from shared.contracts.fields import Tier
from shared.contracts.units import lineage, tier_of
from shared.domain.bilingual import Both
from shared.domain.selection.tree import UnitTree

_OFFICES = ("村民委员会", "居民委员会")
_WHOLE = frozenset({Tier.CITY, Tier.DISTRICT, Tier.TOWN})
_NUMBERED: dict[Tier, Both] = {
    Tier.GRID: Both("网格", "grid"),
    Tier.MICROGRID: Both("微网格", "micro-grid"),
}
_GAP = " · "


def label(tree: UnitTree, unit: str) -> Both:
    """`朱沱镇 · 四明村`, from the town down; a part whose name the next one repeats is left out.

    A grid that the catalogue does not have goes by its number; any other unit by its code, marked as one.
    """
    way = [unit]
    for upper in lineage(unit)[1:]:
        if tier_of(way[-1]) in _WHOLE and "/" not in way[-1]:
            break
        way.append(upper)
    known = [name for name in way[1:] if name in tree or tier_of(name) in _NUMBERED]
    parts = [_part(tree, name) for name in (*reversed(known), unit)]
    shown = [
        part
        for part, following in zip(parts, [*parts[1:], None], strict=True)
        if following is None or not following.zh.startswith(part.zh)
    ]
    return Both(_GAP.join(one.zh for one in shown), _GAP.join(one.en for one in shown))


def _part(tree: UnitTree, unit: str) -> Both:
    if unit in tree:
        name = tree.name(unit)
        short = next(
            (name.removesuffix(OFFICE) for OFFICE in _OFFICES if name.endswith(OFFICE)), name
        )
        return Both(short or name, short or name)
    numbered = _NUMBERED.get(tier_of(unit))
    if numbered is None:
        return Both(f"（编号 {unit}）", f"(code {unit})")
    number = unit.rpartition("/")[2]
    return Both(f"{numbered.zh} {number}", f"{numbered.en} {number}")
