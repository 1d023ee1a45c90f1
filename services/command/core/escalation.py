"""The ladder of people who are called about an unsigned assignment (domain reference 3.8).

Own unit B岗, A岗, 指挥长, then the duty officer (B岗) of each unit above, up to the city. A grid or
micro-grid has no duty roster: its ladder starts at the village. Empty slots are skipped at once.
"""

from __future__ import annotations

from shared.contracts.fields import Post, Tier
from shared.contracts.pages import RosterSlot
from shared.contracts.units import ancestor_at, lineage, tier_of

Slot = tuple[str, Post]


class Roster:
    """Which posts are filled now; the newest record of a slot holds."""

    def __init__(self) -> None:
        self._filled: set[Slot] = set()

    def put(self, slot: RosterSlot) -> None:
        """Take in a record of the roster topic."""
        if slot.officer is None:
            self._filled.discard((slot.unit, slot.post))
        else:
            self._filled.add((slot.unit, slot.post))

    def has(self, slot: Slot) -> bool:
        """Whether somebody holds this post."""
        return slot in self._filled


def ladder(unit: str, roster: Roster) -> tuple[Slot, ...]:
    """Whom to call, rung by rung; never empty (with no roster at all: the start unit's B岗)."""
    start = unit
    if tier_of(unit) in (Tier.GRID, Tier.MICROGRID):
        start = ancestor_at(unit, Tier.VILLAGE) or unit
    slots: list[Slot] = [(start, post) for post in Post]
    slots += [(above, Post.B) for above in lineage(start)[1:]]
    return tuple(slot for slot in slots if roster.has(slot)) or ((start, Post.B),)
