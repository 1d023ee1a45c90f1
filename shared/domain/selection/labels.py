"""Labels of units for people: the name of the unit, with the town where one is needed."""

from __future__ import annotations

from shared.contracts.fields import Tier
from shared.contracts.units import lineage, tier_of
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.selection.tree import UnitTree

_OFFICES = ("村民委员会", "居民委员会")
_UNAMBIGUOUS = frozenset({Tier.CITY, Tier.DISTRICT, Tier.TOWN})
_NUMBERED: dict[Tier, Bilingual] = {
    Tier.GRID: Bilingual("网格", "grid"),
    Tier.MICROGRID: Bilingual("微网格", "micro-grid"),
}
_GAP = " · "


def label(tree: UnitTree, unit: str) -> Bilingual:
    """Return `朱沱镇 · 四明村`, from the town down, without a part that the next part repeats.

    A catalogue may name a unit in both languages (`朱沱镇 ‖ Zhutuo Town`); each reader gets one.
    A grid outside the catalogue is called by its number; any other unit by its code, marked as
    such.
    """
    path = [unit]
    for ancestor in lineage(unit)[1:]:
        if tier_of(path[-1]) in _UNAMBIGUOUS and "/" not in path[-1]:
            break
        path.append(ancestor)
    named = [name for name in path[1:] if name in tree or tier_of(name) in _NUMBERED]
    parts = [_part(tree, name) for name in (*reversed(named), unit)]
    distinct = [
        part
        for part, following in zip(parts, [*parts[1:], None], strict=True)
        if following is None or not following.zh.startswith(part.zh)
    ]
    return Bilingual(
        _GAP.join(part.zh for part in distinct), _GAP.join(part.en for part in distinct)
    )


def _part(tree: UnitTree, unit: str) -> Bilingual:
    if unit in tree:
        name = bilingual_of(tree.name(unit))
        return Bilingual(_short(name.zh), _short(name.en))
    numbered = _NUMBERED.get(tier_of(unit))
    if numbered is None:
        return Bilingual(f"（编号 {unit}）", f"(code {unit})")
    number = unit.rpartition("/")[2]
    return Bilingual(f"{numbered.zh} {number}", f"{numbered.en} {number}")


def _short(name: str) -> str:
    """Return the name of a village without the word for its committee."""
    short = next((name.removesuffix(office) for office in _OFFICES if name.endswith(office)), name)
    return short or name
