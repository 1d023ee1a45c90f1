"""Photos, as JSON."""

from __future__ import annotations

from services.console.core.names import Names
from services.console.core.record import Json, Record


def photo(row: Record, names: Names) -> Json:
    """Return the data of a photo; the picture is at /api/photos/{photo_id}."""
    return {
        "photo_id": row["photo_id"],
        "assignment_id": row["assignment_id"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "note": row["note"],
        "received_at": row["received_at"],
    }
