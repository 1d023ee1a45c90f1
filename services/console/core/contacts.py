"""The officer to call for a unit, as JSON, in the form open to the viewer."""

from __future__ import annotations

from services.console.core.access import Viewer
from services.console.core.directory import Directory
from services.console.core.masking import DataClass, opens
from services.console.core.names import UnitNames
from services.console.core.record import Json


def contact(unit: str, viewer: Viewer, directory: Directory, names: UnitNames) -> Json | None:
    """Return the officer on duty for a unit, for a grid at its village; None without an officer."""
    slot = directory.desk_of(unit)
    if slot is None or slot.officer is None:
        return None
    officer = slot.officer
    return {
        "unit": slot.unit,
        "unit_name": names.unit(slot.unit),
        "post": slot.post,
        "name": officer.name if opens(viewer, slot.unit, DataClass.NAME) else None,
        "phone": officer.phone if opens(viewer, slot.unit, DataClass.ON_DUTY) else None,
    }
