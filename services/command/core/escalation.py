"""The ladder of people who are called about an unsigned assignment (docs/sources.md S26).

Own unit B岗, A岗, 指挥长, then the duty officer of each unit above, up to the city: its B岗, or whoever of
the others is there, as notify calls. A grid or micro-grid has no duty roster: its ladder starts at the
village. Empty slots are skipped at once.
"""

from __future__ import annotations

from shared.contracts.fields import Post
from shared.contracts.pages import RosterSlot
from shared.contracts.units import lineage

Slot = tuple[str, Post]


class Roster:
    """Which posts are filled now; the newest record of a slot holds."""

    def __init__(self) -> None:
        self._filled: set[Slot] = set()
        self._ladders: dict[str, tuple[Slot, ...]] = {}

    def put(self, slot: RosterSlot) -> None:
        """Take in a record of the roster topic."""
        self._ladders.clear()
        if slot.officer is None:
            self._filled.discard((slot.unit, slot.post))
        else:
            self._filled.add((slot.unit, slot.post))

    def from_unit(self, start: str) -> tuple[Slot, ...]:
        """The filled posts of this unit and above; a whole district's deadline asks for each village."""
        ladder = self._ladders.get(start)
        if ladder is None:
            called = self._posts(start)
            for above in lineage(start)[1:]:
                called += self._posts(above)[:1]
            ladder = self._ladders[start] = tuple(called) or ((start, Post.B),)
        return ladder

    def _posts(self, unit: str) -> list[Slot]:
        return [slot for post in Post if (slot := (unit, post)) in self._filled]


def ladder(unit: str, roster: Roster) -> tuple[Slot, ...]:
    """Whom to call, rung by rung; never empty (with no roster at all: the start unit's B岗)."""
    return roster.from_unit(unit.partition("/")[0] if "/grid/" in unit else unit)
