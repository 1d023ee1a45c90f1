"""The health of officers' channels, as notify itself has published it."""

from __future__ import annotations

from services.notify.core.reference_data import ReferenceData
from shared.contracts.reachability import Reachability


def update_table(record: Reachability, reference: ReferenceData) -> None:
    """Replace the record of an officer's channels."""
    reference.channel_health.add(record)
