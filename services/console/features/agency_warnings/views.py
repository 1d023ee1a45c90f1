"""Warnings of other agencies, as JSON."""

from __future__ import annotations

from services.console.core.access import Viewer
from services.console.core.masking import opens
from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord

_MOST_NAMES = 20


def warning(row: OutgoingRecord, viewer: Viewer, names: UnitNames) -> Json:
    """Return a warning; the words of a graded one are left out unless open to the viewer."""
    areas = row["areas"]
    open_to = all(opens(viewer, area, row["data_grade"]) for area in areas)
    return {
        "warning_id": row["warning_id"],
        "status": row["status"],
        "source_id": row["source_id"],
        "event_type": row["event_type"],
        "level": row["level"],
        "masked": not open_to,
        "headline": row["headline"] if open_to else "",
        "areas": len(areas),
        "area_names": [names.unit(area) for area in areas[:_MOST_NAMES]],
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
        "in_force": row["in_force"],
    }
