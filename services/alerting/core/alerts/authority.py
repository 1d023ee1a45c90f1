"""The signatures that a level needs at a place, and the units that may decide there.

The data are in shared/contracts/authority.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.authority import AUTHORITY, EMERGENCY_POSTS, EMERGENCY_TIERS
from shared.contracts.fields import LEVEL_ORDER, Level, Post, Tier
from shared.contracts.units import ancestor_at, department_of, lineage, parent_of, tier_of


@dataclass(frozen=True, slots=True)
class SignatureRequirement:
    """A proposal needs the signatures of `approvals` different officers of `unit`."""

    unit: str
    approvals: int


def requirement(place: str, level: Level | None, proposed: Level | None) -> SignatureRequirement:
    """Return the requirement for the change from `level` to `proposed`.

    `level` None: the alert is not issued. `proposed` None: the alert is to be lifted. Lifting and
    downgrading need one signature of the authority of the issued level: a unit that may not issue
    red may not take red back.
    """
    if level is not None and (proposed is None or LEVEL_ORDER[proposed] < LEVEL_ORDER[level]):
        return SignatureRequirement(_unit(place, AUTHORITY[level].tier), 1)
    authority = AUTHORITY[proposed or Level.BLUE]
    return SignatureRequirement(_unit(place, authority.tier), authority.approvals)


def gate(place: str, level: Level) -> str:
    """Return the unit that has power over this level at a place: the gate of the level."""
    return _unit(place, AUTHORITY[level].tier)


def may_judge(unit: str, place: str) -> bool:
    """Return whether officers of `unit` may verify, assess or dismiss an alert at `place`."""
    return unit in lineage(place)


def may_hold(unit: str, place: str) -> bool:
    """Return whether `unit` may state a position of its own about an alert at `place`.

    The units above the place may, and their departments.
    """
    department = department_of(unit) is not None and parent_of(unit) in lineage(place)
    return may_judge(unit, place) or department


def may_authorise(unit: str, post: Post, gate_unit: str, place: str) -> bool:
    """Return whether an officer may issue in an emergency a level that belongs to `gate_unit`."""
    centre = department_of(unit) is None and tier_of(unit) in EMERGENCY_TIERS.get(
        tier_of(gate_unit), ()
    )
    return may_judge(unit, place) and centre and post in EMERGENCY_POSTS


def _unit(place: str, tier: Tier) -> str:
    # A place above the tier (the city) has no authority below: its topmost unit decides.
    return ancestor_at(place, tier) or lineage(place)[-1]
