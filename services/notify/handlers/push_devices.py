"""The browsers of officers that receive pushes, as the console and notify have published them."""

from __future__ import annotations

from services.notify.core.reference_data import ReferenceData
from shared.contracts.push_devices import PushDevice


def update_table(record: PushDevice, reference: ReferenceData) -> None:
    """Replace the record of a browser."""
    reference.roster.set_device(record)
