"""What a level takes at a place, and who may decide there; the data is contracts/authority.py."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.authority import AUTHORITY, EMERGENCY_POSTS, EMERGENCY_TIERS
from shared.contracts.fields import LEVEL_ORDER, Level, Post, Tier
from shared.contracts.units import ancestor_at, department_of, lineage, parent_of, tier_of


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a proposal needs: signatures of `approvals` different officers of `unit`."""

    unit: str
    approvals: int


def requirement(place: str, level: Level | None, proposed: Level | None) -> Requirement:
    """What it takes to go from the issued `level` (None = none yet) to `proposed` (None = lift).

    Lifting and downgrading take one signature of the authority of the level now issued: who may not
    issue red may not take it back either.
    """
    if level is not None and (proposed is None or LEVEL_ORDER[proposed] < LEVEL_ORDER[level]):
        return Requirement(_unit(place, AUTHORITY[level].tier), 1)
    asked = AUTHORITY[proposed or Level.BLUE]
    return Requirement(_unit(place, asked.tier), asked.approvals)


def gate(place: str, level: Level) -> str:
    """The unit that has power over this level at a place."""
    return _unit(place, AUTHORITY[level].tier)


def may_judge(unit: str, place: str) -> bool:
    """Whether officers of `unit` may verify, assess or dismiss an alert at `place`."""
    return unit in lineage(place)


def may_hold(unit: str, place: str) -> bool:
    """Whether `unit` may have a position of its own there: those over it, and their departments."""
    department = department_of(unit) is not None and parent_of(unit) in lineage(place)
    return may_judge(unit, place) or department


def may_authorise(unit: str, post: Post, gate_unit: str, place: str) -> bool:
    """Whether this officer may issue in an emergency what is `gate_unit`'s to issue."""
    centre = department_of(unit) is None and tier_of(unit) in EMERGENCY_TIERS.get(
        tier_of(gate_unit), ()
    )
    return may_judge(unit, place) and centre and post in EMERGENCY_POSTS


def _unit(place: str, tier: Tier) -> str:
    # A place above the tier (the city itself) has no authority below it: its topmost unit decides.
    return ancestor_at(place, tier) or lineage(place)[-1]
