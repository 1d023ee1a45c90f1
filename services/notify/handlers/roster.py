"""The roster: the officers who hold the posts now."""

from __future__ import annotations

from services.notify.core.reference_data import ReferenceData
from shared.contracts.pages import RosterSlot


def update_table(slot: RosterSlot, reference: ReferenceData) -> None:
    """Replace the holder of a post; calls that were made before keep their officers."""
    reference.roster.add(slot)
